package sqlstore

import (
	"context"
	"fmt"

	"github.com/vezne/vezne/internal/id"
	"github.com/vezne/vezne/internal/payment"
	"github.com/vezne/vezne/internal/storage"
)

// OperationKey is the place of an operation in the order of References; the zero
// key is before the first.
type OperationKey struct {
	MerchantID  id.Merchant
	PaymentID   id.Payment
	OperationID id.Operation
}

// Reference is the name by which a bank knows an operation.
type Reference struct {
	OperationKey

	Text   string
	Status payment.Status
}

// Those who compare read all of them once, so they need no index, which every
// payment would pay for. What our books carried out alone no bank knows.
const referencesAfter = `SELECT merchant_id, payment_id, id, reference, status FROM operation
	WHERE (merchant_id, payment_id, id) > ($1, $2, $3) AND pos_id <> 0 ORDER BY merchant_id, payment_id, id LIMIT $4`

func readReference(s storage.Scanner) (Reference, error) {
	var (
		merchant, paymentID, operation int64
		r                              Reference
		status                         string
	)
	err := s.Scan(&merchant, &paymentID, &operation, &r.Text, &status)
	r.OperationKey = OperationKey{id.Merchant(merchant), id.Payment(paymentID), id.Operation(operation)}
	r.Status = payment.Status(status)
	return r, err
}

// References returns up to limit references of all merchants that come after the
// key, by merchant, payment and operation.
func (l *Ledger) References(ctx context.Context, after OperationKey, limit int) ([]Reference, error) {
	all, err := many(ctx, l.db, readReference, referencesAfter,
		int64(after.MerchantID), int64(after.PaymentID), int64(after.OperationID), int64(limit))
	if err != nil {
		return nil, fmt.Errorf("references: %w", err)
	}
	return all, nil
}
