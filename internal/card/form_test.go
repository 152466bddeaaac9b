package card_test

import (
	"errors"
	"strings"
	"testing"
	"time"
	"unicode"

	"github.com/vezne/vezne/internal/card"
)

func TestParseHolder(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		typed, holder string
		err           error
	}{
		"name":              {"Şükrü Çağrı O'Neil-Öz", "Şükrü Çağrı O'Neil-Öz", nil},
		"spaces_around":     {"  Ada Lovelace ", "Ada Lovelace", nil},
		"two_letters":       {"Al", "Al", nil},
		"hundred_letters":   {strings.Repeat("ş", 100), strings.Repeat("ş", 100), nil},
		"nothing":           {"", "", card.ErrHolderMissing},
		"spaces":            {"  ", "", card.ErrHolderMissing},
		"one_letter":        {" A ", "A", card.ErrHolderShort},
		"too_long":          {strings.Repeat("a", 101), strings.Repeat("a", 101), card.ErrHolderLong},
		"company":           {"A&B Yapı 1923 + O’Neil A.Ş.", "A&B Yapı 1923 + O’Neil A.Ş.", nil},
		"other_scripts":     {"Ольга 李 محمد ٣٤", "Ольга 李 محمد ٣٤", nil},
		"six_digits":        {"Ada 123456", "Ada 123456", nil},
		"seven_digits":      {"Ada 1234 ٤٥٦", "Ada 1234 ٤٥٦", card.ErrHolderDigits},
		"formula_with_plus": {"+Ada", "+Ada", card.ErrHolder},
		"formula_with_at":   {"@Ada", "@Ada", card.ErrHolder},
		"line_break":        {"Ada\nLovelace", "Ada\nLovelace", card.ErrHolder},
		"break_at_the_end":  {"Ada\n", "Ada", card.ErrHolder},
		"line_separator":    {"Ada\u2028L", "Ada\u2028L", card.ErrHolder},
		"no_UTF-8":          {"Ada \xff", "Ada \xff", card.ErrHolder},
		"syntax_of_banks":   {"Ada | Lovelace", "Ada | Lovelace", card.ErrHolder},
		"formula_of_sheets": {"=Ada", "=Ada", card.ErrHolder},
	} {
		if holder, err := card.ParseHolder(tt.typed); holder != tt.holder || !errors.Is(err, tt.err) {
			t.Errorf("%s: %q, %v; want %q, %v", name, holder, err, tt.holder, tt.err)
		}
	}
	for c, name := range map[rune]string{
		'|': "|", '\\': "\\", '<': "<", '>': ">", '"': `"`, '%': "%", ';': ";", '(': "(", ')': ")", '=': "=", '!': "!",
		'\n': "U+000A", '\u2028': "U+2028",
	} {
		_, err := card.ParseHolder("Ada" + string(c) + "L")
		if refused, ok := errors.AsType[*card.HolderCharacterError](err); !ok || !errors.Is(err, card.ErrHolder) || refused.Name() != name {
			t.Errorf("%q: %v", c, err)
		}
	}
}

func TestParseExpiryAt(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 11, 30, 23, 59, 59, 0, time.UTC)
	for name, tt := range map[string]struct {
		month, year       string
		badMonth, badYear error
	}{
		"later":            {"01", "27", nil, nil},
		"this_month":       {"11", "26", nil, nil},
		"last_month":       {"10", "26", nil, card.ErrExpired},
		"no_month":         {"", "27", card.ErrMonth, nil},
		"thirteenth_month": {"13", "27", card.ErrMonth, nil},
		"one_digit":        {"4", "27", card.ErrMonth, nil},
		"four_digits":      {"04", "2027", nil, card.ErrYear},
		"both":             {"00", "x", card.ErrMonth, card.ErrYear},
	} {
		e, badMonth, badYear := card.ParseExpiryAt(tt.month, tt.year, now)
		if !errors.Is(badMonth, tt.badMonth) || !errors.Is(badYear, tt.badYear) {
			t.Errorf("%s: %v, %v; want %v, %v", name, badMonth, badYear, tt.badMonth, tt.badYear)
		}
		if read := e != (card.Expiry{}); read != (tt.badMonth == nil && !errors.Is(tt.badYear, card.ErrYear)) {
			t.Errorf("%s: expiry %v", name, e)
		}
	}
}

