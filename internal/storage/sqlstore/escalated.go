package sqlstore

import (
	"context"
	"fmt"

	"github.com/vezne/vezne/internal/id"
	"github.com/vezne/vezne/internal/payment"
	"github.com/vezne/vezne/internal/storage"
)

const (
	// waits: a declined operation waits for a person only if it is a reversal whose
	// charge still stands: no other operation is about one that was declined.
	waits = `escalated_at > 0 AND (status IN ('open', 'unknown') OR (status = 'declined' AND kind IN ('void', 'refund') AND EXISTS (
		SELECT 1 FROM operation charge
		WHERE charge.merchant_id = operation.merchant_id AND charge.payment_id = operation.payment_id
		AND charge.reference = operation.original AND charge.status = 'declined')))`

	waitingOperations = `SELECT COUNT(*), COALESCE(MIN(started_at), 0) FROM operation
	WHERE ` + waits
)

var (
	escalatedOperations = operationTable.selecting(
		"WHERE merchant_id = $1 AND id > $2 AND " + waits + " ORDER BY id LIMIT $3")
	escalatedOperation = operationTable.selecting("WHERE merchant_id = $1 AND id = $2 AND escalated_at > 0")
)

// Escalated implements payment.Escalations.
func (p *Payments) Escalated(
	ctx context.Context, m id.Merchant, after id.Operation, limit int,
) ([]payment.Operation, error) {
	all, err := many(ctx, p.db, operationTable.reader(), escalatedOperations, int64(m), int64(after), int64(limit))
	if err != nil {
		return nil, fmt.Errorf("escalated operations of merchant %d: %w", m, err)
	}
	return all, nil
}

// EscalatedOperation implements payment.Escalations.
func (p *Payments) EscalatedOperation(ctx context.Context, m id.Merchant, o id.Operation) (payment.Operation, error) {
	return one(ctx, p.db, operationTable.reader(), escalatedOperation, int64(m), int64(o))
}

// Waiting implements payment.Escalations.
func (p *Payments) Waiting(ctx context.Context) (payment.Waiting, error) {
	w, err := one(ctx, p.db, func(s storage.Scanner) (payment.Waiting, error) {
		var count, oldest int64
		err := s.Scan(&count, &oldest)
		return payment.Waiting{Count: int(count), Oldest: timeOf(oldest)}, err
	}, waitingOperations)
	if err != nil {
		return payment.Waiting{}, fmt.Errorf("count escalated operations: %w", err)
	}
	return w, nil
}
