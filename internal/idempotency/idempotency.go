// Package idempotency lets a caller repeat a request without repeating its
// effect: a key, claimed in the same commit as the effect, leads back to it.
package idempotency

import (
	"time"

	"github.com/vezne/vezne/internal/id"
)

// Window is how long a key is kept at least.
const Window = 24 * time.Hour

// Key is what a caller sent, with a keyed hash of the request (method, path and
// body), so that the same key with another request is noticed without keeping
// the request. The zero Key is "no key sent".
type Key struct {
	Value string
	Hash  [32]byte
}

// IsZero reports whether no key was sent.
func (k Key) IsZero() bool { return k.Value == "" }

// Record is a claimed key and the effect it leads to.
type Record struct {
	MerchantID id.Merchant
	Key        Key
	PaymentID  id.Payment
	// AskID is the first operation that the request caused, zero for none.
	AskID     id.Operation
	CreatedAt time.Time
}

// Tx queues claims in a write transaction.
type Tx interface {
	// ClaimKey fails the commit with fault.IdempotencyKeyTaken if the merchant has
	// used the key within Window.
	ClaimKey(r Record)
}
