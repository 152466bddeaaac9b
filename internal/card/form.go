package card

import (
	"errors"
	"fmt"
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
	ErrHolder        = errors.New("card holder has a character that no name has")
	ErrHolderDigits  = errors.New("card holder has more digits than the name of a company")
	ErrMonth         = errors.New("month must be two digits from 01 to 12")
	ErrYear          = errors.New("year must be two digits")
	ErrExpired       = errors.New("the card has expired")
)

const (
	// minHolder and maxHolder are the lengths of a holder's name in characters
	// (gateway API, section 12.8).
	minHolder = 2
	maxHolder = 100
	// maxHolderDigits is room for the number in a company's name. It holds no card's
	// number, nor most of one.
	maxHolderDigits = 6
	// notInHolder are characters that no name has and that some bank's message, page
	// or spreadsheet could take for its own syntax.
	notInHolder = `|\<>"%;()=!`
	// notFirstInHolder are those that begin a formula of a spreadsheet.
	notFirstInHolder = `+-@`
)

// HolderCharacterError is a character that the name of a card's holder may not have. It
// is ErrHolder.
type HolderCharacterError struct{ Character rune }

// Error names the character.
func (e *HolderCharacterError) Error() string { return "card holder must not have " + e.Name() }

// Is reports whether the target is ErrHolder.
func (e *HolderCharacterError) Is(target error) bool { return target == ErrHolder }

// Name returns the character as it can be shown: one that cannot be seen by its number.
func (e *HolderCharacterError) Name() string {
	if unicode.IsPrint(e.Character) {
		return string(e.Character)
	}
	return fmt.Sprintf("U+%04X", e.Character)
}

// The lengths of a BIN in digits (ISO/IEC 7812-1 since 2017: 8; before: 6).
const (
	MinBIN = 6
	MaxBIN = 8
)

// ParseHolder returns the name of a holder without the spaces around it, also when
// it is refused: as ErrHolderMissing, ErrHolderShort, ErrHolderLong, ErrHolderDigits or
// ErrHolder, which is a HolderCharacterError unless the text is no UTF-8. A name has
// letters of any script, and a company's what companies have in theirs: "A&B 1923".
func ParseHolder(typed string) (string, error) {
	holder := strings.TrimSpace(typed)
	switch n := utf8.RuneCountInString(holder); {
	case n == 0:
		return holder, ErrHolderMissing
	case n < minHolder:
		return holder, ErrHolderShort
	case n > maxHolder:
		return holder, ErrHolderLong
	case !utf8.ValidString(typed):
		return holder, ErrHolder
	}
	if i := strings.IndexFunc(typed, breaksLine); i >= 0 {
		return holder, characterAt(typed, i)
	}
	if i := strings.IndexAny(holder, notInHolder); i >= 0 {
		return holder, characterAt(holder, i)
	}
	if strings.IndexAny(holder, notFirstInHolder) == 0 {
		return holder, characterAt(holder, 0)
	}
	if HolderDigits(holder) > maxHolderDigits {
		return holder, ErrHolderDigits
	}
	return holder, nil
}

func characterAt(text string, i int) error {
	r, _ := utf8.DecodeRuneInString(text[i:])
	return &HolderCharacterError{Character: r}
}

// HolderDigits returns how many digits a name has.
func HolderDigits(name string) int {
	n := 0
	for _, r := range name {
		if unicode.IsDigit(r) {
			n++
		}
	}
	return n
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

// NumberIn returns the digits of a card's number as a person reads them out of what was
// typed or pasted: in any script, whatever stands between and around them.
func NumberIn(typed string) string {
	return strings.Map(func(r rune) rune {
		if d, ok := digit(r); ok {
			return d
		}
		return -1
	}, typed)
}

// Digits returns what was typed into a field of a few digits, with the digits of any
// script as 0 to 9, and without blanks, dashes and marks that nobody sees. Whatever else
// is there stays, to be refused.
func Digits(typed string) string {
	return strings.Map(func(r rune) rune {
		if d, ok := digit(r); ok {
			return d
		}
		if unicode.IsSpace(r) || unicode.In(r, unicode.Pd, unicode.Cf, unicode.Cc) {
			return -1
		}
		return r
	}, typed)
}

// digit returns the ASCII digit of the same value. The decimal digits of a script stand
// together from zero to nine (Unicode, section 4.6).
func digit(r rune) (rune, bool) {
	if r < utf8.RuneSelf {
		return r, '0' <= r && r <= '9'
	}
	for _, block := range unicode.Nd.R16 {
		if rune(block.Lo) <= r && r <= rune(block.Hi) {
			return '0' + (r-rune(block.Lo))%10, true
		}
	}
	for _, block := range unicode.Nd.R32 {
		if first, last := rune(block.Lo), rune(block.Hi); first <= r && r <= last { //nolint:gosec // Unicode ends at 0x10ffff
			return '0' + (r-first)%10, true
		}
	}
	return r, false
}

// TwoDigits makes two digits each of what people and browsers fill in as a month
// and a year: "4" and "2028". Whatever else is there stays, to be refused.
func TwoDigits(month, year string) (mm, yy string) {
	month, year = Digits(month), Digits(year)
	if len(month) == 1 {
		month = "0" + month
	}
	if len(year) == 4 && strings.HasPrefix(year, "20") {
		year = year[2:]
	}
	return month, year
}

// IsBIN reports whether s is MinBIN to MaxBIN digits.
func IsBIN(s string) bool { return len(s) >= MinBIN && len(s) <= MaxBIN && IsDigits(s) }
