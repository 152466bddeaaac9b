package kit

import (
	"bytes"
	"errors"
	"io"
	"mime/multipart"
	"net/url"
	"unicode/utf8"

	"github.com/go-json-experiment/json/jsontext"

	"github.com/vezne/vezne/internal/fault"
)

var errForm = fault.New(fault.Invalid, fault.MalformedJSON, "the body must be one well-formed form in UTF-8")

// parseForm reads a form into what a JSON object is read into, so that a surface
// has one set of rules for both. A field without text is null, as a browser has no
// other way to say so; a field that comes more than once is an array.
func parseForm(body []byte, m media) (*Object, error) {
	values, err := formValues(body, m)
	if err != nil {
		return nil, err
	}
	members := make(map[string]jsontext.Value, len(values))
	for name, all := range values {
		v, err := formMember(all)
		if err != nil || !utf8.ValidString(name) {
			return nil, errForm
		}
		members[name] = v
	}
	return &Object{members: members, form: true}, nil
}

// formMember is what JSON says for the values of a field.
func formMember(values []string) (jsontext.Value, error) {
	if len(values) == 1 && values[0] == "" {
		return jsontext.Value("null"), nil
	}
	if len(values) == 1 {
		return jsontext.AppendQuote(nil, values[0])
	}
	list := jsontext.Value("[")
	for i, s := range values {
		if i > 0 {
			list = append(list, ',')
		}
		var err error
		if list, err = jsontext.AppendQuote(list, s); err != nil {
			return nil, err
		}
	}
	return append(list, ']'), nil
}

func formValues(body []byte, m media) (url.Values, error) {
	if m.boundary != "" {
		return multipartValues(body, m.boundary)
	}
	values, err := url.ParseQuery(string(body))
	if err != nil {
		return nil, errForm
	}
	return values, nil
}

// maxParts bounds how many parts are read of a multipart form, each of which
// costs far more than its bytes.
const maxParts = 200

// multipartValues reads the fields of a form (RFC 7578). Files are refused: no
// surface takes one in a form.
func multipartValues(body []byte, boundary string) (url.Values, error) {
	values := make(url.Values)
	reader := multipart.NewReader(bytes.NewReader(body), boundary)
	for range maxParts {
		part, err := reader.NextPart()
		if errors.Is(err, io.EOF) {
			return values, nil
		}
		if err != nil || part.FormName() == "" || part.FileName() != "" {
			return nil, errForm
		}
		text, err := io.ReadAll(part)
		if err != nil {
			return nil, errForm
		}
		values.Add(part.FormName(), string(text))
	}
	return nil, errForm
}
