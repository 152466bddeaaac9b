package card

import (
	"errors"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"
)

// Why a field of a card form was refused. The texts hold nothing of the field.
var (
	ErrHolderMissing = errors.New("card holder must not be empty")
	ErrHolderShort   = errors.New("card holder must have at least 2 characters")
	ErrHolderLong    = errors.New("card holder must have at most 100 characters")
	ErrHolder        = errors.New("card holder has characters that no name has")
	ErrMonth         = errors.New("month must be two digits from 01 to 12")
	ErrYear          = errors.New("year must be two digits")
	ErrExpired       = errors.New("the card has expired")
)

const (
	// minHolder and maxHolder are the lengths of a holder's name in characters
	// (gateway API, section 12.8).
	minHolder = 2
	maxHolder = 100
	// notInHolder are characters that no name has and that some bank's message, page
	// or spreadsheet could take for its own syntax.
	notInHolder = `|\<>"%;&+()=!`
)

// The lengths of a BIN in digits (ISO/IEC 7812-1 since 2017: 8; before: 6).
const (
	MinBIN = 6
	MaxBIN = 8
)

// ParseHolder returns the name of a holder without the spaces around it, also when
// it is refused: as ErrHolderMissing, ErrHolderShort, ErrHolderLong or ErrHolder.
func ParseHolder(typed string) (string, error) {
	holder := strings.TrimSpace(typed)
	switch n := utf8.RuneCountInString(holder); {
	case n == 0:
		return holder, ErrHolderMissing
	case n < minHolder:
		return holder, ErrHolderShort
	case n > maxHolder:
		return holder, ErrHolderLong
	case !utf8.ValidString(typed), strings.ContainsFunc(typed, breaksLine), strings.ContainsAny(holder, notInHolder),
		strings.ContainsFunc(holder, unicode.IsDigit):
		return holder, ErrHolder
	}
	return holder, nil
}

// breaksLine reports whether a character could make one line of a bank's message
// look like two.
func breaksLine(r rune) bool { return unicode.IsControl(r) || unicode.In(r, unicode.Zl, unicode.Zp) }

// ParseExpiryAt is ParseExpiry for a form, which tells of each half: ErrMonth,
// ErrYear, or ErrExpired, which is the year's, if the card was over at the time.
func ParseExpiryAt(month, year string, now time.Time) (e Expiry, badMonth, badYear error) {
	// Each is read with a partner that is right, so that both can be told.
	if _, err := ParseExpiry(month, "00"); err != nil {
		badMonth = ErrMonth
	}
	if _, err := ParseExpiry("01", year); err != nil {
		badYear = ErrYear
	}
	if badMonth != nil || badYear != nil {
		return Expiry{}, badMonth, badYear
	}
	e, _ = ParseExpiry(month, year) // both halves were found right above
	if e.Past(now) {
		badYear = ErrExpired
	}
	return e, nil, badYear
}

// ParseCVVOf is ParseCVV for the card of a number, as far as the number alone tells
// the length; of a number of no known range the issuer's table knows it. A zero PAN
// is such a number.
func ParseCVVOf(typed string, p PAN) (CVV, error) {
	cvv, err := ParseCVV(typed)
	if err != nil {
		return CVV{}, err
	}
	if !p.IsZero() && SchemeOf(p) != "" && !cvv.Fits(p, "") {
		return cvv, ErrCVV
	}
	return cvv, nil
}

// Ungroup drops the spaces and hyphens with which people group a number; whatever
// else is there stays, to be refused.
func Ungroup(number string) string {
	return strings.Map(func(r rune) rune {
		if unicode.IsSpace(r) || r == '-' {
			return -1
		}
		return r
	}, number)
}

// TwoDigits makes two digits each of what people and browsers fill in as a month
// and a year: "4" and "2028". Whatever else is there stays, to be refused.
func TwoDigits(month, year string) (mm, yy string) {
	month, year = strings.TrimSpace(month), strings.TrimSpace(year)
	if len(month) == 1 {
		month = "0" + month
	}
	if len(year) == 4 && strings.HasPrefix(year, "20") {
		year = year[2:]
	}
	return month, year
}

// IsBIN reports whether s is MinBIN to MaxBIN digits.
func IsBIN(s string) bool { return len(s) >= MinBIN && len(s) <= MaxBIN && allDigits(s) }
