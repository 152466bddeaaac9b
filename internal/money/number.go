package money

import (
	"math"
	"strconv"
	"strings"
)

// maxWholeDigits is how many digits an amount may have before the point.
const maxWholeDigits = 12

// Number is the text of a JSON number as it was sent. It exists because an
// amount cannot be understood before its currency is known, and because some
// answers must repeat the very digits of the request.
type Number string

// UnmarshalJSON keeps the text of a JSON number; a string, a literal or an
// exponent is ErrSyntax.
func (n *Number) UnmarshalJSON(b []byte) error {
	if !isPlainNumber(string(b)) {
		return ErrSyntax
	}
	*n = Number(b)
	return nil
}

// MarshalJSON returns the text unchanged.
func (n Number) MarshalJSON() ([]byte, error) { return []byte(n), nil }

// Amount reads the number as an amount of the currency. Errors are ErrSyntax,
// ErrPrecision (also for a superfluous zero, 100.500 TRY) and ErrRange (more
// than 12 digits before the point). The sign is kept; callers say what they allow.
func (n Number) Amount(c Currency) (Amount, error) {
	s := string(n)
	if !isPlainNumber(s) {
		return Amount{}, ErrSyntax
	}
	negative := strings.HasPrefix(s, "-")
	whole, fraction, _ := strings.Cut(strings.TrimPrefix(s, "-"), ".")
	if len(fraction) > c.Digits() {
		return Amount{}, ErrPrecision
	}
	if len(whole) > maxWholeDigits {
		return Amount{}, ErrRange
	}
	minor, err := strconv.ParseInt(whole+fraction+strings.Repeat("0", c.Digits()-len(fraction)), 10, 64)
	if err != nil {
		return Amount{}, ErrRange
	}
	if negative {
		minor = -minor
	}
	return Amount{minor, c}, nil
}

// ParseAmount reads decimal text, such as a bank's answer or a fixture, as an
// amount of the currency, under the rules of Number.Amount.
func ParseAmount(s string, c Currency) (Amount, error) { return Number(s).Amount(c) }

// Int reads the number as an integer. Fractions, even ".0", are ErrSyntax.
func (n Number) Int() (int, error) {
	if !isPlainNumber(string(n)) || strings.Contains(string(n), ".") {
		return 0, ErrSyntax
	}
	i, err := strconv.ParseInt(string(n), 10, 64)
	if err != nil || i > math.MaxInt32 || i < math.MinInt32 {
		return 0, ErrRange
	}
	return int(i), nil
}

// isPlainNumber reports whether s is a number of RFC 8259 without an exponent.
func isPlainNumber(s string) bool {
	s = strings.TrimPrefix(s, "-")
	whole, fraction, hasPoint := strings.Cut(s, ".")
	if whole == "" || !digitsOnly(whole) || (len(whole) > 1 && whole[0] == '0') {
		return false
	}
	return !hasPoint || (fraction != "" && digitsOnly(fraction))
}

func digitsOnly(s string) bool {
	for i := range len(s) {
		if s[i] < '0' || s[i] > '9' {
			return false
		}
	}
	return true
}
