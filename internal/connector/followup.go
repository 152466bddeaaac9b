package connector

import (
	"time"

	"github.com/vezne/vezne/internal/money"
)

// Original names the approved request that a FollowUp or an Inquiry about one is
// about.
type Original struct {
	// Kind is Sale or Authorize; Capture only where it stands in Capture, below.
	Kind          Kind
	Reference     string
	Order         string // the merchant's order number, as in Charge
	TransactionID string
	HostReference string
	AuthCode      string
	Amount        money.Amount
	Installments  int
	At            time.Time
	// Memo is the last one that the connector gave for the request: with its
	// approval, or else with its return or its enrolment.
	Memo Memo
	// Capture is the approved capture of a pre-authorization, whose money a refund
	// or a void is about; nil for a sale and for a hold of which nothing was taken.
	// A void of a hold whose capture was voided before has none either.
	Capture *Original
}

// Money returns what has taken the money: the capture of a pre-authorization, or
// else the request itself. It is what banks that number every step are asked to
// refund.
func (o Original) Money() Original {
	if o.Capture != nil {
		return *o.Capture
	}
	return o
}

// FollowUp is a capture, a void or a refund of an earlier approved request.
type FollowUp struct {
	Kind Kind // Capture, Void or Refund
	// Reference is ours. A bank whose Rules do not say OwnReference never hears it.
	Reference string
	Amount    money.Amount
	Original  Original
}

// Inquiry asks about the request of the kind that had the reference.
type Inquiry struct {
	Kind      Kind
	Reference string
	Order     string // the merchant's order number, as in Charge
	Amount    money.Amount
	At        time.Time
	// Memo is, for a sale or a pre-authorization with 3-D Secure, the last one that
	// its return or its enrolment gave; empty without 3-D Secure.
	Memo Memo
	// Original is what a follow-up was about; empty for a sale or pre-authorization.
	Original Original
	// Siblings are the other follow-ups of the same Original that were sent, of all
	// kinds, oldest first. A bank that keeps no reference of ours knows them by
	// their sums alone: Among and Within tell them apart as far as that goes. What
	// they cannot tell stays Unknown.
	Siblings []Sibling
}

// Sibling is a follow-up as we know it. One that provably was not sent is none.
type Sibling struct {
	Kind          Kind
	Reference     string
	TransactionID string // empty until the bank gave one
	Amount        money.Amount
	At            time.Time
	// Outcome is Approved, Declined, or Unknown while it is open.
	Outcome Outcome
}
