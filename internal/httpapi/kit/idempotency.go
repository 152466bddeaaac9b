package kit

import (
	"context"
	"io"
	"net/http"
	"slices"

	"github.com/vezne/vezne/internal/fault"
	"github.com/vezne/vezne/internal/idempotency"
)

// maxKey is how long an idempotency key may be: long enough for any UUID or
// hash, short enough for an index.
const maxKey = 255

// Keys is how a surface takes idempotency keys. The zero value takes none.
type Keys[P any] struct {
	// Header carries the key, by the name that callers know; it also names the field
	// when the key is wrong.
	Header string
	// Except are methods that change something and whose key is ignored all the same.
	Except []string
	// Check refuses a key that another request has used. It is asked about requests
	// that are invalid in themselves, for the reuse is the graver mistake; nil asks
	// nobody.
	Check func(ctx context.Context, p P, key idempotency.Key) error
}

// header names the header in which a request of the method has its key, empty if
// it has none.
func (k Keys[P]) header(method string) string {
	if slices.Contains(k.Except, method) {
		return ""
	}
	return k.Header
}

// sentKey reads the header of a name, which is empty if there is none to read, and
// returns what was sent, empty for nothing.
func sentKey(h http.Header, header string) (string, error) {
	if header == "" {
		return "", nil
	}
	values := h.Values(header)
	switch {
	case len(values) == 0:
		return "", nil
	case len(values) > 1:
		return "", badKey(header, fault.FieldInvalid, "must be sent once")
	case len(values[0]) > maxKey:
		return "", badKey(header, fault.FieldTooLong, "must have at most 255 characters")
	case !isPrintable(values[0]):
		return "", badKey(header, fault.FieldInvalid, "must have 1 to 255 printable ASCII characters")
	}
	return values[0], nil
}

// key returns the idempotency key of a request, which is remembered together with
// what was asked.
func (h *surfaceHandler[P]) key(x *exchange, r *http.Request, sent []byte, m media) (idempotency.Key, error) {
	value, err := sentKey(r.Header, h.surface.Keys.header(r.Method))
	if err != nil || value == "" {
		return idempotency.Key{}, err
	}
	return h.kit.keys.Key(x.merchant, value, func(w io.Writer) { writeAsked(w, r, sent, m) }), nil
}

func badKey(header string, code fault.FieldCode, message string) error {
	return fault.Validation(fault.Field{Name: header, Code: code, Message: message})
}

func isPrintable(s string) bool {
	for i := range len(s) {
		if s[i] < ' ' || s[i] > '~' {
			return false
		}
	}
	return s != ""
}
