package money_test

import (
	"math"
	"testing"

	"github.com/vezne/vezne/internal/money"
)

func lira(minor int64) money.Amount { return money.FromMinor(minor, money.TRY) }

func TestDecimal(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		amount money.Amount
		want   string
		text   string
	}{
		"two_digits":              {lira(10050), "100.50", "100.50 TRY"},
		"less_than_one":           {lira(5), "0.05", "0.05 TRY"},
		"zero":                    {lira(0), "0.00", "0.00 TRY"},
		"negative":                {lira(-5), "-0.05", "-0.05 TRY"},
		"three_digits":            {money.FromMinor(1005, money.KWD), "1.005", "1.005 KWD"},
		"less_than_one_in_three":  {money.FromMinor(-7, money.KWD), "-0.007", "-0.007 KWD"},
		"no_digits":               {money.FromMinor(1500, money.JPY), "1500", "1500 JPY"},
		"negative_without_digits": {money.FromMinor(-1500, money.JPY), "-1500", "-1500 JPY"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if got := tt.amount.Decimal(); got != tt.want {
				t.Errorf("Decimal %q, want %q", got, tt.want)
			}
			if got := tt.amount.String(); got != tt.text {
				t.Errorf("String %q, want %q", got, tt.text)
			}
			if got, err := tt.amount.MarshalJSON(); err != nil || string(got) != tt.want {
				t.Errorf("MarshalJSON %s, %v; want %s", got, err, tt.want)
			}
		})
	}
}

func TestArithmetic(t *testing.T) {
	t.Parallel()
	a, b := lira(250), lira(-100)
	for name, pair := range map[string][2]money.Amount{
		"sum":               {a.Add(b), lira(150)},
		"difference":        {a.Sub(b), lira(350)},
		"negation":          {a.Neg(), lira(-250)},
		"smaller":           {a.Min(b), b},
		"smaller_of_equals": {a.Min(a), a},
	} {
		if pair[0] != pair[1] {
			t.Errorf("%s is %s, want %s", name, pair[0], pair[1])
		}
	}
	if a.Cmp(b) != 1 || b.Cmp(a) != -1 || a.Cmp(a) != 0 {
		t.Error("Cmp is wrong")
	}
	if !a.IsPositive() || a.IsNegative() || a.IsZero() || !b.IsNegative() || !money.Zero(money.TRY).IsZero() {
		t.Error("signs are wrong")
	}
}

func TestProgrammerMistakesPanic(t *testing.T) {
	t.Parallel()
	const largest = 999_999_999_999_999_999
	dollar := money.FromMinor(1, money.USD)
	for name, mistake := range map[string]func(){
		"adding_two_currencies":      func() { lira(1).Add(dollar) },
		"subtracting_two_currencies": func() { lira(1).Sub(dollar) },
		"comparing_two_currencies":   func() { lira(1).Cmp(dollar) },
		"money_and_no_currency":      func() { lira(1).Add(money.Amount{}) },
		"sum_out_of_range":           func() { lira(largest).Add(lira(1)) },
		"difference_out_of_range":    func() { lira(-largest).Sub(lira(1)) },
		"minor_units_out_of_range":   func() { lira(math.MinInt64) },
		"rate_out_of_range":          func() { money.Rate(200_000_000).Of(lira(largest)) },
		"rate_far_out_of_range":      func() { money.Rate(math.MaxInt64).Of(lira(largest)) },
		"division_by_nothing":        func() { lira(1).Divide(0) },
		"division_by_less":           func() { lira(1).Divide(-2) },
		"share_without_weights":      func() { lira(1).Share() },
		"share_of_zero_weights":      func() { lira(1).Share(0, 0) },
		"share_of_negative_weight":   func() { lira(1).Share(2, -1) },
		"share_of_too_much_weight":   func() { lira(1).Share(math.MaxInt64, math.MaxInt64, 3) },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			defer func() {
				if recover() == nil {
					t.Error("no panic")
				}
			}()
			mistake()
		})
	}
}