func TestParseCVVOf(t *testing.T) {
	t.Parallel()
	visa, amex, other := parsed(t, "4111111111111111"), parsed(t, "378282246310005"), parsed(t, "0000000000000000")
	for name, tt := range map[string]struct {
		typed string
		pan   card.PAN
		right bool
	}{
		"three_of_Visa": {"123", visa, true}, "four_of_Visa": {"1234", visa, false},
		"three_of_Amex": {"123", amex, false}, "four_of_Amex": {"1234", amex, true},
		"three_of_no_known_range": {"123", other, true}, "four_of_no_known_range": {"1234", other, true},
		"three_without_a_number": {"123", card.PAN{}, true}, "two": {"12", card.PAN{}, false}, "letters": {"12a", visa, false},
	} {
		if _, err := card.ParseCVVOf(tt.typed, tt.pan); (err == nil) != tt.right ||
			(err != nil && !errors.Is(err, card.ErrCVV)) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func parsed(t *testing.T, digits string) card.PAN {
	t.Helper()
	p, err := card.ParsePAN(digits)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func TestTypedByPeople(t *testing.T) {
	t.Parallel()
	for typed, want := range map[string]string{
		"4111 1111-1111\u00a01111": "4111111111111111", " 41\t11 ": "4111", "": "", "yok": "",
		"Kart no: 4111.1111/1111–1111": "4111111111111111", "41\u200b1\u200f1\ufeff": "4111",
		"٤١١١ ۴۱۱۱ ４１１１ ४१११": "4111411141114111", "𝟒𝟏𝟏𝟏": "4111", "4²": "4", "Ⅳ": "",
	} {
		if got := card.NumberIn(typed); got != want {
			t.Errorf("NumberIn(%q) = %q, want %q", typed, got, want)
		}
	}
	for typed, want := range map[string]string{
		" 1 2 3 ": "123", "١٢٣": "123", "12a": "12a", "1\u200b23": "123", "1.23": "1.23", "1–2-3": "123", "": "",
	} {
		if got := card.Digits(typed); got != want {
			t.Errorf("Digits(%q) = %q, want %q", typed, got, want)
		}
	}
	for _, block := range unicode.Nd.R16 {
		if (block.Hi-block.Lo+1)%10 != 0 || block.Stride != 1 {
			t.Errorf("block %#x-%#x is not of whole tens", block.Lo, block.Hi)
		}
	}
	for _, block := range unicode.Nd.R32 {
		if (block.Hi-block.Lo+1)%10 != 0 || block.Stride != 1 {
			t.Errorf("block %#x-%#x is not of whole tens", block.Lo, block.Hi)
		}
	}
	for typed, want := range map[[2]string][2]string{
		{"4", "2028"}: {"04", "28"}, {" 04 ", " 28 "}: {"04", "28"}, {"٤", "٢٠٢٨"}: {"04", "28"}, {"12", "1928"}: {"12", "1928"}, {"", ""}: {"", ""}, {"123", "8"}: {"123", "8"},
	} {
		if mm, yy := card.TwoDigits(typed[0], typed[1]); mm != want[0] || yy != want[1] {
			t.Errorf("TwoDigits(%q) = %q, %q", typed, mm, yy)
		}
	}
	for s, want := range map[string]bool{"411111": true, "41111111": true, "41111": false, "411111111": false, "41111a": false, "٤١١١": false, "": false} {
		if got := card.IsBIN(s); got != want {
			t.Errorf("IsBIN(%q) = %v", s, got)
		}
	}
}
