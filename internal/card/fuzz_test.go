package card_test

import (
	"testing"
	"time"

	"github.com/vezne/vezne/internal/card"
)

// FuzzParseExpiry holds that what is accepted is written as it was read, and that
// a card is good until the last moment of its month.
func FuzzParseExpiry(f *testing.F) {
	for _, seed := range [][2]string{{"04", "28"}, {"12", "99"}, {"00", "30"}, {"13", "30"}, {"1", "30"}, {"+1", "30"}, {"٠٤", "28"}, {"04", "2028"}} {
		f.Add(seed[0], seed[1])
	}
	f.Fuzz(func(t *testing.T, month, year string) {
		e, err := card.ParseExpiry(month, year)
		if err != nil {
			return
		}
		if e.MM() != month || e.YY() != year || e.Month < time.January || e.Month > time.December {
			t.Fatalf("%q/%q was read as %s/%s", month, year, e.MM(), e.YY())
		}
		end := time.Date(e.Year, e.Month, 1, 0, 0, 0, 0, time.UTC).AddDate(0, 1, 0)
		if e.Past(end.Add(-time.Nanosecond)) || !e.Past(end) {
			t.Fatalf("%s/%s does not end at %s", month, year, end)
		}
	})
}

// FuzzParseCVV holds that only three or four digits are a code.
func FuzzParseCVV(f *testing.F) {
	for _, seed := range []string{"123", "0000", "12", "12345", "12a", "", "١٢٣"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, in string) {
		c, err := card.ParseCVV(in)
		if err != nil {
			return
		}
		digits := 0
		for _, r := range in {
			if r >= '0' && r <= '9' {
				digits++
			}
		}
		if c.Reveal() != in || digits != len(in) || digits < 3 || digits > 4 {
			t.Fatalf("%d characters were accepted", len(in))
		}
	})
}
