package sqlstore

import (
	"context"
	"fmt"

	"github.com/vezne/vezne/internal/fault"
	"github.com/vezne/vezne/internal/id"
	"github.com/vezne/vezne/internal/ledger"
	"github.com/vezne/vezne/internal/money"
	"github.com/vezne/vezne/internal/payment"
	"github.com/vezne/vezne/internal/storage"
)

// Payments keeps payments and what belongs to them. It implements payment.Store.
type Payments struct{ db *storage.DB }

var _ payment.Store = (*Payments)(nil)

// NewPayments returns the payments of db.
func NewPayments(db *storage.DB) *Payments { return &Payments{db: db} }

// InTx implements payment.Writer.
func (p *Payments) InTx(ctx context.Context, fn func(payment.Tx)) error {
	return inTx(ctx, p.db, func(t *tx) { fn(t) })
}

// What may change in a payment comes first in both statements, in one order, so
// that changing returns the arguments of both.
const (
	insertPayment = `INSERT INTO payment (version, state, holds_order, price, paid, wallet, installments, interest_payer,
		customer_rate, commission_rate, commission, authorized, capture_limit, captured, refunded, refunding, open_ask,
		pos_id, pos_alias, result_reason, result_transaction_id, result_host_reference, result_auth_code, result_at, updated_at,
		merchant_id, id, uuid, surface, phase, payment_group, order_ref, conversation_id, external_id, channel,
		customer_ref, buyer_id, currency, client_ip, created_at, three_ds, instrument, requested_pos_alias, routing)
	VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20, $21,
		$22, $23, $24, $25, $26, $27, $28, $29, $30, $31, $32, $33, $34, $35, $36, $37, $38, $39, $40, $41, $42, $43, $44)`

	updatePayment = `UPDATE payment SET version = CAST($1 AS BIGINT) + 1, state = $2, holds_order = $3, price = $4, paid = $5, wallet = $6,
		installments = $7, interest_payer = $8, customer_rate = $9, commission_rate = $10, commission = $11,
		authorized = $12, capture_limit = $13, captured = $14, refunded = $15, refunding = $16, open_ask = $17,
		pos_id = $18, pos_alias = $19, result_reason = $20, result_transaction_id = $21, result_host_reference = $22,
		result_auth_code = $23, result_at = $24, updated_at = $25
	WHERE merchant_id = $26 AND id = $27` + samePayment
)

// changing returns the arguments that both statements begin with.
func changing(p *payment.Payment, room int) []any {
	c := p.Price.Currency()
	return append(make([]any, 0, room),
		int64(p.Version), string(p.State), p.HoldsOrder, minor(p.Price, c), minor(p.Paid, c), minor(p.Wallet, c),
		int64(p.Installments), int64(p.InterestPayer), int64(p.CustomerRate), int64(p.CommissionRate), minor(p.Commission, c),
		minor(p.Authorized, c), minor(p.CaptureLimit, c), minor(p.Captured, c), minor(p.Refunded, c), minor(p.Refunding, c), int64(p.OpenAsk),
		int64(p.POSID), p.POSAlias,
		string(p.Result.Reason), p.Result.TransactionID, p.Result.HostReference, p.Result.AuthCode, micros(p.Result.At),
		micros(p.UpdatedAt), int64(p.MerchantID), int64(p.ID))
}

// InsertPayment implements payment.Tx.
func (t *tx) InsertPayment(p payment.Payment) {
	ip := ""
	if p.ClientIP.IsValid() {
		ip = p.ClientIP.String()
	}
	const arguments = 44
	args := append(changing(&p, arguments), p.UUID[:], string(p.Surface), string(p.Phase), string(p.Group), p.OrderRef,
		p.ConversationID, p.ExternalID, p.Channel, p.CustomerRef, int64(p.BuyerID), p.Price.Currency().String(),
		ip, micros(p.CreatedAt), p.ThreeDS, encodeInstrument(p.Card), p.RequestedPOSAlias, encodeDecision(p.Routing))
	t.batch = append(t.batch, storage.Statement{SQL: insertPayment, Args: args, Duplicate: duplicateOf(&p)})
	t.insertItems(&p)
}

