package idempotency

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/binary"
	"fmt"
	"io"

	"github.com/vezne/vezne/internal/id"
	"github.com/vezne/vezne/internal/secret"
)

// minHashKey is the shortest accepted key of a Hasher: as long as the output of
// SHA-256, below which RFC 2104 section 3 calls a key weak.
const minHashKey = 32

// What is hashed begins with what it is, so that no value is ever a request.
const (
	ofValue   = "value\x00"
	ofRequest = "request\x00"
)

// Hasher makes keys of what callers send: HMAC-SHA256, because a plain hash of a
// body with a card number, or of a card number that somebody uses as a key, can be
// guessed. It is safe for concurrent use.
type Hasher struct{ key secret.Bytes }

// NewHasher returns a Hasher. All nodes need the same key, today and after a
// restart. A key of less than 32 bytes is an error.
func NewHasher(key secret.Bytes) (Hasher, error) {
	if n := len(key.Reveal()); n < minHashKey {
		return Hasher{}, fmt.Errorf("idempotency: hash key has %d bytes, want at least %d", n, minHashKey)
	}
	return Hasher{key: key}, nil
}

// Key returns the Key of what a merchant's caller sent with a request. The request
// is what is written to w: the same bytes for the same request however it was
// written, and other bytes for any other.
func (h Hasher) Key(m id.Merchant, sent string, request func(w io.Writer)) Key {
	var key Key
	mac := hmac.New(sha256.New, h.key.Reveal()) // a hash never fails
	_, _ = io.WriteString(mac, ofValue)
	_, _ = mac.Write(binary.BigEndian.AppendUint64(nil, uint64(m))) //nolint:gosec // ids are positive
	_, _ = io.WriteString(mac, sent)
	mac.Sum(key.Value[:0])
	mac.Reset()
	_, _ = io.WriteString(mac, ofRequest)
	request(mac)
	mac.Sum(key.Request[:0])
	return key
}

// Own returns the key of a request that the house makes by itself, told by its
// name. No caller can send it: that would take a text with a given keyed hash.
func Own(name string) Key {
	hash := sha256.Sum256([]byte(name))
	return Key{Value: hash, Request: hash}
}
