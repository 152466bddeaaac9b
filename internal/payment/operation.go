package payment

import (
	"time"

	"github.com/vezne/vezne/internal/connector"
	"github.com/vezne/vezne/internal/id"
	"github.com/vezne/vezne/internal/money"
)

// Operation is one request to a bank for a payment. Of a payment that a wallet pays
// as a whole it is carried out in our books alone: it has no POS, and is approved in
// the commit that begins it.
type Operation struct {
	ID         id.Operation
	MerchantID id.Merchant
	PaymentID  id.Payment
	// AskID is the first operation of the same ask: an ask that fails over to
	// another POS has several operations, and one answer.
	AskID   id.Operation
	Attempt int // 1 for the first operation of an ask
	// Asked is the kind that was asked for. Kind is what the request went to the bank
	// as: of a void and a refund of the whole the bank's day decides which.
	Asked connector.Kind
	Kind  connector.Kind
	POSID id.POS // zero if no bank is asked
	// Reference is what the bank knows the request by; it is unique.
	Reference string
	// Original is the reference of the operation that a follow-up is about.
	Original string
	Amount   money.Amount
	// Items is what a capture or a refund moves of each item, fixed when it begins;
	// none for a payment of one item, and where the whole is moved.
	Items  []ItemAmount
	Status Status
	Result Result
	// BankCode and BankMessage are the bank's own words.
	BankCode    string
	BankMessage string
	// SealedMemo is the last memo that the connector gave for the request, sealed by
	// the vault; nil for none.
	SealedMemo []byte
	Actor      string
	StartedAt  time.Time
	// FinishedAt is when the outcome became known; zero until then.
	FinishedAt time.Time
	// NextInquiry is when the resolver may take the operation up.
	NextInquiry time.Time
	Inquiries   int
	// EscalatedAt is when the operation was put before a person; zero if it was not.
	EscalatedAt time.Time
	// Version counts changes; every change is a compare-and-set on it.
	Version int
}

// Status is what is known about an operation.
type Status string

// The statuses of an operation.
const (
	// OperationOpen: committed, and being sent or just sent.
	OperationOpen Status = "open"
	// OperationEnrolled: waiting for the payer's authentication; nothing was sent
	// that could move money.
	OperationEnrolled Status = "enrolled"
	// OperationUnknown: the bank gave no readable answer; the resolver asks on.
	OperationUnknown Status = "unknown"
	// OperationApproved and OperationDeclined: the bank said so.
	OperationApproved Status = "approved"
	OperationDeclined Status = "declined"
	// OperationUnsent: the request provably never reached the bank.
	OperationUnsent Status = "unsent"
	// OperationReversed: approved at the bank after nobody wanted it any more,
	// and undone there.
	OperationReversed Status = "reversed"
)

// Final reports whether the status will not change any more.
func (s Status) Final() bool {
	return s != OperationOpen && s != OperationEnrolled && s != OperationUnknown
}

// Result is how a payment or an operation ended, in terms safe to show.
type Result struct {
	Reason        connector.Reason
	TransactionID string
	HostReference string
	AuthCode      string
	At            time.Time
}

// Verdict returns the verdict that made the operation what it is.
func (o Operation) Verdict() Verdict {
	return Verdict{Status: o.Status, Result: o.Result, BankCode: o.BankCode, BankMessage: o.BankMessage, SealedMemo: o.SealedMemo}
}

// ReversalActor is whose operations undo charges that nobody wanted any more.
const ReversalActor = "system:resolver"

// IsReversal reports whether the operation undoes a charge that nobody wanted, and not
// a payment that somebody voided or refunded. The books see neither of the two.
func (o Operation) IsReversal() bool {
	return (o.Kind == connector.Void || o.Kind == connector.Refund) && o.Actor == ReversalActor
}

// Undoes reports whether the operation gives back all that was taken by a payment of
// which nothing is being given back yet. Whether that is called a void or a refund is a
// matter of the bank's day.
func (o Operation) Undoes(p Payment) bool {
	return (o.Kind == connector.Void || o.Kind == connector.Refund) &&
		p.State == Captured && o.Amount == p.Captured && p.OpenAsk == 0 && p.Refunding.IsZero()
}

// ChargeOf returns the ask that charged the payment, or was to. It need not stand
// first: a follow-up may be dated earlier, by another clock.
func ChargeOf(operations []Operation) id.Operation {
	for _, o := range operations {
		if o.Kind == connector.Sale || o.Kind == connector.Authorize {
			return o.AskID
		}
	}
	return 0
}

// LastOf returns the last attempt of an ask, the zero Operation if there is none.
func LastOf(operations []Operation, ask id.Operation) Operation {
	var last Operation
	for _, o := range operations {
		if o.AskID == ask && o.Attempt >= last.Attempt {
			last = o
		}
	}
	return last
}
