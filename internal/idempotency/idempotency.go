// Package idempotency lets a caller repeat a request without repeating its
// effect: a key, claimed in the same commit as the effect, leads back to it.
//
// A noun whose commands may be repeated declares its Kind, has Claims for it,
// queues the claim beside what the command stores (Claims.Claim), and answers a
// repeated command by Replay, with a function that loads the answer. When the
// commit fails with fault.IdempotencyKeyTaken, a rival was quicker, and
// ReplayTaken has its answer. The package's example is such a noun. How long a key
// is kept, and what is the same request, is decided here alone.
package idempotency

import (
	"context"
	"time"

	"github.com/vezne/vezne/internal/id"
)

// Window is how long a key is kept at least.
const Window = 24 * time.Hour

// Outlived reports whether what was asked at one time is repeated too late at
// another to be given the first answer.
func Outlived(asked, now time.Time) bool { return now.Sub(asked) >= Window }

// Key is what a caller sent and the request that it was sent with, both as keyed
// hashes made by a Hasher: what is stored tells neither, not even to whoever tries
// card numbers against it. The zero Key is "no key sent".
type Key struct {
	// Value is the hash of what was sent, bound to the caller's merchant.
	Value [32]byte
	// Request is the hash of what was asked, by which the same key with another
	// request is noticed.
	Request [32]byte
}

// IsZero reports whether no key was sent.
func (k Key) IsZero() bool { return k.Value == [32]byte{} }

// Kind is a noun whose commands claim keys. Each noun declares its own.
type Kind string

// Subject is what a command led to, as its noun knows it. It never holds card
// data: it is stored as it stands.
type Subject struct {
	// Number is that of the subject among those of its kind, zero if it has none.
	Number int64
	// UUID is the subject's public id, zero if it needs none.
	UUID id.UUID
	// Result is what else the noun needs to give its first answer again, such as the
	// number of the operation that the answer was about: at most 255 characters, in a
	// form of the noun's choosing. A longer one fails the commit.
	Result string
}

// Record is a claimed key and what it leads to.
type Record struct {
	MerchantID id.Merchant
	Key        Key
	Kind       Kind
	Subject    Subject
	CreatedAt  time.Time
}

// Tx queues claims in a write transaction.
type Tx interface {
	// ClaimKey fails the commit with fault.IdempotencyKeyTaken if the merchant has
	// used the key within Window.
	ClaimKey(r Record)
}

// Finder reads claims.
type Finder interface {
	// ClaimedKey returns the claim of a merchant's key by its Value; one that nobody
	// has claimed is fault.NoSuchThing. One older than Window may still be returned.
	ClaimedKey(ctx context.Context, m id.Merchant, value [32]byte) (Record, error)
}
