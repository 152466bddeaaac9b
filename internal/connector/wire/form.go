package wire

import (
	"errors"
	"fmt"
	"net/url"
	"strings"

	"github.com/vezne/vezne/internal/connector"
)

// ErrForm is a form that cannot be written or read.
var ErrForm = errors.New("malformed form")

// EncodeForm writes fields as application/x-www-form-urlencoded in a charset, in
// their order, which url.Values would lose. Every byte but letters, digits and -._~
// is percent-encoded, a blank is +. It fails with ErrForm if the charset lacks a
// letter.
func EncodeForm(fields []connector.Field, c connector.Charset) ([]byte, error) {
	var b strings.Builder
	for i, f := range fields {
		name, known := c.Encode(f.Name)
		value, alsoKnown := c.Encode(f.Value)
		if !known || !alsoKnown {
			return nil, fmt.Errorf("%w: a letter is not in its charset", ErrForm)
		}
		if i > 0 {
			b.WriteByte('&')
		}
		b.WriteString(url.QueryEscape(name) + "=" + url.QueryEscape(value))
	}
	return []byte(b.String()), nil
}

// DecodeForm reads a body of application/x-www-form-urlencoded, or a query, by the
// charset that the request or the bank says; see connector.DecodeReturn.
func DecodeForm(body []byte, said string, known connector.Charset) (connector.ReturnForm, error) {
	if len(body) > MaxBody {
		return connector.ReturnForm{}, fmt.Errorf("%w: too long", ErrForm)
	}
	fields, err := url.ParseQuery(string(body))
	if err != nil {
		return connector.ReturnForm{}, ErrForm // the cause quotes it
	}
	return connector.DecodeReturn(fields, said, known), nil
}
