package sqlstore

import (
	"context"
	"fmt"

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

const (
	checkoutColumns = `merchant_id, id, version, order_ref, currency, amount, description, callback, customer_ref,
	max_installments, interest_payer, state, live, attempts, attempt, attempt_at, payment_id, reason,
	created_at, expires_at, ended_at, keeping`

	insertCheckout = `INSERT INTO checkout (` + checkoutColumns + `)
	VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20, $21, $22)`

	updateCheckout = `UPDATE checkout SET version = CAST($3 AS BIGINT) + 1, state = $4, live = $5, attempts = $6, attempt = $7,
		attempt_at = $8, payment_id = $9, reason = $10, ended_at = $11, keeping = $12
	WHERE merchant_id = $1 AND id = $2 AND version = $3`

	checkoutByID     = `SELECT ` + checkoutColumns + ` FROM checkout WHERE id = $1`
	checkoutsOfOrder = `SELECT ` + checkoutColumns + ` FROM checkout WHERE merchant_id = $1 AND order_ref = $2
	ORDER BY created_at DESC, live DESC, id LIMIT $3`
)

// InsertCheckout implements checkout.Tx.
func (t *tx) InsertCheckout(c checkout.Checkout) {
	t.batch = append(t.batch, storage.Statement{
		SQL: insertCheckout,
		Args: []any{
			int64(c.MerchantID), c.ID[:], int64(c.Version), c.Ref, c.Amount.Currency().String(), c.Amount.Minor(),
			c.Description, c.Callback, c.CustomerRef, int64(c.MaxInstallments), int64(c.InterestPayer), string(c.State),
			!c.State.Final(), int64(c.Attempts), int64(c.Attempt), micros(c.AttemptAt), int64(c.PaymentID), string(c.Reason),
			micros(c.CreatedAt), micros(c.ExpiresAt), micros(c.EndedAt), int64(c.Keeping),
		},
		Duplicate: fault.OrderClaimed,
	})
}

// SaveCheckout implements checkout.Tx.
func (t *tx) SaveCheckout(c checkout.Checkout) {
	t.batch = append(t.batch, storage.Statement{
		SQL: updateCheckout,
		Args: []any{
			int64(c.MerchantID), c.ID[:], int64(c.Version), string(c.State), !c.State.Final(), int64(c.Attempts),
			int64(c.Attempt), micros(c.AttemptAt), int64(c.PaymentID), string(c.Reason), micros(c.EndedAt), int64(c.Keeping),
		},
		Rows: 1, Missed: fault.StaleVersion,
	})
}

// Checkout implements checkout.Store.
func (s *Checkouts) Checkout(ctx context.Context, u id.UUID) (checkout.Checkout, error) {
	found, err := one(ctx, s.db, readCheckout, checkoutByID, u[:])
	if err != nil {
		return found, fmt.Errorf("checkout: %w", err)
	}
	return found, nil
}

// OfOrder implements checkout.Store.
func (s *Checkouts) OfOrder(ctx context.Context, m id.Merchant, orderRef string, limit int) ([]checkout.Checkout, error) {
	all, err := many(ctx, s.db, readCheckout, checkoutsOfOrder, int64(m), orderRef, int64(limit))
	if err != nil {
		return nil, fmt.Errorf("checkouts of order: %w", err)
	}
	return all, nil
}

func readCheckout(s storage.Scanner) (checkout.Checkout, error) {
	var (
		c                                        checkout.Checkout
		merchantID, version, amount, most, payer int64
		attempts, attempt, attemptAt, paymentID  int64
		createdAt, expiresAt, endedAt, keeping   int64
		currency, state, reason                  string
		uuid                                     []byte
		live                                     bool
	)
	err := s.Scan(&merchantID, &uuid, &version, &c.Ref, &currency, &amount, &c.Description, &c.Callback, &c.CustomerRef,
		&most, &payer, &state, &live, &attempts, &attempt, &attemptAt, &paymentID, &reason, &createdAt, &expiresAt, &endedAt, &keeping)
	if err != nil {
		return c, err
	}
	unit, err := currencyOf(currency)
	if err != nil {
		return c, err
	}
	copy(c.ID[:], uuid)
	c.MerchantID, c.Version, c.Amount = id.Merchant(merchantID), int(version), money.FromMinor(amount, unit)
	c.MaxInstallments, c.InterestPayer = int(most), installment.InterestPayer(payer) //nolint:gosec // was stored from the same type
	c.State, c.Reason, c.PaymentID = checkout.State(state), connector.Reason(reason), id.Payment(paymentID)
	c.Attempts, c.Attempt, c.AttemptAt = int(attempts), int(attempt), timeOf(attemptAt)
	c.CreatedAt, c.ExpiresAt, c.EndedAt, c.Keeping = timeOf(createdAt), timeOf(expiresAt), timeOf(endedAt), id.Card(keeping)
	return c, nil
}
