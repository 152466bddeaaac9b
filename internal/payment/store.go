package payment

import (
	"context"
	"time"

	"github.com/vezne/vezne/internal/audit"
	"github.com/vezne/vezne/internal/connector"
	"github.com/vezne/vezne/internal/id"
	"github.com/vezne/vezne/internal/idempotency"
	"github.com/vezne/vezne/internal/job"
	"github.com/vezne/vezne/internal/ledger"
	"github.com/vezne/vezne/internal/money"
	"github.com/vezne/vezne/internal/pos"
)

// Waiting is what waits for a person.
type Waiting struct {
	// Count is how many operations wait, over all merchants.
	Count int
	// Oldest is when the oldest of them began; zero if there is none.
	Oldest time.Time
}

// Escalations reads the operations that were put before a person.
type Escalations interface {
	// Escalated returns up to limit operations of a merchant that still wait, with
	// ids after the one given, by id: those that are still unknown, and refused
	// reversals of charges that still stand at the bank.
	Escalated(ctx context.Context, m id.Merchant, after id.Operation, limit int) ([]Operation, error)
	// EscalatedOperation returns one, also if it is settled by now; any other is
	// fault.NoSuchThing.
	EscalatedOperation(ctx context.Context, m id.Merchant, o id.Operation) (Operation, error)
	// Waiting counts those that still wait.
	Waiting(ctx context.Context) (Waiting, error)
}

// Tx queues the writes of one commit. Nothing is read inside; the rules that
// need the current row are conditions that fail the whole commit.
type Tx interface {
	ledger.Tx
	job.Tx
	audit.Tx
	idempotency.Tx
	// InsertPayment adds a payment with its items. It fails the commit with
	// fault.OrderClaimed if p.HoldsOrder and another payment holds the order.
	InsertPayment(p Payment)
	// SavePayment stores p as version p.Version+1 if the stored version is
	// p.Version; otherwise the commit fails with fault.StaleVersion. It fails with
	// fault.OrderClaimed as InsertPayment does. What identifies the payment, its
	// card and its Routing stay as they were inserted.
	SavePayment(p Payment)
	// SaveItems stores what was paid, taken, charged as commission, refunded and
	// reserved by refunds of those items that p has; what was bought stays as it was
	// inserted. It belongs beside SavePayment, whose version guards it.
	SaveItems(p Payment)
	// UsePOS says that an operation goes to p, beside whose insertion it belongs unless
	// the payment has asked this POS before. It marks a POS that was not used until now,
	// which bumps the configuration version; if the stored one has another connector by
	// then, the commit fails with fault.StaleVersion (see pos.Editor.Apply).
	UsePOS(p pos.POS)
	// InsertOperation adds an operation with what it moves of each item, which never
	// changes.
	InsertOperation(o Operation)
	// InsertSession adds a 3-D Secure session.
	InsertSession(s Session)
	// SaveSession stores s as version s.Version+1 if the stored version is
	// s.Version; otherwise the commit fails with fault.StaleVersion.
	SaveSession(s Session)
	// SaveOperation stores o as version o.Version+1 if the stored version is
	// o.Version; otherwise the commit fails with fault.StaleVersion.
	SaveOperation(o Operation)
}

// Writer commits. fn only queues; its writes happen all or not at all. A failed
// rule is a *fault.Error of kind Conflict with the rule's code, and then nothing
// happened. Any other error of InTx leaves the outcome of the commit open only
// if it is of kind Unavailable.
type Writer interface {
	InTx(ctx context.Context, fn func(Tx)) error
}

// Finder reads payments. Every method is bound to a merchant; what belongs to
// another one is fault.NoSuchThing.
type Finder interface {
	idempotency.Finder
	// Payment returns a payment with its items by its public id.
	Payment(ctx context.Context, m id.Merchant, u id.UUID) (Payment, error)
	// PaymentByID returns a payment with its items by its numeric id.
	PaymentByID(ctx context.Context, m id.Merchant, p id.Payment) (Payment, error)
	// OrderHolder returns the payment that holds the merchant's order.
	OrderHolder(ctx context.Context, m id.Merchant, orderRef string) (Payment, error)
	// Operations returns all operations of a payment, oldest first, with what each
	// moves of the items. Operations that are read by any other method lack that.
	Operations(ctx context.Context, m id.Merchant, p id.Payment) ([]Operation, error)
}

// Lister reads pages and what belongs to a payment besides itself.
type Lister interface {
	// Payments returns a page of payments with their items, newest first, and the
	// cursor of the next page, empty at the end.
	Payments(ctx context.Context, m id.Merchant, f Filter) ([]Payment, string, error)
	// Postings returns the ledger postings of a payment, oldest first.
	Postings(ctx context.Context, m id.Merchant, p id.Payment) ([]ledger.Posting, error)
	// RefundOperations returns up to limit operations of a payment that were asked for
	// as refunds, whatever they went to the bank as, newest first and without their
	// items. The reversal of a charge that nobody wanted is none.
	RefundOperations(ctx context.Context, m id.Merchant, p id.Payment, limit int) ([]Operation, error)
}

// Worklist is what the resolver works on, over all merchants.
type Worklist interface {
	// Unresolved returns up to limit operations that are open or unknown and whose
	// NextInquiry is not after due, the most overdue first.
	Unresolved(ctx context.Context, due time.Time, limit int) ([]Operation, error)
}

// Sessions reads 3-D Secure sessions.
type Sessions interface {
	// Session returns the session that a bank's return names by its key.
	Session(ctx context.Context, key string) (Session, error)
	// SessionOf returns the session of a merchant's payment.
	SessionOf(ctx context.Context, m id.Merchant, p id.Payment) (Session, error)
}

// Store is everything the domain needs from storage.
type Store interface {
	Writer
	Finder
	Lister
	Worklist
	Escalations
	Sessions
}

// Filter selects a page of payments. Zero members select everything.
type Filter struct {
	OrderRef    string
	CustomerRef string
	States      []State
	// Unclear selects payments that ended without money while their bank may hold some.
	Unclear bool
	// ID and UUID name one payment.
	ID   id.Payment
	UUID id.UUID
	// ExternalID and ConversationID are the merchant's own.
	ExternalID     string
	ConversationID string
	// Currency is required with MinPaid and MaxPaid, which are inclusive and in it.
	Currency money.Currency
	MinPaid  money.Amount
	MaxPaid  money.Amount
	POSAlias string
	// Last4 are the card's last digits, BIN its first, Fingerprint the very card.
	Last4       string
	BIN         string
	Fingerprint string
	// Reason is why the payment was declined, or Success.
	Reason connector.Reason
	From   time.Time // created at or after
	To     time.Time // created before
	Limit  int       // 1 to 100
	Cursor string    // opaque; fault.ValidationError on "cursor" if malformed
}
