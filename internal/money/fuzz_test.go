package money_test

import (
	"strings"
	"testing"

	"github.com/vezne/vezne/internal/money"
)

// FuzzParseRate holds that what is read as a rate is written as the same rate, and
// that it is within what a rate may be.
func FuzzParseRate(f *testing.F) {
	for _, seed := range []string{"3.50", "-0", "0.000001", "0.0000001", "1000", "1000.000001", "-1000.5", "1e3", "00", "9223372036854775807"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, in string) {
		r, err := money.ParseRate(in)
		if err != nil {
			return
		}
		const most = 1000 * 1_000_000
		if r < -most || r > most || strings.Trim(in, "-.0123456789") != "" {
			t.Fatalf("%q was read as %d", in, r)
		}
		again, err := money.ParseRate(r.String())
		if err != nil || again != r {
			t.Fatalf("%q: %s came back as %s, %v", in, r, again, err)
		}
	})
}

// FuzzParseCurrency holds that a currency is known by its own code alone.
func FuzzParseCurrency(f *testing.F) {
	for _, seed := range []string{"TRY", "try", "JPY", "", "TRYY", "949"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, in string) {
		if c, err := money.ParseCurrency(in); err == nil && (c.String() != in || c.Digits() < 0 || c.Digits() > 4) {
			t.Fatalf("%q was read as %s with %d digits", in, c, c.Digits())
		}
	})
}
