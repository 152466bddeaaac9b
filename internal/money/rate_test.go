package money_test

import (
	"errors"
	"math/big"
	"testing"

	"pgregory.net/rapid"

	"github.com/vezne/vezne/internal/money"
)

func TestParseRate(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		in      string
		want    money.Rate
		text    string
		wantErr error
	}{
		"two_digits":             {"3.50", 3_500_000, "3.50", nil},
		"integer":                {"2", 2_000_000, "2.00", nil},
		"zero":                   {"0", 0, "0.00", nil},
		"six_digits":             {"1.234567", 1_234_567, "1.234567", nil},
		"trailing_zeros":         {"1.230000", 1_230_000, "1.23", nil},
		"discount":               {"-0.50", -500_000, "-0.50", nil},
		"largest":                {"1000", 1_000_000_000, "1000.00", nil},
		"seventh_digit":          {"1.2345670", 0, "", money.ErrPrecision},
		"over_a_thousand":        {"1000.000001", 0, "", money.ErrRange},
		"far_over":               {"99999999999999999999", 0, "", money.ErrRange},
		"under_minus_a_thousand": {"-1000.1", 0, "", money.ErrRange},
		"percent_sign":           {"3.5%", 0, "", money.ErrSyntax},
		"exponent":               {"1e1", 0, "", money.ErrSyntax},
		"nothing":                {"", 0, "", money.ErrSyntax},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got, err := money.ParseRate(tt.in)
			if got != tt.want || !errors.Is(err, tt.wantErr) {
				t.Fatalf("%d, %v; want %d, %v", got, err, tt.want, tt.wantErr)
			}
			if err == nil && got.String() != tt.text {
				t.Errorf("printed %s, want %s", got, tt.text)
			}
		})
	}
}

// TestRateOf holds the rounding of the gateway API's reference, 12.7 and 12.12.
func TestRateOf(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		rate   money.Rate
		amount money.Amount
		want   int64
	}{
		"exact":                      {2_000_000, lira(100000), 2000},
		"three_and_a_half_of_1000":   {3_500_000, lira(100000), 3500},
		"350.35_rounds_down":         {3_500_000, lira(10010), 350},
		"half_goes_up":               {5_000_000, lira(10), 1},
		"just_under_half_goes_down":  {4_999_999, lira(10), 0},
		"negative_half_goes_away":    {5_000_000, lira(-10), -1},
		"discount_half_goes_away":    {-5_000_000, lira(10), -1},
		"negative_of_negative":       {-5_000_000, lira(-10), 1},
		"nothing":                    {0, lira(10), 0},
		"of_nothing":                 {5_000_000, lira(0), 0},
		"currency_without_digits":    {3_500_000, money.FromMinor(150, money.JPY), 5},
		"currency_with_three_digits": {3_500_000, money.FromMinor(10_015, money.KWD), 351},
		"the_whole":                  {100_000_000, lira(123_456), 123_456},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if got := tt.rate.Of(tt.amount); got != money.FromMinor(tt.want, tt.amount.Currency()) {
				t.Errorf("%s, want %d minor units", got, tt.want)
			}
		})
	}
}

// TestRateWithin holds that a limit is never rounded up.
func TestRateWithin(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		rate        money.Rate
		minor, want int64
	}{
		"exact":                  {50_000_000, 10_050, 5_025},
		"half_goes_down":         {50_000_000, 1, 0},
		"nearly_all_goes_down":   {99_999_999, 10, 9},
		"nothing":                {0, 10, 0},
		"more_than_the_whole":    {150_000_000, 101, 151},
		"of_the_largest_amounts": {50_000_000, 999_999_999_999_999, 499_999_999_999_999},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if got := tt.rate.Within(lira(tt.minor)); got != lira(tt.want) {
				t.Errorf("%s, want %d minor units", got, tt.want)
			}
		})
	}
}

// TestRateOfIsExact compares with rational arithmetic.
func TestRateOfIsExact(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		minor := rapid.Int64Range(-999_999_999_999_999, 999_999_999_999_999).Draw(t, "minor")
		rate := rapid.Int64Range(-1_000_000_000, 1_000_000_000).Draw(t, "rate")
		got := money.Rate(rate).Of(lira(minor)).Minor()
		if want := halfUp(minor, rate, 100_000_000); got != want {
			t.Fatalf("%d of %d is %d, want %d", rate, minor, got, want)
		}
	})
}

func TestDivide(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		minor int64
		n     int
		want  int64
	}{
		"even":                    {103500, 3, 34500},
		"third_rounds_down":       {10000, 3, 3333},
		"two_thirds_round_up":     {10010, 3, 3337},
		"103.60_by_three":         {10360, 3, 3453},
		"half_goes_up":            {3, 2, 2},
		"negative_half_goes_away": {-3, 2, -2},
		"by_one":                  {7, 1, 7},
		"nothing":                 {0, 5, 0},
	} {
		if got := lira(tt.minor).Divide(tt.n); got != lira(tt.want) {
			t.Errorf("%s: %s, want %d minor units", name, got, tt.want)
		}
	}
	rapid.Check(t, func(t *rapid.T) {
		minor := rapid.Int64Range(-999_999_999_999_999, 999_999_999_999_999).Draw(t, "minor")
		n := rapid.IntRange(1, 1000).Draw(t, "n")
		if got, want := lira(minor).Divide(n).Minor(), halfUp(minor, 1, int64(n)); got != want {
			t.Fatalf("%d / %d is %d, want %d", minor, n, got, want)
		}
	})
}

// halfUp returns a*b/c rounded half away from zero.
func halfUp(a, b, c int64) int64 {
	n := new(big.Int).Mul(big.NewInt(a), big.NewInt(b))
	sign := int64(n.Sign())
	n.Abs(n).Mul(n, big.NewInt(2)).Add(n, big.NewInt(c)).Quo(n, big.NewInt(2*c))
	return sign * n.Int64()
}