// SavePayment implements payment.Tx. What identifies a payment and its request
// (UUID, surface, phase, group, references, channel, customer, address, creation),
// its card and the routing decision never change and are not stored again.
func (t *tx) SavePayment(p payment.Payment) {
	const arguments = 27
	t.batch = append(t.batch, storage.Statement{
		SQL: updatePayment, Args: changing(&p, arguments),
		Rows: 1, Missed: fault.StaleVersion, Duplicate: duplicateOf(&p),
	})
}

// duplicateOf is the conflict that a broken unique rule means: ids never clash,
// so it is the claim of the order if the payment makes one.
func duplicateOf(p *payment.Payment) fault.Code {
	if p.HoldsOrder {
		return fault.OrderClaimed
	}
	return fault.DuplicateKey
}

const paymentColumns = `p.version, p.state, p.holds_order, p.price, p.paid, p.wallet, p.installments, p.interest_payer,
	p.customer_rate, p.commission_rate, p.commission, p.authorized, p.capture_limit, p.captured, p.refunded, p.refunding, p.open_ask,
	p.instrument, p.requested_pos_alias, p.pos_id, p.pos_alias, p.routing,
	p.result_reason, p.result_transaction_id, p.result_host_reference, p.result_auth_code, p.result_at, p.updated_at,
	p.merchant_id, p.id, p.uuid, p.surface, p.phase, p.payment_group, p.order_ref, p.conversation_id, p.external_id,
	p.channel, p.customer_ref, p.buyer_id, p.currency, p.client_ip, p.created_at, p.three_ds`

const (
	paymentByUUID = `SELECT ` + paymentColumns + ` FROM payment p WHERE p.merchant_id = $1 AND p.uuid = $2`
	paymentByID   = `SELECT ` + paymentColumns + ` FROM payment p WHERE p.merchant_id = $1 AND p.id = $2`
	// The slot of holders is spelled as in the index payment_order.
	orderHolder = `SELECT ` + paymentColumns + ` FROM payment p WHERE p.merchant_id = $1 AND p.order_ref = $2
		AND (CASE WHEN p.holds_order THEN 0 ELSE p.id END) = 0`
)

// Payment implements payment.Finder.
func (p *Payments) Payment(ctx context.Context, m id.Merchant, u id.UUID) (payment.Payment, error) {
	return p.find(ctx, paymentByUUID, int64(m), u[:])
}

// PaymentByID implements payment.Finder.
func (p *Payments) PaymentByID(ctx context.Context, m id.Merchant, n id.Payment) (payment.Payment, error) {
	return p.find(ctx, paymentByID, int64(m), int64(n))
}

// OrderHolder implements payment.Finder.
func (p *Payments) OrderHolder(ctx context.Context, m id.Merchant, orderRef string) (payment.Payment, error) {
	return p.find(ctx, orderHolder, int64(m), orderRef)
}

func (p *Payments) find(ctx context.Context, sql string, args ...any) (payment.Payment, error) {
	found, err := one(ctx, p.db, readPayment, sql, args...)
	if err != nil {
		return payment.Payment{}, fmt.Errorf("find payment: %w", err)
	}
	withItems := []payment.Payment{found}
	if err := p.loadItems(ctx, withItems); err != nil {
		return payment.Payment{}, err
	}
	return withItems[0], nil
}

// Postings implements payment.Lister.
func (p *Payments) Postings(ctx context.Context, m id.Merchant, n id.Payment) ([]ledger.Posting, error) {
	rows, err := many(ctx, p.db, readEntry, postingsOfPayment, int64(m), int64(n))
	if err != nil {
		return nil, fmt.Errorf("postings of payment %d: %w", n, err)
	}
	return gather(rows), nil
}

// amountsOf returns a function that makes amounts of the currency.
func amountsOf(c money.Currency) func(int64) money.Amount {
	return func(minor int64) money.Amount { return money.FromMinor(minor, c) }
}
