package connector

import (
	"net/url"
	"strings"
	"unicode/utf8"

	"golang.org/x/text/encoding/charmap"
)

// Charset is how a bank writes text as bytes.
type Charset string

// The charsets. ISO-8859-9 is read as browsers read it (WHATWG Encoding Standard,
// "windows-1254"): the two differ in control characters alone.
const (
	UTF8        Charset = "utf-8"
	ISO88599    Charset = "iso-8859-9"
	Windows1254 Charset = "windows-1254"
)

// ParseCharset reads a name as it stands in a Content-Type, in the prolog of XML
// or in a form's _charset_. ISO-8859-1 is windows-1254 too, for a Turkish bank that
// says so (Kuveyt Türk) has letters of Turkish and not of Icelandic in the six
// places where these differ. It is empty for a name of any other charset.
func ParseCharset(name string) Charset {
	switch strings.ToLower(strings.Trim(name, " \t\"'")) {
	case "utf-8", "utf8", "us-ascii", "ascii":
		return UTF8
	case "iso-8859-9", "iso8859-9", "iso_8859-9", "latin5", "l5":
		return ISO88599
	case "windows-1254", "cp1254", "x-cp1254", "iso-8859-1", "latin1":
		return Windows1254
	}
	return ""
}

// Decode returns the text of bytes; what cannot be text of the charset becomes
// U+FFFD. The empty Charset is UTF-8. Bytes that are UTF-8 are read as such
// whatever the charset, because banks that moved to it go on saying otherwise,
// while no Turkish text in another charset happens to be UTF-8.
func (c Charset) Decode(b string) string {
	if utf8.ValidString(b) {
		return b
	}
	if c != ISO88599 && c != Windows1254 {
		return strings.ToValidUTF8(b, string(utf8.RuneError))
	}
	var text strings.Builder
	text.Grow(len(b) + len(b)/4)
	for i := range len(b) {
		text.WriteRune(charmap.Windows1254.DecodeByte(b[i]))
	}
	return text.String()
}

// Encode returns text as the charset's bytes, for MACs that a bank computes over
// them and for forms. It is not ok if the charset lacks a character.
func (c Charset) Encode(text string) (b string, ok bool) {
	if c != ISO88599 && c != Windows1254 {
		return text, utf8.ValidString(text)
	}
	out := make([]byte, 0, len(text))
	for _, r := range text {
		e, known := charmap.Windows1254.EncodeRune(r)
		if !known || r == utf8.RuneError {
			return "", false
		}
		out = append(out, e)
	}
	return string(out), true
}

// ReturnForm is the form with which a bank sends a payer back: as text to read,
// and as bytes for MACs that the bank computes over them. Names are those on the
// wire; a field that is missing and one that is empty are told apart by len.
type ReturnForm struct {
	Text  url.Values
	Bytes url.Values
}

// DecodeReturn makes a ReturnForm of percent-decoded fields. The charset is what
// the request's Content-Type or the form's field _charset_ says, or else the one
// that the bank is known for; a form that is UTF-8 as a whole is taken as that.
func DecodeReturn(fields url.Values, said string, known Charset) ReturnForm {
	if c := ParseCharset(said); c != "" {
		known = c
	} else if c := ParseCharset(fields.Get("_charset_")); c != "" {
		known = c
	}
	if isUTF8(fields) {
		return ReturnForm{Text: fields, Bytes: fields}
	}
	text := make(url.Values, len(fields))
	for name, values := range fields {
		decoded := make([]string, len(values))
		for i, v := range values {
			decoded[i] = known.text(v)
		}
		text[known.text(name)] = decoded
	}
	return ReturnForm{Text: text, Bytes: fields}
}

// text decodes a part of a form which is not UTF-8 as a whole, so that a part
// that looks like it is read like the others.
func (c Charset) text(b string) string {
	if c != ISO88599 && c != Windows1254 {
		return c.Decode(b)
	}
	var text strings.Builder
	for i := range len(b) {
		text.WriteRune(charmap.Windows1254.DecodeByte(b[i]))
	}
	return text.String()
}

func isUTF8(fields url.Values) bool {
	for name, values := range fields {
		if !utf8.ValidString(name) {
			return false
		}
		for _, v := range values {
			if !utf8.ValidString(v) {
				return false
			}
		}
	}
	return true
}

// Get returns the text of a field, empty if it is missing.
func (f ReturnForm) Get(name string) string { return f.Text.Get(name) }

// Once returns the text of a field that must be there exactly once.
func (f ReturnForm) Once(name string) (string, bool) {
	if len(f.Text[name]) != 1 {
		return "", false
	}
	return f.Text[name][0], true
}
