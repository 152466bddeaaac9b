package payment

import (
	"time"

	"github.com/vezne/vezne/internal/id"
	"github.com/vezne/vezne/internal/money"
)

// Refund is one request to give captured money back, as whoever made it knows it: one
// ask, whichever way it went to the bank and however often it was tried there.
type Refund struct {
	// ID is that of the ask.
	ID     id.Operation
	Amount money.Amount
	// Status is that of the last attempt.
	Status  Status
	AskedAt time.Time
}

// RefundsOf returns up to limit refunds that operations make up, which come newest
// first and so stay.
func RefundsOf(operations []Operation, limit int) []Refund {
	refunds, at := make([]Refund, 0, len(operations)), make(map[id.Operation]int, len(operations))
	for _, o := range operations {
		i, seen := at[o.AskID]
		if !seen {
			at[o.AskID] = len(refunds)
			refunds = append(refunds, Refund{ID: o.AskID, Amount: o.Amount, Status: o.Status, AskedAt: o.StartedAt})
			continue
		}
		refunds[i].AskedAt = o.StartedAt // of an earlier attempt
	}
	return refunds[:min(limit, len(refunds))]
}
