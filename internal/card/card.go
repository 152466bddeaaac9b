// Package card holds card numbers, security codes and expiry dates as values
// that check themselves and print masked.
package card

import (
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"time"
)

// Why a value was refused. The texts hold nothing of the value.
var (
	ErrPAN    = errors.New("card number must be 12 to 19 digits and pass the Luhn check")
	ErrCVV    = errors.New("security code has the wrong length")
	ErrExpiry = errors.New("expiry must be a month from 01 to 12 and a two-digit year")
)

// The lengths of a card's number in digits (ISO/IEC 7812-1).
const (
	minPAN = 12
	maxPAN = 19
)

// PAN is a card number (ISO/IEC 7812). It prints masked whatever the verb; only
// Reveal gives the digits. The zero value is "no card number"; equal numbers
// compare equal with ==.
type PAN struct{ digits hidden }

// ParsePAN accepts 12 to 19 digits that pass the Luhn check, without spaces.
func ParsePAN(s string) (PAN, error) {
	if len(s) < minPAN || len(s) > maxPAN || !IsDigits(s) || !luhn(s) {
		return PAN{}, ErrPAN
	}
	return PAN{digits: hide(s)}, nil
}

// Reveal returns the digits, for the bank's message, the vault and the MAC.
func (p PAN) Reveal() string { return p.digits.reveal() }

// IsZero reports whether there is no card number.
func (p PAN) IsZero() bool { return p == PAN{} }

// BIN returns the first n digits, n at most 8 (ISO/IEC 7812-1:2017).
func (p PAN) BIN(n int) string {
	digits := p.Reveal()
	return digits[:min(n, 8, len(digits))]
}

// StoredBIN returns the leading digits that may be kept beside the last four: PCI
// SSC's rules on truncation allow eight from 16 digits on, six below.
func (p PAN) StoredBIN() string {
	if len(p.Reveal()) < 16 {
		return p.BIN(6)
	}
	return p.BIN(8)
}

// Last4 returns the last four digits.
func (p PAN) Last4() string {
	digits := p.Reveal()
	return digits[max(0, len(digits)-4):]
}

// Masked returns the first six digits, a star for each hidden digit, and the
// last four: what PCI DSS 3.4 allows to be shown.
func (p PAN) Masked() string {
	if p.IsZero() {
		return ""
	}
	digits := p.Reveal()
	return digits[:6] + strings.Repeat("*", len(digits)-10) + p.Last4()
}

// String returns the masked number.
func (p PAN) String() string { return p.Masked() }

// GoString returns the masked number.
func (p PAN) GoString() string { return p.Masked() }

// Format writes the masked number for every verb.
func (p PAN) Format(f fmt.State, _ rune) { _, _ = f.Write([]byte(p.Masked())) } // fmt.State never fails

// MarshalText returns the masked number.
func (p PAN) MarshalText() ([]byte, error) { return []byte(p.Masked()), nil }

// LogValue returns the masked number.
func (p PAN) LogValue() slog.Value { return slog.StringValue(p.Masked()) }

// CVV is a card's security code. It never prints and is never stored.
type CVV struct{ digits hidden }

// ParseCVV accepts 3 or 4 digits. Which of the two a card has is for Fits to say.
func ParseCVV(s string) (CVV, error) {
	if len(s) < 3 || len(s) > 4 || !IsDigits(s) {
		return CVV{}, ErrCVV
	}
	return CVV{digits: hide(s)}, nil
}

// Fits reports whether the code has the length of the card's scheme: 4 digits
// for a number in American Express' own ranges, 3 for others. An issuer's table
// may call a number outside those ranges Amex; such a card may have either.
func (c CVV) Fits(pan PAN, issued Scheme) bool {
	length := len(c.Reveal())
	switch {
	case SchemeOf(pan) == Amex:
		return length == 4
	case issued == Amex:
		return length > 0
	}
	return length == 3
}

// Reveal returns the digits, for the bank's message alone.
func (c CVV) Reveal() string { return c.digits.reveal() }

// IsZero reports whether there is no code.
func (c CVV) IsZero() bool { return c == CVV{} }

// String returns stars.
func (CVV) String() string { return "***" }

// GoString returns stars.
func (CVV) GoString() string { return "***" }

// Format writes stars for every verb.
func (CVV) Format(f fmt.State, _ rune) { _, _ = f.Write([]byte("***")) } // fmt.State never fails

// MarshalText returns stars.
func (CVV) MarshalText() ([]byte, error) { return []byte("***"), nil }

// LogValue returns stars.
func (CVV) LogValue() slog.Value { return slog.StringValue("***") }

// Expiry is the last month in which a card is valid.
type Expiry struct {
	Year  int // four digits
	Month time.Month
}

// ParseExpiry reads two digits of month and two of year, 20YY.
func ParseExpiry(month, year string) (Expiry, error) {
	if len(month) != 2 || len(year) != 2 || !IsDigits(month) || !IsDigits(year) {
		return Expiry{}, ErrExpiry
	}
	m := int(month[0]-'0')*10 + int(month[1]-'0')
	y := 2000 + int(year[0]-'0')*10 + int(year[1]-'0')
	if m < 1 || m > 12 {
		return Expiry{}, ErrExpiry
	}
	return Expiry{Year: y, Month: time.Month(m)}, nil
}

// Past reports whether the whole month of expiry is over at the time t.
func (e Expiry) Past(t time.Time) bool {
	return !t.Before(time.Date(e.Year, e.Month+1, 1, 0, 0, 0, 0, time.UTC))
}

// MM returns the month as two digits.
func (e Expiry) MM() string { return fmt.Sprintf("%02d", int(e.Month)) }

// YY returns the last two digits of the year.
func (e Expiry) YY() string { return fmt.Sprintf("%02d", e.Year%100) }

// Card is a card as a payer typed it. It lives in memory only.
type Card struct {
	PAN    PAN
	CVV    CVV
	Expiry Expiry
	Holder string
}

// IsDigits reports whether s is decimal digits of ASCII alone, and at least one.
func IsDigits(s string) bool {
	for i := range len(s) {
		if s[i] < '0' || s[i] > '9' {
			return false
		}
	}
	return s != ""
}

// luhn is the check of ISO/IEC 7812-1, annex B.
func luhn(digits string) bool {
	sum := 0
	for i := range len(digits) {
		d := int(digits[len(digits)-1-i] - '0')
		if i%2 == 1 {
			d *= 2
			if d > 9 {
				d -= 9
			}
		}
		sum += d
	}
	return sum%10 == 0
}
