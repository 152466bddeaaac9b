package ledger

import (
	"context"
	"time"

	"github.com/vezne/vezne/internal/connector"
	"github.com/vezne/vezne/internal/id"
	"github.com/vezne/vezne/internal/money"
)

// Record is what a payment says of its money, with everything that has to agree
// with it, all as of one moment.
type Record struct {
	Terms

	MerchantID id.Merchant
	ID         id.Payment
	UUID       id.UUID
	State      State
	// Hold says that the amount is to be held before it is taken.
	Hold bool
	// HoldsOrder says that no other payment may be charged for its order.
	HoldsOrder bool
	POSID      id.POS // zero if no bank takes part
	// Buyer is whose wallet pays, if one does.
	Buyer id.Member
	// OpenAsk is the capture or void in progress, zero if there is none.
	OpenAsk    id.Operation
	Commission money.Amount
	Authorized money.Amount
	Captured   money.Amount
	Refunded   money.Amount
	Refunding  money.Amount
	// Items and Operations are sorted by id, Shares by operation and item, and
	// Postings by source.
	Items      []Item
	Operations []Operation
	Shares     []Share
	Postings   []Posting
}

// Item is what a basket line says of its money.
type Item struct {
	ID     id.Item
	Price  money.Amount
	Paid   money.Amount
	Wallet money.Amount
	// Taken is what was taken for it, and before that what is to be.
	Taken      money.Amount
	Commission money.Amount
	Refunded   money.Amount
	Refunding  money.Amount
}

// Share is what a capture or a refund moves of one item. A payment of one item has
// none.
type Share struct {
	Operation id.Operation
	Item      id.Item
	Amount    money.Amount
}

// Operation is a request to a bank and what became of it.
type Operation struct {
	ID        id.Operation
	AskID     id.Operation
	Kind      connector.Kind
	POSID     id.POS // zero if it was carried out in our books alone
	Reference string
	// Original is the reference of the charge that it follows, empty for a charge.
	Original string
	Amount   money.Amount
	Status   Status
	ResultAt time.Time
}

// State is where a payment is in its life, in the words of package payment.
type State string

// The states, as payment has them.
const (
	pending           State = "pending"
	enrolled          State = "enrolled"
	authenticated     State = "authenticated"
	authorized        State = "authorized"
	captured          State = "captured"
	partiallyRefunded State = "partially_refunded"
	refunded          State = "refunded"
	voided            State = "voided"
	declined          State = "declined"
	expired           State = "expired"
)

// States returns the states that Verify knows, for those who hold them against the
// states that there are.
func States() []State {
	return []State{pending, enrolled, authenticated, authorized, captured, partiallyRefunded, refunded, voided, declined, expired}
}

// Status is what is known about an operation, in the words of package payment.
type Status string

// The statuses, as payment has them.
const (
	statusOpen     Status = "open"
	statusEnrolled Status = "enrolled"
	statusUnknown  Status = "unknown"
	statusApproved Status = "approved"
	statusDeclined Status = "declined"
	statusUnsent   Status = "unsent"
	statusReversed Status = "reversed"
)

// Statuses returns the statuses that Verify knows.
func Statuses() []Status {
	return []Status{statusOpen, statusEnrolled, statusUnknown, statusApproved, statusDeclined, statusUnsent, statusReversed}
}

// open reports whether it is not known yet what became of the operation.
func (o *Operation) open() bool {
	return o.Status == statusOpen || o.Status == statusEnrolled || o.Status == statusUnknown
}

func (o *Operation) approved() bool { return o.Status == statusApproved }

// charges reports whether the operation is the payment's own sale or hold.
func (o *Operation) charges() bool { return o.Kind == connector.Sale || o.Kind == connector.Authorize }

// StrayKind is the noun of a row that belongs to a payment.
type StrayKind string

// The rows that belong to payments.
const (
	StrayItem      StrayKind = "item"
	StrayOperation StrayKind = "operation"
	StrayShare     StrayKind = "share of operation"
	StrayPosting   StrayKind = "posting"
)

// StrayKinds returns every StrayKind.
func StrayKinds() []StrayKind {
	return []StrayKind{StrayItem, StrayOperation, StrayShare, StrayPosting}
}

// Stray is a row whose payment is not there. Strays of a kind are sorted by
// merchant, payment and id; the zero Stray is before the first.
type Stray struct {
	MerchantID id.Merchant
	PaymentID  id.Payment
	ID         int64
}

// Order is an order that more than one payment holds. Orders are sorted by merchant
// and reference; the zero Order is before the first.
type Order struct {
	MerchantID id.Merchant
	Ref        string
}

// RecordKey is the place of a record in the order of Records, by merchant and UUID,
// which is by age. The zero key is before the first.
type RecordKey struct {
	MerchantID id.Merchant
	UUID       id.UUID
}

// SourceKey is the place of a posting that is no payment's, by merchant and source.
// The zero key is before the first.
type SourceKey struct {
	MerchantID id.Merchant
	Source     Source
}

// Reader reads what Verify compares, over all merchants, in pages: each method
// returns up to limit of what comes after the place given, in the order of that
// place, and nothing at the end.
type Reader interface {
	// Records returns payments with all that belongs to them.
	Records(ctx context.Context, after RecordKey, limit int) ([]Record, error)
	// Strays returns rows of a kind whose payment is not there.
	Strays(ctx context.Context, kind StrayKind, after Stray, limit int) ([]Stray, error)
	// OtherPostings returns the postings that are no payment's.
	OtherPostings(ctx context.Context, after SourceKey, limit int) ([]Posting, error)
	// SharedOrders returns orders that more than one payment holds.
	SharedOrders(ctx context.Context, after Order, limit int) ([]Order, error)
}
