package payment

import (
	"github.com/vezne/vezne/internal/id"
	"github.com/vezne/vezne/internal/idempotency"
)

// Caller says for whom and through which door a command comes.
type Caller struct {
	MerchantID id.Merchant
	Actor      string // for the audit log
	Surface    Surface
	Key        idempotency.Key
}

// Outcome answers a command: the payment as it is now and the operation that
// the answer is about, which is the last one of the ask.
type Outcome struct {
	Payment   Payment
	Operation Operation // zero when no bank was asked
	// Replayed is set when the command had been carried out before and this is
	// its first answer again.
	Replayed bool
}

// Value returns the outcome, the zero Outcome for nil.
func (o *Outcome) Value() Outcome {
	if o == nil {
		return Outcome{}
	}
	return *o
}
