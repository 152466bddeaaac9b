package sqlstore

import (
	"context"
	"fmt"
	"time"

	"github.com/vezne/vezne/internal/fault"
	"github.com/vezne/vezne/internal/id"
	"github.com/vezne/vezne/internal/idempotency"
	"github.com/vezne/vezne/internal/storage"
)

var claimTable = newTable(&table[idempotency.Record]{
	name: "idempotency_key",
	keys: []column[idempotency.Record]{
		number("merchant_id", func(r *idempotency.Record) *id.Merchant { return &r.MerchantID }),
		hash("key_hash", func(r *idempotency.Record) *[32]byte { return &r.Key.Value }),
	},
	changing: []column[idempotency.Record]{
		hash("request_hash", func(r *idempotency.Record) *[32]byte { return &r.Key.Request }),
		text("subject_kind", func(r *idempotency.Record) *idempotency.Kind { return &r.Kind }),
		number("subject_number", func(r *idempotency.Record) *int64 { return &r.Subject.Number }),
		optionalUUID("subject_uuid", func(r *idempotency.Record) *id.UUID { return &r.Subject.UUID }),
		text("result", func(r *idempotency.Record) *string { return &r.Subject.Result }),
		moment("created_at", func(r *idempotency.Record) *time.Time { return &r.CreatedAt }),
	},
})

var (
	// claimKey takes a key that is free or older than the window, which is the last
	// parameter, in microseconds.
	claimKey = claimTable.replacement() + " WHERE " + claimTable.name + ".created_at <= excluded.created_at - " +
		parameter(len(claimTable.written)+1)

	claimedKey = claimTable.selecting("WHERE merchant_id = $1 AND key_hash = $2")
)

// ClaimKey implements idempotency.Tx.
func (t *tx) ClaimKey(r idempotency.Record) {
	args := make([]any, 0, len(claimTable.written)+1)
	args = append(claimTable.arguments(args, r, claimTable.written), idempotency.Window.Microseconds())
	t.batch = append(t.batch, storage.Statement{
		SQL: claimKey, Args: args, Rows: 1, Missed: fault.IdempotencyKeyTaken, Duplicate: fault.IdempotencyKeyTaken,
	})
}

// ClaimedKey implements idempotency.Finder. A claim older than idempotency.Window
// is still returned: it is for the next claim of its key to replace it.
func (p *Payments) ClaimedKey(ctx context.Context, m id.Merchant, value [32]byte) (idempotency.Record, error) {
	r, err := one(ctx, p.db, claimTable.reader(), claimedKey, int64(m), value[:])
	if err != nil {
		return r, fmt.Errorf("claimed key: %w", err)
	}
	return r, nil
}
