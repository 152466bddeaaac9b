package card_test

import (
	"errors"
	"strings"
	"testing"
	"time"

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
		"digit":             {"Ada 4", "Ada 4", card.ErrHolder},
		"other_digits":      {"Ada ٤", "Ada ٤", card.ErrHolder},
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
	for _, c := range `|\<>"%;&+()=!` {
		if _, err := card.ParseHolder("Ada" + string(c)); !errors.Is(err, card.ErrHolder) {
			t.Errorf("%q is taken", c)
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
		if _, err := card.ParseCVVOf(tt.typed, tt.pan); (err == nil) != tt.right || (err != nil && !errors.Is(err, card.ErrCVV)) {
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
		"4111 1111-1111\u00a01111": "4111111111111111", "4111.1111": "4111.1111", " 41\t11 ": "4111", "": "",
	} {
		if got := card.Ungroup(typed); got != want {
			t.Errorf("Ungroup(%q) = %q, want %q", typed, got, want)
		}
	}
	for typed, want := range map[[2]string][2]string{
		{"4", "2028"}: {"04", "28"}, {" 04 ", " 28 "}: {"04", "28"}, {"12", "1928"}: {"12", "1928"}, {"", ""}: {"", ""}, {"123", "8"}: {"123", "8"},
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
