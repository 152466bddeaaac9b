package sqlstore

import (
	"context"
	"fmt"
	"time"

	"github.com/vezne/vezne/internal/connector"
	"github.com/vezne/vezne/internal/fault"
	"github.com/vezne/vezne/internal/id"
	"github.com/vezne/vezne/internal/money"
	"github.com/vezne/vezne/internal/payment"
	"github.com/vezne/vezne/internal/storage"
)

const (
	operationColumns = `merchant_id, payment_id, id, version, ask_id, attempt, kind, pos_id, reference, original,
	currency, amount, status, result_reason, result_transaction_id, result_host_reference, result_auth_code, result_at,
	bank_code, bank_message, actor, started_at, finished_at, next_inquiry, inquiries, escalated_at`

	insertOperation = `INSERT INTO operation (` + operationColumns + `)
	VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20, $21, $22, $23, $24, $25, $26)`

	updateOperation = `UPDATE operation SET version = CAST($4 AS BIGINT) + 1, status = $5, result_reason = $6, result_transaction_id = $7,
		result_host_reference = $8, result_auth_code = $9, result_at = $10, bank_code = $11, bank_message = $12,
		started_at = $13, finished_at = $14, next_inquiry = $15, inquiries = $16, escalated_at = $17
	WHERE merchant_id = $1 AND payment_id = $2 AND id = $3` + sameOperation

	operationsOfPayment = `SELECT ` + operationColumns + ` FROM operation
	WHERE merchant_id = $1 AND payment_id = $2 ORDER BY started_at, id`

	unresolved = `SELECT ` + operationColumns + ` FROM operation
	WHERE status IN ('open', 'unknown') AND next_inquiry <= $1 ORDER BY next_inquiry, id LIMIT $2`
)

// InsertOperation implements payment.Tx.
func (t *tx) InsertOperation(o payment.Operation) {
	t.add(insertOperation, int64(o.MerchantID), int64(o.PaymentID), int64(o.ID), int64(o.Version), int64(o.AskID), int64(o.Attempt),
		string(o.Kind), int64(o.POSID), o.Reference, o.Original, o.Amount.Currency().String(), o.Amount.Minor(), string(o.Status),
		string(o.Result.Reason), o.Result.TransactionID, o.Result.HostReference, o.Result.AuthCode, micros(o.Result.At),
		o.BankCode, o.BankMessage, o.Actor, micros(o.StartedAt), micros(o.FinishedAt), micros(o.NextInquiry), int64(o.Inquiries), micros(o.EscalatedAt))
}

// SaveOperation implements payment.Tx. What was asked of the bank (ask, attempt,
// kind, POS, references, amount, actor) never changes and is not stored again.
func (t *tx) SaveOperation(o payment.Operation) {
	t.batch = append(t.batch, storage.Statement{
		SQL: updateOperation,
		Args: []any{
			int64(o.MerchantID), int64(o.PaymentID), int64(o.ID), int64(o.Version), string(o.Status),
			string(o.Result.Reason), o.Result.TransactionID, o.Result.HostReference, o.Result.AuthCode, micros(o.Result.At),
			o.BankCode, o.BankMessage, micros(o.StartedAt), micros(o.FinishedAt), micros(o.NextInquiry), int64(o.Inquiries), micros(o.EscalatedAt),
		},
		Rows: 1, Missed: fault.StaleVersion,
	})
}

// Operations implements payment.Finder.
func (p *Payments) Operations(ctx context.Context, m id.Merchant, n id.Payment) ([]payment.Operation, error) {
	all, err := many(ctx, p.db, readOperation, operationsOfPayment, int64(m), int64(n))
	if err != nil {
		return nil, fmt.Errorf("operations of payment %d: %w", n, err)
	}
	return all, nil
}

// Unresolved implements payment.Worklist.
func (p *Payments) Unresolved(ctx context.Context, due time.Time, limit int) ([]payment.Operation, error) {
	all, err := many(ctx, p.db, readOperation, unresolved, micros(due), int64(limit))
	if err != nil {
		return nil, fmt.Errorf("unresolved operations: %w", err)
	}
	return all, nil
}

// operationRow holds the columns of an operation as the drivers deliver them.
type operationRow struct {
	merchantID, paymentID, id, version, askID, attempt, posID, amount, inquiries int64
	resultAt, startedAt, finishedAt, nextInquiry, escalatedAt                    int64
	kind, reference, original, currency, status, reason, transactionID           string
	hostReference, authCode, bankCode, bankMessage, actor                        string
}

func readOperation(s storage.Scanner) (payment.Operation, error) {
	var r operationRow
	err := s.Scan(&r.merchantID, &r.paymentID, &r.id, &r.version, &r.askID, &r.attempt, &r.kind, &r.posID, &r.reference, &r.original,
		&r.currency, &r.amount, &r.status, &r.reason, &r.transactionID, &r.hostReference, &r.authCode, &r.resultAt,
		&r.bankCode, &r.bankMessage, &r.actor, &r.startedAt, &r.finishedAt, &r.nextInquiry, &r.inquiries, &r.escalatedAt)
	if err != nil {
		return payment.Operation{}, err
	}
	currency, err := currencyOf(r.currency)
	return payment.Operation{
		ID: id.Operation(r.id), MerchantID: id.Merchant(r.merchantID), PaymentID: id.Payment(r.paymentID),
		AskID: id.Operation(r.askID), Attempt: int(r.attempt), Kind: connector.Kind(r.kind), POSID: id.POS(r.posID),
		Reference: r.reference, Original: r.original, Amount: money.FromMinor(r.amount, currency),
		Status: payment.Status(r.status),
		Result: payment.Result{
			Reason: connector.Reason(r.reason), TransactionID: r.transactionID, HostReference: r.hostReference,
			AuthCode: r.authCode, At: timeOf(r.resultAt),
		},
		BankCode: r.bankCode, BankMessage: r.bankMessage, Actor: r.actor,
		StartedAt: timeOf(r.startedAt), FinishedAt: timeOf(r.finishedAt), NextInquiry: timeOf(r.nextInquiry),
		Inquiries: int(r.inquiries), EscalatedAt: timeOf(r.escalatedAt), Version: int(r.version),
	}, err
}
