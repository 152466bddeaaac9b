package sqlstore

import (
	"context"
	"fmt"
	"time"

	"github.com/vezne/vezne/internal/checkout"
	"github.com/vezne/vezne/internal/connector"
	"github.com/vezne/vezne/internal/fault"
	"github.com/vezne/vezne/internal/id"
	"github.com/vezne/vezne/internal/installment"
	"github.com/vezne/vezne/internal/money"
	"github.com/vezne/vezne/internal/storage"
)

// Checkouts keeps hosted pages. It implements checkout.Store.
type Checkouts struct{ db *storage.DB }

var _ checkout.Store = (*Checkouts)(nil)

// NewCheckouts returns the checkouts of db.
func NewCheckouts(db *storage.DB) *Checkouts { return &Checkouts{db: db} }

// InTx implements checkout.Store.
func (s *Checkouts) InTx(ctx context.Context, fn func(checkout.Tx)) error {
	return inTx(ctx, s.db, func(t *tx) { fn(t) })
}

var checkoutTable = newTable(&table[checkout.Checkout]{
	name:     "checkout",
	currency: func(c *checkout.Checkout) money.Currency { return c.Amount.Currency() },
	keys: []column[checkout.Checkout]{
		number("merchant_id", func(c *checkout.Checkout) *id.Merchant { return &c.MerchantID }),
		uuid("id", func(c *checkout.Checkout) *id.UUID { return &c.ID }),
	},
	version: func(c *checkout.Checkout) *int { return &c.Version },
	changing: []column[checkout.Checkout]{
		text("state", func(c *checkout.Checkout) *checkout.State { return &c.State }),
		derived("live", func(c *checkout.Checkout) any { return !c.State.Final() }),
		number("attempts", func(c *checkout.Checkout) *int { return &c.Attempts }),
		number("attempt", func(c *checkout.Checkout) *int { return &c.Attempt }),
		moment("attempt_at", func(c *checkout.Checkout) *time.Time { return &c.AttemptAt }),
		number("payment_id", func(c *checkout.Checkout) *id.Payment { return &c.PaymentID }),
		text("reason", func(c *checkout.Checkout) *connector.Reason { return &c.Reason }),
		moment("ended_at", func(c *checkout.Checkout) *time.Time { return &c.EndedAt }),
		number("keeping", func(c *checkout.Checkout) *id.Card { return &c.Keeping }),
	},
	fixed: []column[checkout.Checkout]{
		text("order_ref", func(c *checkout.Checkout) *string { return &c.Ref }),
		currency[checkout.Checkout](),
		amount("amount", func(c *checkout.Checkout) *money.Amount { return &c.Amount }),
		text("description", func(c *checkout.Checkout) *string { return &c.Description }),
		text("callback", func(c *checkout.Checkout) *string { return &c.Callback }),
		text("customer_ref", func(c *checkout.Checkout) *string { return &c.CustomerRef }),
		number("max_installments", func(c *checkout.Checkout) *int { return &c.MaxInstallments }),
		number("interest_payer", func(c *checkout.Checkout) *installment.InterestPayer { return &c.InterestPayer }),
		moment("created_at", func(c *checkout.Checkout) *time.Time { return &c.CreatedAt }),
		moment("expires_at", func(c *checkout.Checkout) *time.Time { return &c.ExpiresAt }),
	},
})

var (
	insertCheckout = checkoutTable.insertion()
	updateCheckout = checkoutTable.update()

	checkoutByID     = checkoutTable.selecting("WHERE id = $1")
	checkoutsOfOrder = checkoutTable.selecting(
		"WHERE merchant_id = $1 AND order_ref = $2 ORDER BY created_at DESC, live DESC, id LIMIT $3")
)

// InsertCheckout implements checkout.Tx.
func (t *tx) InsertCheckout(c checkout.Checkout) {
	t.batch = append(t.batch, storage.Statement{
		SQL: insertCheckout, Args: checkoutTable.inserting(c), Duplicate: fault.OrderClaimed,
	})
}

// SaveCheckout implements checkout.Tx.
func (t *tx) SaveCheckout(c checkout.Checkout) {
	t.expect(updateCheckout, checkoutTable.updating(c)...)
}

// Checkout implements checkout.Store.
func (s *Checkouts) Checkout(ctx context.Context, u id.UUID) (checkout.Checkout, error) {
	found, err := one(ctx, s.db, checkoutTable.reader(), checkoutByID, u[:])
	if err != nil {
		return found, fmt.Errorf("checkout: %w", err)
	}
	return found, nil
}

// OfOrder implements checkout.Store.
func (s *Checkouts) OfOrder(
	ctx context.Context, m id.Merchant, orderRef string, limit int,
) ([]checkout.Checkout, error) {
	all, err := many(ctx, s.db, checkoutTable.reader(), checkoutsOfOrder, int64(m), orderRef, int64(limit))
	if err != nil {
		return nil, fmt.Errorf("checkouts of order: %w", err)
	}
	return all, nil
}
