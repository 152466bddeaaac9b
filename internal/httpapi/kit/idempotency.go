package kit

import (
	"crypto/hmac"
	"crypto/sha256"
	"net/http"

	"github.com/vezne/vezne/internal/fault"
	"github.com/vezne/vezne/internal/idempotency"
)

// maxKey is how long an idempotency key may be: long enough for any UUID or
// hash, short enough for an index.
const maxKey = 255

const keyHeader = "Idempotency-Key"

// idempotencyKey reads the header. The request itself is remembered as a keyed
// hash only, because a plain hash of a body with a card number can be guessed.
func (k *Kit) idempotencyKey(r *http.Request, body []byte) (idempotency.Key, error) {
	values := r.Header.Values(keyHeader)
	if len(values) == 0 {
		return idempotency.Key{}, nil
	}
	if len(values) > 1 {
		return idempotency.Key{}, badKey(fault.FieldInvalid, "must be sent once")
	}
	if len(values[0]) > maxKey {
		return idempotency.Key{}, badKey(fault.FieldTooLong, "must have at most 255 characters")
	}
	if !isPrintable(values[0]) {
		return idempotency.Key{}, badKey(fault.FieldInvalid, "must have 1 to 255 printable ASCII characters")
	}
	key := idempotency.Key{Value: values[0]}
	mac := hmac.New(sha256.New, k.hashKey.Reveal())
	for _, part := range [][]byte{[]byte(r.Method), {0}, []byte(r.URL.EscapedPath()), {0}, body} {
		_, _ = mac.Write(part) // a hash never fails
	}
	mac.Sum(key.Hash[:0])
	return key, nil
}

func badKey(code fault.FieldCode, message string) error {
	return fault.Validation(fault.Field{Name: keyHeader, Code: code, Message: message})
}

func isPrintable(s string) bool {
	for i := range len(s) {
		if s[i] < ' ' || s[i] > '~' {
			return false
		}
	}
	return s != ""
}
