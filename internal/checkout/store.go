package checkout

import (
	"context"

	"github.com/vezne/vezne/internal/audit"
	"github.com/vezne/vezne/internal/charge"
	"github.com/vezne/vezne/internal/connector"
	"github.com/vezne/vezne/internal/id"
	"github.com/vezne/vezne/internal/idempotency"
	"github.com/vezne/vezne/internal/job"
	"github.com/vezne/vezne/internal/merchant"
	"github.com/vezne/vezne/internal/payment"
	"github.com/vezne/vezne/internal/routing"
	"github.com/vezne/vezne/internal/threeds"
	"github.com/vezne/vezne/internal/vault"
)

// Tx queues the writes of one commit.
type Tx interface {
	job.Tx
	audit.Tx
	idempotency.Tx
	vault.Tx
	// InsertCheckout adds a checkout. It fails the commit with fault.OrderClaimed
	// if the order has another one that is not final.
	InsertCheckout(c Checkout)
	// SaveCheckout stores c as version c.Version+1 if the stored version is
	// c.Version; otherwise the commit fails with fault.StaleVersion. The order
	// never changes and is not stored again.
	SaveCheckout(c Checkout)
}

// Store keeps checkouts.
type Store interface {
	InTx(ctx context.Context, fn func(Tx)) error
	// Checkout returns a checkout by its id, which is its own permission; an
	// unknown one is fault.NoSuchThing.
	Checkout(ctx context.Context, u id.UUID) (Checkout, error)
	// OfOrder returns up to limit checkouts of a merchant's order, newest first.
	OfOrder(ctx context.Context, m id.Merchant, orderRef string, limit int) ([]Checkout, error)
}

// Payments charges cards.
type Payments interface {
	PayDirectly(ctx context.Context, c charge.Pay) (payment.Outcome, connector.Reason, error)
	Offer(ctx context.Context, q charge.Quote) ([]routing.Option, error)
}

// ThreeDS charges cards whose holders are authenticated first.
type ThreeDS interface {
	Enrol(ctx context.Context, c threeds.Enrol) (threeds.Enrolment, error)
	// Opens reports whether a key completes a payment.
	Opens(ctx context.Context, m id.Merchant, p id.Payment, key string) (bool, error)
	Complete(ctx context.Context, c threeds.Complete) (payment.Outcome, error)
	// Abandon ends a payment that was not completed, and undoes what its bank took.
	Abandon(ctx context.Context, a threeds.Abandon) (payment.Payment, error)
}

// Records reads what became of payments.
type Records interface {
	idempotency.Finder
	PaymentByID(ctx context.Context, m id.Merchant, p id.Payment) (payment.Payment, error)
	OrderHolder(ctx context.Context, m id.Merchant, orderRef string) (payment.Payment, error)
}

// Cards keeps the cards of merchants' customers.
type Cards interface {
	// NewCard seals a card for a commit of ours.
	NewCard(ctx context.Context, o vault.Owner, d vault.Details) (vault.StoredCard, error)
	CustomerCards(ctx context.Context, m id.Merchant, customerRef string) ([]vault.StoredCard, error)
	// CustomerCard returns the customer's card behind a token; any other, and one
	// that has expired, is fault.NoSuchThing.
	CustomerCard(ctx context.Context, m id.Merchant, customerRef, token string) (vault.StoredCard, error)
	OpenStored(ctx context.Context, c vault.StoredCard) (vault.Details, error)
}

// Tables gives what routing knows about a merchant.
type Tables interface {
	Table(ctx context.Context, m id.Merchant) (*routing.Table, error)
}

// Merchants tells a merchant's settings.
type Merchants interface {
	Merchant(ctx context.Context, m id.Merchant) (merchant.Merchant, error)
}

// Courier calls the addresses that merchants chose.
type Courier interface {
	// Check reports why a merchant's URL may not be used; hosts, separated by
	// spaces, are the only ones allowed unless empty. The error may be shown.
	Check(url, hosts string) error
	// Deliver posts a form to the URL and returns the HTTP status of the answer.
	Deliver(ctx context.Context, url, hosts string, form map[string]string) (int, error)
}
