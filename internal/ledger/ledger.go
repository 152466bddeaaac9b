// Package ledger keeps the books: double entries for every movement of money,
// posted in the same commit as the movement itself, each with the source that
// caused it. Verify proves them against what caused them. docs/ledger.md has the
// accounts and what is booked when.
package ledger

import (
	"context"
	"time"

	"github.com/vezne/vezne/internal/id"
	"github.com/vezne/vezne/internal/money"
)

// Entry is one side of a posting: a debit if positive, a credit if negative.
type Entry struct {
	Account Account
	Amount  money.Amount
}

// Posting is a set of entries that add up to zero in each of their currencies,
// with what caused them.
type Posting struct {
	ID         id.Posting
	MerchantID id.Merchant
	Source     Source
	// PaymentID is the payment whose money moved, zero if it was no payment's.
	PaymentID id.Payment
	At        time.Time
	Entries   []Entry
}

// Tx queues postings in a write transaction.
type Tx interface {
	// Post queues a posting. One that Check refuses panics, for it is a programmer
	// mistake that must never reach the books. A second posting of the same event of
	// a source fails the commit with fault.DuplicateKey.
	Post(p Posting)
}

// PostingKey is the place of a posting in the order of lists: by merchant, time and
// id. The zero key is before the first.
type PostingKey struct {
	MerchantID id.Merchant
	At         time.Time
	ID         id.Posting
}

// Key returns the place of the posting.
func (p Posting) Key() PostingKey { return PostingKey{p.MerchantID, p.At, p.ID} }

// Lister reads a merchant's postings.
type Lister interface {
	// PostingsOf returns up to limit postings of the merchant of the key that come
	// after it, oldest first.
	PostingsOf(ctx context.Context, after PostingKey, limit int) ([]Posting, error)
}
