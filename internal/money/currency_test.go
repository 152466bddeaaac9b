package money_test

import (
	"errors"
	"slices"
	"testing"

	"github.com/vezne/vezne/internal/money"
)

func TestCurrency(t *testing.T) {
	t.Parallel()
	for code, digits := range map[string]int{
		"TRY": 2, "USD": 2, "JPY": 0, "KWD": 3, "BHD": 3, "IQD": 3, "ALL": 2, "ZWG": 2, "CHF": 2, "XOF": 0, "CLF": 4, "UYW": 4,
		"XCG": 2, "SLE": 2, "VED": 2,
	} {
		c, err := money.ParseCurrency(code)
		if err != nil || c.String() != code || c.Digits() != digits || !c.Valid() {
			t.Errorf("%s: %s with %d digits, valid %t, %v", code, c, c.Digits(), c.Valid(), err)
		}
	}
	for _, code := range []string{"", "try", "Try", "TR", "TRYY", "XXX", "949", "TS ", "S B", "   "} {
		c, err := money.ParseCurrency(code)
		if _, retired := errors.AsType[*money.RetiredError](err); !errors.Is(err, money.ErrCurrency) || retired || c != 0 {
			t.Errorf("%q was read as %s, %v", code, c, err)
		}
	}
	for _, none := range []money.Currency{0, 1, 999, 1000, 65535} {
		if none.Valid() || none.String() != "" || none.Digits() != 0 {
			t.Errorf("%d is a currency", none)
		}
	}
}

func TestRetiredCurrency(t *testing.T) {
	t.Parallel()
	for code, successor := range map[string]string{
		"TRL": "TRY", "DEM": "EUR", "HRK": "EUR", "BGN": "EUR", "ANG": "XCG", "ZWL": "ZWG", "SLL": "SLE", "ROL": "RON", "RUR": "RUB",
	} {
		_, err := money.ParseCurrency(code)
		retired, ok := errors.AsType[*money.RetiredError](err)
		if !ok || !errors.Is(err, money.ErrCurrency) || retired.Code != code || retired.Successor.String() != successor {
			t.Errorf("%s: %v", code, err)
		}
	}
}

// TestCurrencies holds the table itself, which nobody writes by hand.
func TestCurrencies(t *testing.T) {
	t.Parallel()
	var codes []string
	for n := range money.Currency(1000) {
		if n.Valid() {
			codes = append(codes, n.String())
		}
	}
	slices.Sort(codes)
	if n := len(slices.Compact(slices.Clone(codes))); n != len(codes) || n < 150 {
		t.Errorf("%d codes, %d different", len(codes), n)
	}
	for _, code := range codes {
		if c, err := money.ParseCurrency(code); err != nil || c.String() != code || c.Digits() < 0 || c.Digits() > 4 {
			t.Errorf("%s: %v, %d digits", code, err, c.Digits())
		}
		c, _ := money.ParseCurrency(code)
		if a, err := money.ParseAmount("999999999999", c); err != nil || a.Decimal() != money.FromMinor(a.Minor(), c).Decimal() {
			t.Errorf("%s: %v, %v", code, a, err)
		}
	}
}

func BenchmarkParseCurrency(b *testing.B) {
	for b.Loop() {
		if c, err := money.ParseCurrency("TRY"); err != nil || c.Digits() != 2 {
			b.Fatal(err)
		}
	}
}
