// Package audit records who did what to what, in the same commit as the deed.
package audit

import (
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
}

// Tx queues audit records in a write transaction.
type Tx interface {
	Record(r Record)
}
