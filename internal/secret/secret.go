// Package secret holds values that must never be printed, logged or marshalled:
// API secrets, keys, tokens. Every way of turning one into text yields a
// placeholder; only Reveal gives the bytes, so a reader can grep for each use.
package secret

import (
	"crypto/subtle"
	"fmt"
	"log/slog"
)

const placeholder = "[secret]"

// Bytes is a secret value. The zero value is an empty secret. It is safe for
// concurrent use as long as nobody calls Wipe.
type Bytes struct {
	// Secrets are compared with Equal: == would compare the pointers.
	_ [0]func()
	// Package fmt calls no method of a value that sits in an unexported field of
	// another struct, and would print plain bytes there. It follows one pointer
	// to a slice when a verb does not fit, and of a second prints the address.
	b **[]byte
}

// New takes ownership of b as a secret.
func New(b []byte) Bytes {
	p := &b
	return Bytes{b: &p}
}

// FromString copies s into a secret.
func FromString(s string) Bytes { return New([]byte(s)) }

// Reveal returns the secret itself. The caller must not keep, print or change it.
func (s Bytes) Reveal() []byte {
	if s.b == nil {
		return nil
	}
	return **s.b
}

// IsEmpty reports whether there is no secret.
func (s Bytes) IsEmpty() bool { return len(s.Reveal()) == 0 }

// Equal reports whether both secrets are the same, in a time that depends on
// their lengths only.
func (s Bytes) Equal(o Bytes) bool { return subtle.ConstantTimeCompare(s.Reveal(), o.Reveal()) == 1 }

// Wipe overwrites the secret with zeros.
func (s Bytes) Wipe() { clear(s.Reveal()) }

// String returns a placeholder.
func (Bytes) String() string { return placeholder }

// GoString returns a placeholder.
func (Bytes) GoString() string { return placeholder }

// Format writes a placeholder for every verb.
func (Bytes) Format(f fmt.State, _ rune) { _, _ = f.Write([]byte(placeholder)) } // fmt.State never fails

// MarshalText returns a placeholder.
func (Bytes) MarshalText() ([]byte, error) { return []byte(placeholder), nil }

// LogValue returns a placeholder.
func (Bytes) LogValue() slog.Value { return slog.StringValue(placeholder) }
