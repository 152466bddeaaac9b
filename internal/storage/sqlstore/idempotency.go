package sqlstore

import (
	"context"
	"fmt"

	"github.com/vezne/vezne/internal/fault"
	"github.com/vezne/vezne/internal/id"
	"github.com/vezne/vezne/internal/idempotency"
	"github.com/vezne/vezne/internal/storage"
)

// claimKey takes a key that is free or older than the window ($7, microseconds).
const claimKey = `INSERT INTO idempotency_key (merchant_id, value, request_hash, payment_id, ask_id, created_at)
	VALUES ($1, $2, $3, $4, $5, $6)
	ON CONFLICT (merchant_id, value) DO UPDATE SET request_hash = excluded.request_hash,
		payment_id = excluded.payment_id, ask_id = excluded.ask_id, created_at = excluded.created_at
	WHERE idempotency_key.created_at <= excluded.created_at - $7`

func (t *tx) addClaim(r idempotency.Record) {
	t.batch = append(t.batch, storage.Statement{
		SQL: claimKey,
		Args: []any{
			int64(r.MerchantID), r.Key.Value, r.Key.Hash[:], int64(r.PaymentID), int64(r.AskID),
			micros(r.CreatedAt), idempotency.Window.Microseconds(),
		},
		Rows: 1, Missed: fault.IdempotencyKeyTaken, Duplicate: fault.IdempotencyKeyTaken,
	})
}

const claimedKey = `SELECT merchant_id, value, request_hash, payment_id, ask_id, created_at
	FROM idempotency_key WHERE merchant_id = $1 AND value = $2`

func readClaim(s storage.Scanner) (idempotency.Record, error) {
	var (
		merchant, paymentID, ask, at int64
		value                        string
		hash                         []byte
	)
	if err := s.Scan(&merchant, &value, &hash, &paymentID, &ask, &at); err != nil {
		return idempotency.Record{}, err
	}
	return idempotency.Record{
		MerchantID: id.Merchant(merchant), Key: idempotency.Key{Value: value, Hash: [32]byte(hash)},
		PaymentID: id.Payment(paymentID), AskID: id.Operation(ask), CreatedAt: timeOf(at),
	}, nil
}

// ClaimedKey implements payment.Finder. A claim older than idempotency.Window is
// still returned: it is for the next claim of its key to replace it.
func (p *Payments) ClaimedKey(ctx context.Context, m id.Merchant, key string) (idempotency.Record, error) {
	r, err := one(ctx, p.db, readClaim, claimedKey, int64(m), key)
	if err != nil {
		return r, fmt.Errorf("claimed key: %w", err)
	}
	return r, nil
}
