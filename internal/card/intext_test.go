package card_test

import (
	"strings"
	"testing"

	"github.com/vezne/vezne/internal/card"
)

func TestInText(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]bool{
		"5421190122090656":                         true,
		"order 5421 1901 2209 0656, please":        true,
		"5421-1901-2209-0656":                      true,
		"ORD-5421190122090656-1":                   true,
		"2026 5421190122090656":                    true,
		"5421\u00a01901\u202f2209 0656":            true,
		"٥٤٢١١٩٠١٢٢٠٩٠٦٥٦":                         true,
		"5421\u200b190122090656":                   true,
		"378282246310005":                          true,
		"https://shop.example/?c=4111111111111111": true,
		"9792030394440796":                         true,
		"5421190122090657":                         false, // the check digit
		"5421  1901 2209 0656":                     false, // two blanks
		"5421.1901.2209.0656":                      false,
		"15421190122090656":                        false, // of no scheme's length
		"54211901220906561":                        false,
		"1764500000000":                            false, // a moment in milliseconds
		"0000000000000000":                         false,
		"4111111111111":                            false, // thirteen digits, and no check digit
		"ORD-12345":                                false,
		"":                                         false,
		strings.Repeat("4", 10_000):                false,
		strings.Repeat("4 ", 5_000):                false,
	} {
		if got := card.InText(text); got != want {
			t.Errorf("InText(%.40q) = %t", text, got)
		}
	}
}

// FuzzInText holds that a number is found whatever text stands around it.
func FuzzInText(f *testing.F) {
	f.Add("order ", " of today")
	f.Add("1", "")
	f.Fuzz(func(t *testing.T, before, after string) {
		if !card.InText(before + "|5421190122090656|" + after) {
			t.Errorf("not found between %q and %q", before, after)
		}
	})
}

func BenchmarkInText(b *testing.B) {
	for b.Loop() {
		if card.InText("ORD-2026-11-30-12345 of a customer") {
			b.Fatal("found")
		}
	}
}
