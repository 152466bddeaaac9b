package e2e_test

import (
	"bytes"
	"crypto/md5"  //nolint:gosec // a form in which a number might have been left, not a protection
	"crypto/sha1" //nolint:gosec // as above
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"io/fs"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"unicode/utf16"
)

// leak is a place where a card or a secret was found. It never holds it.
type leak struct{ file, form string }

func (l leak) String() string { return l.form + " in " + l.file }

// search looks for card numbers and verification values in bytes, in every form
// in which one could have been left without meaning to hide it.
type search struct {
	forms map[[prefixLen]byte][]form
	// first marks the three bytes that forms begin with, so that almost every
	// position of a file is passed by with one look.
	first []uint64
}

// prefixLen is the length of the shortest form: 14 digits as packed decimals.
const prefixLen = 6

type form struct {
	name string
	text []byte
}

func newSearch(numbers, codes []string) *search {
	s := &search{forms: make(map[[prefixLen]byte][]form), first: make([]uint64, 1<<24/64)}
	for _, n := range numbers {
		for _, f := range formsOf(n) {
			s.add(f)
		}
	}
	for _, c := range codes {
		// Three digits alone are everywhere; what marks a code is its name.
		for _, name := range []string{"cvv", "CVV", "cvc", "CVC", "cvv2", "Cvv2Val", "securityCode"} {
			for _, between := range []string{`":"`, `": "`, `\":\"`, `=`, `:`, `: `, `="`, `>`, `:"`} {
				if text := name + between + c; len(text) >= prefixLen {
					s.add(form{"a verification value by its name", []byte(text)})
				}
			}
		}
	}
	return s
}

// addSecret adds a secret that is text, such as a key or a token. A digest of one
// may be kept: unlike a card's number it cannot be guessed.
func (s *search) addSecret(name, value string) {
	text := []byte(value)
	for _, f := range append(spellings(name, text),
		form{name + " in hexadecimal", []byte(hex.EncodeToString(text))},
		form{name + " in a URL", []byte(url.QueryEscape(value))},
	) {
		s.add(f)
	}
	for _, encoding := range []*base64.Encoding{base64.RawURLEncoding, base64.RawStdEncoding} {
		if raw, err := encoding.DecodeString(strings.TrimRight(value, "=")); err == nil && len(raw) >= rawSecret {
			s.add(form{name + " decoded", raw})
			s.add(form{name + " decoded, in hexadecimal", []byte(hex.EncodeToString(raw))})
		}
	}
}

// rawSecret is the length from which the bytes of a decoded secret are none by
// accident.
const rawSecret = 12

func (s *search) add(f form) {
	key := [prefixLen]byte(f.text)
	s.forms[key] = append(s.forms[key], f)
	at := three(f.text)
	s.first[at/64] |= 1 << (at % 64)
}

//go:norace
func three(b []byte) uint32 { return uint32(b[0])<<16 | uint32(b[1])<<8 | uint32(b[2]) }

// formsOf returns a number as text, as characters of two bytes, grouped, encoded,
// packed, as an integer, and as a digest that anyone could guess it from.
func formsOf(number string) []form {
	text := []byte(number)
	groups := make([]string, 0, 5)
	for chunk := range slices.Chunk(text, 4) {
		groups = append(groups, string(chunk))
	}
	all := append(spellings("a card number", text),
		form{"a card number with spaces", []byte(strings.Join(groups, " "))},
		form{"a card number with hyphens", []byte(strings.Join(groups, "-"))},
		form{"a card number in hexadecimal", []byte(hex.EncodeToString(text))},
	)
	if !strings.Contains(number, "000000") {
		// Packed, a number of mostly zeros is what binary files are full of.
		all = append(all, form{"a card number in packed decimals", packed(number)})
	}
	if n, err := strconv.ParseInt(number, 10, 64); err == nil {
		all = append(all,
			form{"a card number as an integer", binary.BigEndian.AppendUint64(nil, uint64(n))},
			form{"a card number as an integer", binary.LittleEndian.AppendUint64(nil, uint64(n))})
	}
	m, one, two := md5.Sum(text), sha1.Sum(text), sha256.Sum256(text) //nolint:gosec // see the imports
	for _, sum := range [][]byte{m[:], one[:], two[:]} {
		all = append(all,
			form{"an unkeyed digest of a card number", sum},
			form{"an unkeyed digest of a card number", []byte(hex.EncodeToString(sum))},
			form{"an unkeyed digest of a card number", []byte(base64.StdEncoding.EncodeToString(sum)[:20])})
	}
	return all
}

// spellings returns a text as it is, as characters of two bytes, and in base64.
func spellings(name string, text []byte) []form {
	little, big := make([]byte, 0, 2*len(text)), make([]byte, 0, 2*len(text))
	for _, u := range utf16.Encode([]rune(string(text))) {
		little, big = binary.LittleEndian.AppendUint16(little, u), binary.BigEndian.AppendUint16(big, u)
	}
	all := []form{{name, text}, {name + " in UTF-16LE", little}, {name + " in UTF-16BE", big}}
	for shift := range 3 {
		all = append(all, form{name + " in base64", base64At(text, shift)})
	}
	return all
}

// packed writes two digits into a byte.
func packed(number string) []byte {
	if len(number)%2 == 1 {
		number += "F"
	}
	b, err := hex.DecodeString(number)
	if err != nil {
		panic("not digits") // the test's own numbers
	}
	return b
}

// base64At returns the characters that only depend on the text when it stands
// shift bytes after a boundary of the encoding.
func base64At(text []byte, shift int) []byte {
	encoded := base64.RawStdEncoding.EncodeToString(append(make([]byte, shift), text...))
	end := (shift + len(text)) * 8 / 6
	return []byte(encoded[(shift*8+5)/6 : end])
}

// tree searches every file below the directory, and the names of the files.
func (s *search) tree(dir string) ([]leak, int, error) {
	var found []leak
	files := 0
	err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return ignoreGone(err)
		}
		name, err := filepath.Rel(dir, path)
		if err != nil {
			return err
		}
		found = append(found, s.bytes(name, []byte(name))...)
		if !d.Type().IsRegular() {
			return nil
		}
		content, err := os.ReadFile(path)
		if err != nil {
			return ignoreGone(err)
		}
		files++
		found = append(found, s.bytes(name, content)...)
		return nil
	})
	if err != nil {
		return nil, 0, fmt.Errorf("search %s: %w", dir, err)
	}
	return found, files, nil
}

// ignoreGone lets a running database remove its temporary files.
func ignoreGone(err error) error {
	if os.IsNotExist(err) {
		return nil
	}
	return err
}

// bytes searches a file's content; each form is told once. The race detector
// would look at each of a hundred million bytes that nobody else can see.
//
//go:norace
func (s *search) bytes(file string, content []byte) []leak {
	var found []leak
	for i := 0; i+prefixLen <= len(content); i++ {
		at := three(content[i:])
		if s.first[at/64]&(1<<(at%64)) == 0 {
			continue
		}
		for _, f := range s.forms[[prefixLen]byte(content[i:])] {
			l := leak{file, f.name}
			if bytes.HasPrefix(content[i:], f.text) && !slices.Contains(found, l) {
				found = append(found, l)
			}
		}
	}
	return found
}
