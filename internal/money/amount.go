// Package money holds amounts as integers of minor units with their currency,
// rates as exact decimals, and the only rounding and splitting rules of the
// house. No float64 comes near it.
package money

import (
	"cmp"
	"errors"
	"fmt"
	"strconv"
	"strings"
)

// Why text or arithmetic was refused.
var (
	ErrSyntax    = errors.New("must be a plain decimal number")
	ErrPrecision = errors.New("has more fraction digits than the currency")
	ErrRange     = errors.New("is out of range")
)

// maxMinor bounds every amount, so that no sum of two can leave an int64. It is a
// thousand times the largest amount that a request can name (12 digits before
// the point and three after it): room for interest, commissions and totals.
const maxMinor = 999_999_999_999_999_999

const outOfRange = "money: amount out of range"

// Amount is a sum of money in minor units (kuruş, cents, fils). The zero value
// is no money in no currency. Amounts compare with == and with Cmp.
type Amount struct {
	minor    int64
	currency Currency
}

// FromMinor returns an Amount of minor units: FromMinor(10050, TRY) is 100.50 TRY.
// It panics beyond 18 digits, which nothing that was parsed or stored has.
func FromMinor(minor int64, c Currency) Amount { return mustFit(minor, c) }

// Zero returns no money in the currency.
func Zero(c Currency) Amount { return Amount{currency: c} }

// Minor returns the number of minor units.
func (a Amount) Minor() int64 { return a.minor }

// Currency returns the currency.
func (a Amount) Currency() Currency { return a.currency }

// IsZero reports whether there is no money in it.
func (a Amount) IsZero() bool { return a.minor == 0 }

// IsPositive reports whether it is more than nothing.
func (a Amount) IsPositive() bool { return a.minor > 0 }

// IsNegative reports whether it is less than nothing.
func (a Amount) IsNegative() bool { return a.minor < 0 }

// Add returns a + b. Adding different currencies or leaving the range of an
// amount is a programmer mistake and panics: inputs are bounded when parsed.
func (a Amount) Add(b Amount) Amount {
	a.mustMatch(b)
	return mustFit(a.minor+b.minor, a.currency)
}

// Sub returns a - b, under the rules of Add.
func (a Amount) Sub(b Amount) Amount {
	a.mustMatch(b)
	return mustFit(a.minor-b.minor, a.currency)
}

// Neg returns -a.
func (a Amount) Neg() Amount { return Amount{-a.minor, a.currency} }

// Cmp returns -1, 0 or 1 as a is less than, equal to or more than b, which must
// be in the same currency.
func (a Amount) Cmp(b Amount) int {
	a.mustMatch(b)
	return cmp.Compare(a.minor, b.minor)
}

// Or returns the amount, or zero of a currency in place of one that was never set.
func (a Amount) Or(c Currency) Amount {
	if a == (Amount{}) {
		return Zero(c)
	}
	return a
}

// Min returns the smaller of a and b, which must be in the same currency.
func (a Amount) Min(b Amount) Amount {
	if a.Cmp(b) <= 0 {
		return a
	}
	return b
}

// Decimal returns the amount with exactly the currency's digits: "100.50".
func (a Amount) Decimal() string {
	digits := a.currency.Digits()
	s := strconv.FormatInt(a.minor, 10)
	if digits == 0 {
		return s
	}
	sign := ""
	if s[0] == '-' {
		sign, s = "-", s[1:]
	}
	if pad := digits + 1 - len(s); pad > 0 {
		s = strings.Repeat("0", pad) + s
	}
	return sign + s[:len(s)-digits] + "." + s[len(s)-digits:]
}

// String returns the amount with its currency: "100.50 TRY".
func (a Amount) String() string { return a.Decimal() + " " + a.currency.String() }

// MarshalJSON returns a JSON number with exactly the currency's digits.
func (a Amount) MarshalJSON() ([]byte, error) { return []byte(a.Decimal()), nil }

func (a Amount) mustMatch(b Amount) {
	if a.currency != b.currency {
		panic(fmt.Sprintf("money: %s and %s in one calculation", a.currency, b.currency))
	}
}

func mustFit(minor int64, c Currency) Amount {
	if minor > maxMinor || minor < -maxMinor {
		panic(outOfRange)
	}
	return Amount{minor, c}
}
