package user

import (
	"bytes"
	"compress/gzip"
	_ "embed" // the list
	"io"
	"strings"
	"sync"
	"unicode"
)

// commonPasswords is the list of Django 5.2 (django/contrib/auth), lower-case, one a
// line (docs/adr/0001-dependencies.md).
//
//go:embed common-passwords.txt.gz
var commonPasswords []byte

const (
	// maxDecoration is how much may be put before and after a common password, and
	// leave it one: a year with its mark, or a row of digits.
	maxDecoration = 6
	// minStem is how short what is left may be; a shorter one says nothing.
	minStem = 4
)

// lookalikes are what people write for letters, in both readings of the one that has
// two; everybody who guesses knows them.
var lookalikes = [...]*strings.Replacer{
	strings.NewReplacer("0", "o", "1", "l", "3", "e", "4", "a", "5", "s", "7", "t", "@", "a", "$", "s", "!", "i"),
	strings.NewReplacer("0", "o", "1", "i", "3", "e", "4", "a", "5", "s", "7", "t", "@", "a", "$", "s", "!", "i"),
}

// common reads the list when it is asked for the first time: most processes never do.
var common = sync.OnceValues(func() (map[string]bool, error) {
	r, err := gzip.NewReader(bytes.NewReader(commonPasswords))
	if err != nil {
		return nil, err //nolint:wrapcheck // the one caller says what it is about
	}
	text, err := io.ReadAll(r)
	if err != nil {
		return nil, err //nolint:wrapcheck // as above
	}
	all := make(map[string]bool)
	for line := range strings.Lines(string(text)) {
		all[strings.TrimSpace(line)] = true
	}
	return all, nil
})

// isCommon reports whether a password is one of those that are guessed first: on the
// list, by itself or repeated, with lookalikes for letters, or with a few digits and
// marks around it.
func isCommon(password string) (bool, error) {
	list, err := common()
	if err != nil {
		return false, err
	}
	p := unit(strings.ToLower(password))
	if len(p) < minStem { // a few characters again and again
		return true, nil
	}
	for _, form := range []string{p, stem(p)} {
		if len(form) < minStem {
			continue
		}
		if list[form] || list[lookalikes[0].Replace(form)] || list[lookalikes[1].Replace(form)] {
			return true, nil
		}
	}
	return false, nil
}

// unit returns what a text is a repetition of, the text itself if of nothing shorter.
func unit(s string) string {
	if n := strings.Index((s + s)[min(1, len(s)):], s) + 1; n > 0 && n < len(s) {
		return s[:n]
	}
	return s
}

// stem cuts digits and marks off both ends, if there are few.
func stem(s string) string {
	bare := strings.TrimFunc(s, func(r rune) bool { return !unicode.IsLetter(r) })
	if len(s)-len(bare) > maxDecoration {
		return s
	}
	return bare
}
