package connector

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// The bounds of text that comes from a bank, in bytes.
const (
	// MaxText is of a bank's code, message and identities.
	MaxText = 256
	// MaxProof is of what a return says for the bank to read again: token, XID, ECI
	// and CAVV. What is longer goes into a Memo.
	MaxProof = 2048
)

// Clean returns text that may be stored and shown: valid UTF-8 of printable
// characters, in at most limit bytes, without blanks around it. Line breaks, tabs
// and odd blanks become a blank; other control characters, direction marks and
// everything else without a shape go. Text that is clean is returned as it is.
func Clean(s string, limit int) string {
	if isClean(s, limit) {
		return s
	}
	var out strings.Builder
	blank := false
	for _, r := range s {
		switch {
		case unicode.IsSpace(r):
			blank = out.Len() > 0
			continue
		case !unicode.IsPrint(r):
			continue
		}
		width := utf8.RuneLen(r)
		if blank {
			width++
		}
		if out.Len()+width > limit {
			break
		}
		if blank {
			out.WriteByte(' ')
			blank = false
		}
		out.WriteRune(r)
	}
	return out.String()
}

// isClean is the quick way for what nearly all text is: printable ASCII.
func isClean(s string, limit int) bool {
	if len(s) > limit || (s != "" && (s[0] == ' ' || s[len(s)-1] == ' ')) {
		return false
	}
	for i := range len(s) {
		if s[i] < ' ' || s[i] > '~' || (s[i] == ' ' && s[i-1] == ' ') {
			return false
		}
	}
	return true
}

// cardDigits is how many digits in a row may be a card number (ISO/IEC 7812-1).
const cardDigits = 12

// CleanWords is Clean for a bank's words to people, which must not repeat a card
// number: every run of twelve digits or more is starred, also one that is written
// in groups with a blank or a dash between them.
func CleanWords(s string, limit int) string {
	s = Clean(s, limit)
	run, digits := 0, 0
	var starred []byte
	end := func(to int) {
		if digits >= cardDigits {
			if starred == nil {
				starred = []byte(s)
			}
			for i := run; i < to; i++ {
				if isDigit(starred[i]) {
					starred[i] = '*'
				}
			}
		}
		digits = 0
	}
	for i := range len(s) {
		switch {
		case isDigit(s[i]):
			if digits == 0 {
				run = i
			}
			digits++
		case digits > 0 && (s[i] == ' ' || s[i] == '-') && i+1 < len(s) && isDigit(s[i+1]):
		default:
			end(i)
		}
	}
	end(len(s))
	if starred == nil {
		return s
	}
	return string(starred)
}

func isDigit(b byte) bool { return b >= '0' && b <= '9' }

// Clean returns the answer with every text of it clean, and a Reason that is in
// the list: an unknown one is UnknownReason.
func (a Answer) Clean() Answer {
	a.BankCode, a.BankMessage = CleanWords(a.BankCode, MaxText), CleanWords(a.BankMessage, MaxText)
	a.TransactionID, a.HostReference = Clean(a.TransactionID, MaxText), Clean(a.HostReference, MaxText)
	a.AuthCode = Clean(a.AuthCode, MaxText)
	if a.Reason != "" && !a.Reason.Known() {
		a.Reason = UnknownReason
	}
	return a
}

// Clean returns the authentication with every text of it clean.
func (a Authentication) Clean() Authentication {
	a.Reference = Clean(a.Reference, MaxText)
	a.Token, a.XID = Clean(a.Token, MaxProof), Clean(a.XID, MaxProof)
	a.ECI, a.CAVV = Clean(a.ECI, MaxProof), Clean(a.CAVV, MaxProof)
	a.Answer = a.Answer.Clean()
	return a
}
