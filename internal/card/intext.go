package card

import (
	"slices"
	"unicode"
)

// lengths are how long the numbers of each scheme are in digits (ISO/IEC 7812-1 and the
// schemes' own rules).
func lengths(s Scheme) []int {
	switch s {
	case Amex:
		return []int{15}
	case Diners:
		return []int{14, 16, 19}
	case Visa:
		return []int{13, 16, 19}
	case Maestro: // shorter ones exist, and far more other numbers of such a beginning
		return []int{16, 18, 19}
	case UnionPay, Discover, JCB:
		return []int{16, 17, 18, 19}
	case Mastercard, Troy:
		return []int{16}
	}
	return nil
}

// InText reports whether a text has a card's number in it: digits of any script, alone
// or in groups that single blanks or hyphens part, whose beginning is a scheme's, whose
// length is one of that scheme, and whose check digit is right. It is for text that is
// kept as it came, where no card's number may be. One in ten numbers of such a beginning
// and length is taken for a card's without being one.
func InText(text string) bool {
	var digits []byte // of the groups that stand together
	var starts []int  // where each of them begins
	parted := true    // by what makes a new group
	flush := func() bool {
		found := hasNumber(digits, starts)
		digits, starts, parted = digits[:0], starts[:0], true
		return found
	}
	gap := false // the last character was a blank or a hyphen
	for _, r := range text {
		if d, ok := digit(r); ok {
			if parted {
				starts = append(starts, len(digits))
			}
			digits, parted, gap = append(digits, byte(d)), false, false //nolint:gosec // of 0 to 9
			continue
		}
		if unicode.In(r, unicode.Cf) {
			continue // nobody sees it
		}
		if joins := unicode.IsSpace(r) || unicode.In(r, unicode.Pd); joins && !gap {
			parted, gap = true, true
			continue
		}
		gap = false
		if flush() {
			return true
		}
	}
	return flush()
}

// hasNumber reports whether any groups that follow each other make a card's number.
func hasNumber(digits []byte, starts []int) bool {
	for i, from := range starts {
		for j := i + 1; j <= len(starts); j++ {
			until := len(digits)
			if j < len(starts) {
				until = starts[j]
			}
			if until-from > maxPAN {
				break
			}
			if isNumber(string(digits[from:until])) {
				return true
			}
		}
	}
	return false
}

func isNumber(s string) bool {
	return len(s) >= minPAN && slices.Contains(lengths(SchemeOfBIN(s)), len(s)) && luhn(s)
}
