// Package keyword compares words that people type into files and settings: names
// of columns, schemes, types, yes and no.
package keyword

import (
	"strings"
	"unicode"
)

// dotAbove is a dot of its own over the letter before it: what Unicode's lower
// case leaves behind the i of a Turkish capital.
const dotAbove = '\u0307'

// Fold returns a word in lower case, without space around it, and with one i for
// all: Turkish has two pairs of them, I with ı and İ with i, and a Turkish
// spreadsheet writes VİSA and DEBİT where another one writes VISA and DEBIT.
func Fold(s string) string {
	return strings.Map(func(r rune) rune {
		switch r {
		case 'I', 'İ', 'ı':
			return 'i'
		case dotAbove:
			return -1
		}
		return unicode.ToLower(r)
	}, strings.TrimSpace(s))
}

// Same reports whether two words are one, whatever their case.
func Same(a, b string) bool { return Fold(a) == Fold(b) }
