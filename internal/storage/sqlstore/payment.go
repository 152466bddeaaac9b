package sqlstore

import (
	"context"
	"fmt"
	"net/netip"
	"time"

	"github.com/vezne/vezne/internal/connector"
	"github.com/vezne/vezne/internal/fault"
	"github.com/vezne/vezne/internal/id"
	"github.com/vezne/vezne/internal/installment"
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

// What identifies a payment and its request (UUID, surface, phase, group,
// references, channel, customer, address, creation), its card and the routing
// decision never change and are stored once.
var paymentTable = newTable(&table[payment.Payment]{
	name:     "payment",
	currency: func(p *payment.Payment) money.Currency { return p.Price.Currency() },
	keys: []column[payment.Payment]{
		number("merchant_id", func(p *payment.Payment) *id.Merchant { return &p.MerchantID }),
		number("id", func(p *payment.Payment) *id.Payment { return &p.ID }),
	},
	version: func(p *payment.Payment) *int { return &p.Version },
	changing: []column[payment.Payment]{
		text("state", func(p *payment.Payment) *payment.State { return &p.State }),
		flag("holds_order", func(p *payment.Payment) *bool { return &p.HoldsOrder }),
		amount("price", func(p *payment.Payment) *money.Amount { return &p.Price }),
		amount("paid", func(p *payment.Payment) *money.Amount { return &p.Paid }),
		amount("wallet", func(p *payment.Payment) *money.Amount { return &p.Wallet }),
		number("installments", func(p *payment.Payment) *int { return &p.Installments }),
		number("interest_payer", func(p *payment.Payment) *installment.InterestPayer { return &p.InterestPayer }),
		number("customer_rate", func(p *payment.Payment) *money.Rate { return &p.CustomerRate }),
		number("commission_rate", func(p *payment.Payment) *money.Rate { return &p.CommissionRate }),
		amount("commission", func(p *payment.Payment) *money.Amount { return &p.Commission }),
		amount("authorized", func(p *payment.Payment) *money.Amount { return &p.Authorized }),
		amount("capture_limit", func(p *payment.Payment) *money.Amount { return &p.CaptureLimit }),
		amount("captured", func(p *payment.Payment) *money.Amount { return &p.Captured }),
		amount("refunded", func(p *payment.Payment) *money.Amount { return &p.Refunded }),
		amount("refunding", func(p *payment.Payment) *money.Amount { return &p.Refunding }),
		number("open_ask", func(p *payment.Payment) *id.Operation { return &p.OpenAsk }),
		flag("unclear", func(p *payment.Payment) *bool { return &p.Unclear }),
		number("pos_id", func(p *payment.Payment) *id.POS { return &p.POSID }),
		text("pos_alias", func(p *payment.Payment) *string { return &p.POSAlias }),
		text("result_reason", func(p *payment.Payment) *connector.Reason { return &p.Result.Reason }),
		text("result_transaction_id", func(p *payment.Payment) *string { return &p.Result.TransactionID }),
		text("result_host_reference", func(p *payment.Payment) *string { return &p.Result.HostReference }),
		text("result_auth_code", func(p *payment.Payment) *string { return &p.Result.AuthCode }),
		moment("result_at", func(p *payment.Payment) *time.Time { return &p.Result.At }),
		moment("updated_at", func(p *payment.Payment) *time.Time { return &p.UpdatedAt }),
	},
	fixed: []column[payment.Payment]{
		uuid("uuid", func(p *payment.Payment) *id.UUID { return &p.UUID }),
		text("surface", func(p *payment.Payment) *payment.Surface { return &p.Surface }),
		text("phase", func(p *payment.Payment) *payment.Phase { return &p.Phase }),
		text("payment_group", func(p *payment.Payment) *payment.Group { return &p.Group }),
		text("order_ref", func(p *payment.Payment) *string { return &p.OrderRef }),
		flag("three_ds", func(p *payment.Payment) *bool { return &p.ThreeDS }),
		text("conversation_id", func(p *payment.Payment) *string { return &p.ConversationID }),
		text("external_id", func(p *payment.Payment) *string { return &p.ExternalID }),
		text("channel", func(p *payment.Payment) *string { return &p.Channel }),
		text("customer_ref", func(p *payment.Payment) *string { return &p.CustomerRef }),
		number("buyer_id", func(p *payment.Payment) *id.Member { return &p.BuyerID }),
		currency[payment.Payment](),
		textOf("instrument", putInstrument, takeInstrument),
		text("requested_pos_alias", func(p *payment.Payment) *string { return &p.RequestedPOSAlias }),
		textOf("routing", putDecision, takeDecision),
		address("client_ip", func(p *payment.Payment) *netip.Addr { return &p.ClientIP }),
		moment("created_at", func(p *payment.Payment) *time.Time { return &p.CreatedAt }),
	},
})

var (
	insertPayment = paymentTable.insertion()
	updatePayment = paymentTable.blindUpdate() + mutable(paymentTable.sameVersion())
)

// InsertPayment implements payment.Tx.
func (t *tx) InsertPayment(p payment.Payment) {
	t.batch = append(t.batch, storage.Statement{
		SQL: insertPayment, Args: paymentTable.inserting(p), Duplicate: duplicateOf(&p),
	})
	t.insertItems(&p)
}

// SavePayment implements payment.Tx.
func (t *tx) SavePayment(p payment.Payment) {
	t.batch = append(t.batch, storage.Statement{
		SQL: updatePayment, Args: paymentTable.updating(p),
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

var (
	paymentByUUID = paymentTable.selecting("WHERE merchant_id = $1 AND uuid = $2")
	paymentByID   = paymentTable.selecting("WHERE merchant_id = $1 AND id = $2")
	// The slot of holders is spelled as in the index payment_order.
	orderHolder = paymentTable.selecting("WHERE merchant_id = $1 AND order_ref = $2" +
		" AND (CASE WHEN holds_order THEN 0 ELSE id END) = 0")
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
	found, err := one(ctx, p.db, paymentTable.reader(), sql, args...)
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
	rows, err := many(ctx, p.db, entryTable.reader(), postingsOfPayment, int64(m), int64(n))
	if err != nil {
		return nil, fmt.Errorf("postings of payment %d: %w", n, err)
	}
	return gather(rows), nil
}
