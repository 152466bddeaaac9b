package kit

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
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

// idempotencyKey reads the header of a name, which is empty if there is none to
// read. The request itself is remembered as a keyed hash only, because a plain
// hash of a body with a card number can be guessed.
func (k *Kit) idempotencyKey(r *http.Request, header string, body []byte) (idempotency.Key, error) {
	if header == "" {
		return idempotency.Key{}, nil
	}
	values := r.Header.Values(header)
	if len(values) == 0 {
		return idempotency.Key{}, nil
	}
	if len(values) > 1 {
		return idempotency.Key{}, badKey(header, fault.FieldInvalid, "must be sent once")
	}
	if len(values[0]) > maxKey {
		return idempotency.Key{}, badKey(header, fault.FieldTooLong, "must have at most 255 characters")
	}
	if !isPrintable(values[0]) {
		return idempotency.Key{}, badKey(header, fault.FieldInvalid, "must have 1 to 255 printable ASCII characters")
	}
	key := idempotency.Key{Value: values[0]}
	mac := hmac.New(sha256.New, k.hashKey.Reveal())
	for _, part := range [][]byte{[]byte(r.Method), {0}, []byte(r.URL.EscapedPath()), {0}, body} {
		_, _ = mac.Write(part) // a hash never fails
	}
	mac.Sum(key.Hash[:0])
	return key, nil
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
