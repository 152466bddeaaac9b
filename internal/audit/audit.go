// Package audit records who did what to what, in the same commit as the deed.
package audit

import (
	"context"
	"time"

	"github.com/vezne/vezne/internal/id"
)

// Record is one row of the audit log. It holds no card data and no secrets.
type Record struct {
	ID         id.AuditRecord
	MerchantID id.Merchant
	At         time.Time
	// Actor is who did it: "credential:7", "user:3", "system:resolver".
	Actor string
	// Action is what was done: "payment.capture".
	Action string
	// Subject is what it was done to: "payment:0193...".
	Subject string
	// Detail is a JSON object with the facts worth keeping.
	Detail []byte
	// Origin is from where it was done. The store fills it in from the context of
	// the commit.
	Origin Origin
}

// Tx queues audit records in a write transaction.
type Tx interface {
	Record(r Record)
}

// Filter selects a page of records. Zero members select everything.
type Filter struct {
	Actor   string
	Action  string
	Subject string
	From    time.Time // at or after
	To      time.Time // before
	Limit   int       // 1 to 100
	Cursor  string    // opaque; fault.ValidationError on "cursor" if malformed
}

// Log reads the records of a merchant.
type Log interface {
	// Search returns a page, newest first, and the cursor of the next page, empty
	// at the end.
	Search(ctx context.Context, m id.Merchant, f Filter) ([]Record, string, error)
}
