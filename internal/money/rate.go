package money

import (
	"math/bits"
	"strconv"
	"strings"
)

// ratePlaces is how many fraction digits a rate has: percentages of banks have
// two to four; six leave room for rates that are averages.
const ratePlaces = 6

const rateUnit = 1_000_000 // one percent

// Rate is a percentage, exact to six fraction digits: 3.50 % is Rate 3_500_000.
// It may be negative (a discount).
type Rate int64

// maxRate is 1000 %, beyond which a rate is a typing mistake.
const maxRate = 1000 * rateUnit

// ParseRate reads a percentage such as "3.50". Errors are ErrSyntax,
// ErrPrecision (more than six fraction digits) and ErrRange (beyond 1000 %).
func ParseRate(s string) (Rate, error) {
	if !isPlainNumber(s) {
		return 0, ErrSyntax
	}
	negative := strings.HasPrefix(s, "-")
	whole, fraction, _ := strings.Cut(strings.TrimPrefix(s, "-"), ".")
	if len(fraction) > ratePlaces {
		return 0, ErrPrecision
	}
	n, err := strconv.ParseInt(whole+fraction+strings.Repeat("0", ratePlaces-len(fraction)), 10, 64)
	if err != nil || n > maxRate {
		return 0, ErrRange
	}
	if negative {
		n = -n
	}
	return Rate(n), nil
}

// String returns the percentage with at least two fraction digits: "3.50".
func (r Rate) String() string {
	sign, n := "", int64(r)
	if n < 0 {
		sign, n = "-", -n
	}
	fraction := strconv.FormatInt(rateUnit+n%rateUnit, 10)[1:]
	fraction = fraction[:2] + strings.TrimRight(fraction[2:], "0")
	return sign + strconv.FormatInt(n/rateUnit, 10) + "." + fraction
}

// MarshalJSON returns the percentage as a JSON number.
func (r Rate) MarshalJSON() ([]byte, error) { return []byte(r.String()), nil }

// Of returns r percent of a, rounded half up (away from zero) to minor units.
func (r Rate) Of(a Amount) Amount {
	return Amount{mulDivHalfUp(a.minor, int64(r), 100*rateUnit), a.currency}
}

// Within returns the most of a that is no more than r percent of it: Of rounded
// down. Neither may be negative.
func (r Rate) Within(a Amount) Amount {
	hi, lo := bits.Mul64(magnitude(a.minor), magnitude(int64(r)))
	if a.minor < 0 || r < 0 || hi >= 100*rateUnit { // the quotient has more than 64 bits
		panic(outOfRange)
	}
	q, _ := bits.Div64(hi, lo, 100*rateUnit)
	if q > maxMinor {
		panic(outOfRange)
	}
	return Amount{int64(q), a.currency}
}

// mulDivHalfUp returns a*b/c rounded half away from zero, exact in 128 bits.
// c is positive. A quotient beyond the range of an amount is a programmer mistake
// and panics.
func mulDivHalfUp(a, b, c int64) int64 {
	negative := (a < 0) != (b < 0)
	hi, lo := bits.Mul64(magnitude(a), magnitude(b))
	lo, carry := bits.Add64(lo, magnitude(c)/2, 0)
	hi += carry
	if hi >= magnitude(c) { // the quotient has more than 64 bits
		panic(outOfRange)
	}
	q, _ := bits.Div64(hi, lo, magnitude(c))
	if q > maxMinor {
		panic(outOfRange)
	}
	if negative {
		return -int64(q)
	}
	return int64(q)
}

func magnitude(n int64) uint64 {
	if n < 0 {
		return uint64(-n)
	}
	return uint64(n)
}
