package money_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/vezne/vezne/internal/money"
)

func TestParseAmount(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		in       string
		currency money.Currency
		want     int64
		wantErr  error
	}{
		"two_digits":                            {"100.50", money.TRY, 10050, nil},
		"one_digit":                             {"100.5", money.TRY, 10050, nil},
		"no_fraction":                           {"100", money.TRY, 10000, nil},
		"zero":                                  {"0", money.TRY, 0, nil},
		"zero_with_digits":                      {"0.00", money.TRY, 0, nil},
		"minus_zero":                            {"-0", money.TRY, 0, nil},
		"minus_zero_with_digits":                {"-0.00", money.TRY, 0, nil},
		"smallest":                              {"0.01", money.TRY, 1, nil},
		"negative_keeps_its_sign":               {"-0.01", money.TRY, -1, nil},
		"twelve_digits_before_the_point":        {"999999999999.99", money.TRY, 99_999_999_999_999, nil},
		"twelve_digits_in_three_digit_currency": {"999999999999.999", money.KWD, 999_999_999_999_999, nil},
		"three_digit_currency":                  {"1.005", money.KWD, 1005, nil},
		"three_digit_currency_filled_up":        {"1.5", money.KWD, 1500, nil},
		"currency_without_digits":               {"1500", money.JPY, 1500, nil},

		"third_digit":                          {"100.505", money.TRY, 0, money.ErrPrecision},
		"third_digit_although_zero":            {"100.500", money.TRY, 0, money.ErrPrecision},
		"fourth_digit_in_three_digit_currency": {"1.0055", money.KWD, 0, money.ErrPrecision},
		"fraction_in_currency_without_digits":  {"1500.0", money.JPY, 0, money.ErrPrecision},
		"thirteen_digits_before_the_point":     {"1000000000000", money.TRY, 0, money.ErrRange},
		"hundreds_of_digits":                   {strings.Repeat("9", 400), money.TRY, 0, money.ErrRange},
		"exponent":                             {"1e3", money.TRY, 0, money.ErrSyntax},
		"capital_exponent":                     {"1E3", money.TRY, 0, money.ErrSyntax},
		"exponent_after_fraction":              {"1.0e3", money.TRY, 0, money.ErrSyntax},
		"quoted":                               {`"100.50"`, money.TRY, 0, money.ErrSyntax},
		"leading_zero":                         {"0100.50", money.TRY, 0, money.ErrSyntax},
		"two_zeros":                            {"00", money.TRY, 0, money.ErrSyntax},
		"plus":                                 {"+1", money.TRY, 0, money.ErrSyntax},
		"two_signs":                            {"--1", money.TRY, 0, money.ErrSyntax},
		"sign_alone":                           {"-", money.TRY, 0, money.ErrSyntax},
		"no_digit_before_the_point":            {".50", money.TRY, 0, money.ErrSyntax},
		"no_digit_after_the_point":             {"100.", money.TRY, 0, money.ErrSyntax},
		"two_points":                           {"1.0.0", money.TRY, 0, money.ErrSyntax},
		"comma":                                {"100,50", money.TRY, 0, money.ErrSyntax},
		"space":                                {" 100", money.TRY, 0, money.ErrSyntax},
		"group":                                {"1_000", money.TRY, 0, money.ErrSyntax},
		"hexadecimal":                          {"0x10", money.TRY, 0, money.ErrSyntax},
		"not_a_number":                         {"NaN", money.TRY, 0, money.ErrSyntax},
		"infinity":                             {"Infinity", money.TRY, 0, money.ErrSyntax},
		"other_digits":                         {"١٠٠", money.TRY, 0, money.ErrSyntax},
		"nothing":                              {"", money.TRY, 0, money.ErrSyntax},
		"null":                                 {"null", money.TRY, 0, money.ErrSyntax},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got, err := money.ParseAmount(tt.in, tt.currency)
			if !errors.Is(err, tt.wantErr) {
				t.Fatalf("error %v, want %v", err, tt.wantErr)
			}
			if err == nil && got != money.FromMinor(tt.want, tt.currency) {
				t.Errorf("%s, want %d minor units", got, tt.want)
			}
			if err != nil && got != (money.Amount{}) {
				t.Errorf("%s beside an error", got)
			}
		})
	}
}

func TestNumberJSON(t *testing.T) {
	t.Parallel()
	for in, ok := range map[string]bool{
		"100.50": true, "-1": true, "0": true, "100.500": true, // how many digits are right is the currency's to say
		`"100.50"`: false, "1e3": false, "true": false, "null": false, "[1]": false, "01": false,
	} {
		var n money.Number
		err := n.UnmarshalJSON([]byte(in))
		if ok != (err == nil) {
			t.Errorf("%s: %v", in, err)
			continue
		}
		if !ok {
			continue
		}
		if out, err := n.MarshalJSON(); err != nil || string(out) != in {
			t.Errorf("%s came out as %s, %v", in, out, err)
		}
	}
}

func TestNumberInt(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		in      money.Number
		want    int
		wantErr error
	}{
		"integer":           {"3", 3, nil},
		"negative":          {"-3", -3, nil},
		"largest":           {"2147483647", 2147483647, nil},
		"fraction":          {"3.5", 0, money.ErrSyntax},
		"fraction_of_zero":  {"3.0", 0, money.ErrSyntax},
		"exponent":          {"3e0", 0, money.ErrSyntax},
		"quoted":            {`"3"`, 0, money.ErrSyntax},
		"over_32_bits":      {"2147483648", 0, money.ErrRange},
		"over_64_bits":      {"99999999999999999999", 0, money.ErrRange},
		"far_under_32_bits": {"-2147483649", 0, money.ErrRange},
		"nothing":           {"", 0, money.ErrSyntax},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got, err := tt.in.Int()
			if got != tt.want || !errors.Is(err, tt.wantErr) {
				t.Errorf("%d, %v; want %d, %v", got, err, tt.want, tt.wantErr)
			}
		})
	}
}

// FuzzNumber holds that what is read as an amount is written as the same amount,
// and that only the characters of a plain decimal are ever read.
func FuzzNumber(f *testing.F) {
	for _, seed := range []string{"100.50", "-0", "1e3", "0.001", "999999999999.999", "01", `"1"`} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, in string) {
		for _, c := range []money.Currency{money.TRY, money.JPY, money.KWD} {
			a, err := money.ParseAmount(in, c)
			if err != nil {
				continue
			}
			if strings.Trim(in, "-.0123456789") != "" {
				t.Fatalf("%q was read", in)
			}
			again, err := money.ParseAmount(a.Decimal(), c)
			if err != nil || again != a {
				t.Fatalf("%q: %s came back as %s, %v", in, a, again, err)
			}
		}
	})
}
