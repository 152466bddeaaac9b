package kit

import (
	"bytes"
	"io"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"github.com/go-json-experiment/json/jsontext"
)

// The forms that a body may be written in. What stands before a body keeps the
// forms apart: one that cannot be read is another request than any that can.
const (
	askedJSON = "json"
	askedForm = "form"
	askedRaw  = "raw"
)

// writeAsked writes what a request asks for: its method, path, query and body, so
// that the same request is the same bytes however it was written, and any other is
// others. None of the parts before the body can hold the byte 0 that ends them.
func writeAsked(w io.Writer, r *http.Request, sent []byte, m media) {
	form, body := askedBody(sent, m)
	for _, part := range []string{r.Method, askedPath(r.URL), askedQuery(r.URL), form} {
		_, _ = io.WriteString(w, part+"\x00") // a hash never fails
	}
	if form == askedJSON {
		writeNumbers(w, body)
	} else {
		_, _ = w.Write(body)
	}
	if form != askedRaw {
		clear(body[:cap(body)]) // a copy, which may hold a card number
	}
}

// askedPath is a path whose segments are escaped in one way.
func askedPath(u *url.URL) string {
	segments := strings.Split(u.EscapedPath(), "/")
	for i, s := range segments {
		if plain, err := url.PathUnescape(s); err == nil {
			segments[i] = url.PathEscape(plain)
		}
	}
	return strings.Join(segments, "/")
}

// askedQuery is a query whose parameters are in order and escaped in one way.
// Those of one name keep their order, which may mean something.
func askedQuery(u *url.URL) string {
	values, err := url.ParseQuery(u.RawQuery)
	if err != nil {
		return u.RawQuery
	}
	return values.Encode()
}

// askedBody returns a body in one way of writing it, and which form that is.
func askedBody(sent []byte, m media) (string, []byte) {
	switch {
	case m.raw:
	case m.form:
		if values, err := formValues(sent, m); err == nil {
			return askedForm, sortedPairs(values)
		}
	default:
		v := jsontext.Value(bytes.Clone(withoutMark(sent)))
		if v.Format(jsontext.ReorderRawObjects(true)) == nil {
			return askedJSON, v
		}
	}
	return askedRaw, sent
}

// sortedPairs writes a form like a query: a text is compared as a text, because
// only its reader knows which of them are numbers.
func sortedPairs(values url.Values) []byte {
	var b []byte
	for _, name := range slices.Sorted(maps.Keys(values)) {
		for _, v := range values[name] {
			b = append(append(b, url.QueryEscape(name)...), '=')
			b = append(append(b, url.QueryEscape(v)...), '&')
		}
	}
	return b
}

// writeNumbers writes a JSON text, of which blanks, escapes and the order of
// members are in their one way already, with its numbers in theirs.
func writeNumbers(w io.Writer, v []byte) {
	written := 0
	for i := 0; i < len(v); {
		switch c := v[i]; {
		case c == '"':
			i = afterString(v, i)
		case c == '-' || isDigit(c):
			end := i
			for end < len(v) && isNumberByte(v[end]) {
				end++
			}
			_, _ = w.Write(v[written:i]) // a hash never fails
			_, _ = io.WriteString(w, askedNumber(string(v[i:end])))
			i, written = end, end
		default:
			i++
		}
	}
	_, _ = w.Write(v[written:])
}

// afterString returns the place after the string that begins at a place.
func afterString(v []byte, i int) int {
	for i++; i < len(v) && v[i] != '"'; i++ {
		if v[i] == '\\' {
			i++
		}
	}
	return i + 1
}

func isNumberByte(b byte) bool {
	return isDigit(b) || b == '-' || b == '+' || b == '.' || b == 'e' || b == 'E'
}

// askedNumber writes a JSON number as its significant digits and a power of ten,
// exactly: 10, 10.00 and 1E1 are 1e1, and 0.10 is 1e-1. One whose power is beyond
// counting stays as it is.
func askedNumber(s string) string {
	mantissa, power, _ := strings.Cut(strings.ToLower(s), "e")
	exponent := 0
	if power != "" {
		n, err := strconv.ParseInt(power, 10, 32)
		if err != nil {
			return s
		}
		exponent = int(n)
	}
	digits, negative := strings.CutPrefix(mantissa, "-")
	whole, fraction, _ := strings.Cut(digits, ".")
	digits = whole + fraction
	significant := strings.TrimRight(digits, "0")
	exponent += len(digits) - len(significant) - len(fraction)
	significant = strings.TrimLeft(significant, "0")
	if significant == "" {
		return "0"
	}
	if negative {
		significant = "-" + significant
	}
	return significant + "e" + strconv.Itoa(exponent)
}
