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
type Bytes struct{ b []byte }

// New takes ownership of b as a secret.
func New(b []byte) Bytes { return Bytes{b: b} }

// FromString copies s into a secret.
func FromString(s string) Bytes { return Bytes{b: []byte(s)} }

// Reveal returns the secret itself. The caller must not keep, print or change it.
func (s Bytes) Reveal() []byte { return s.b }

// IsEmpty reports whether there is no secret.
func (s Bytes) IsEmpty() bool { return len(s.b) == 0 }

// Equal reports whether both secrets are the same, in a time that depends on
// their lengths only.
func (s Bytes) Equal(o Bytes) bool { return subtle.ConstantTimeCompare(s.b, o.b) == 1 }

// Wipe overwrites the secret with zeros.
func (s Bytes) Wipe() { clear(s.b) }

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
