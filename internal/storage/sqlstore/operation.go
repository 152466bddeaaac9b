package sqlstore

import (
	"context"
	"fmt"
	"time"

	"github.com/vezne/vezne/internal/connector"
	"github.com/vezne/vezne/internal/id"
	"github.com/vezne/vezne/internal/money"
	"github.com/vezne/vezne/internal/payment"
)

// What identifies an operation and what was asked for never change and are stored
// once.
var operationTable = newTable(&table[payment.Operation]{
	name:     "operation",
	currency: func(o *payment.Operation) money.Currency { return o.Amount.Currency() },
	keys: []column[payment.Operation]{
		number("merchant_id", func(o *payment.Operation) *id.Merchant { return &o.MerchantID }),
		number("payment_id", func(o *payment.Operation) *id.Payment { return &o.PaymentID }),
		number("id", func(o *payment.Operation) *id.Operation { return &o.ID }),
	},
	version: func(o *payment.Operation) *int { return &o.Version },
	changing: []column[payment.Operation]{
		text("status", func(o *payment.Operation) *payment.Status { return &o.Status }),
		text("result_reason", func(o *payment.Operation) *connector.Reason { return &o.Result.Reason }),
		text("result_transaction_id", func(o *payment.Operation) *string { return &o.Result.TransactionID }),
		text("result_host_reference", func(o *payment.Operation) *string { return &o.Result.HostReference }),
		text("result_auth_code", func(o *payment.Operation) *string { return &o.Result.AuthCode }),
		moment("result_at", func(o *payment.Operation) *time.Time { return &o.Result.At }),
		text("bank_code", func(o *payment.Operation) *string { return &o.BankCode }),
		text("bank_message", func(o *payment.Operation) *string { return &o.BankMessage }),
		optionalBlob("sealed_memo", func(o *payment.Operation) *[]byte { return &o.SealedMemo }),
		moment("started_at", func(o *payment.Operation) *time.Time { return &o.StartedAt }),
		moment("finished_at", func(o *payment.Operation) *time.Time { return &o.FinishedAt }),
		moment("next_inquiry", func(o *payment.Operation) *time.Time { return &o.NextInquiry }),
		number("inquiries", func(o *payment.Operation) *int { return &o.Inquiries }),
		moment("escalated_at", func(o *payment.Operation) *time.Time { return &o.EscalatedAt }),
	},
	fixed: []column[payment.Operation]{
		number("ask_id", func(o *payment.Operation) *id.Operation { return &o.AskID }),
		number("attempt", func(o *payment.Operation) *int { return &o.Attempt }),
		text("asked", func(o *payment.Operation) *connector.Kind { return &o.Asked }),
		text("kind", func(o *payment.Operation) *connector.Kind { return &o.Kind }),
		number("pos_id", func(o *payment.Operation) *id.POS { return &o.POSID }),
		text("reference", func(o *payment.Operation) *string { return &o.Reference }),
		text("original", func(o *payment.Operation) *string { return &o.Original }),
		currency[payment.Operation](),
		amount("amount", func(o *payment.Operation) *money.Amount { return &o.Amount }),
		text("actor", func(o *payment.Operation) *string { return &o.Actor }),
	},
})

var (
	insertOperation = operationTable.insertion()
	updateOperation = operationTable.blindUpdate() + mutable(operationTable.sameVersion())

	operationsOfPayment = operationTable.selecting("WHERE merchant_id = $1 AND payment_id = $2 ORDER BY started_at, id")

	refundsOfPayment = operationTable.selecting("WHERE merchant_id = $1 AND payment_id = $2" +
		" AND asked = 'refund' AND actor <> $3 ORDER BY started_at DESC, id DESC LIMIT $4")

	unresolved = operationTable.selecting(
		"WHERE status IN ('open', 'unknown') AND next_inquiry <= $1 ORDER BY next_inquiry, id LIMIT $2")
)

// InsertOperation implements payment.Tx.
func (t *tx) InsertOperation(o payment.Operation) {
	t.add(insertOperation, operationTable.inserting(o)...)
	t.insertShares(&o)
}

// SaveOperation implements payment.Tx.
func (t *tx) SaveOperation(o payment.Operation) {
	t.expect(updateOperation, operationTable.updating(o)...)
}

// Operations implements payment.Finder.
func (p *Payments) Operations(ctx context.Context, m id.Merchant, n id.Payment) ([]payment.Operation, error) {
	all, err := many(ctx, p.db, operationTable.reader(), operationsOfPayment, int64(m), int64(n))
	if err == nil {
		err = p.loadShares(ctx, m, n, all)
	}
	if err != nil {
		return nil, fmt.Errorf("operations of payment %d: %w", n, err)
	}
	return all, nil
}

// RefundOperations implements payment.Lister.
func (p *Payments) RefundOperations(
	ctx context.Context, m id.Merchant, n id.Payment, limit int,
) ([]payment.Operation, error) {
	all, err := many(ctx, p.db, operationTable.reader(), refundsOfPayment,
		int64(m), int64(n), payment.ReversalActor, int64(limit))
	if err != nil {
		return nil, fmt.Errorf("refunds of payment %d: %w", n, err)
	}
	return all, nil
}

// Unresolved implements payment.Worklist.
func (p *Payments) Unresolved(ctx context.Context, due time.Time, limit int) ([]payment.Operation, error) {
	all, err := many(ctx, p.db, operationTable.reader(), unresolved, micros(due), int64(limit))
	if err != nil {
		return nil, fmt.Errorf("unresolved operations: %w", err)
	}
	return all, nil
}
