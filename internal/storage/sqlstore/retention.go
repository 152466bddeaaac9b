package sqlstore

import (
	"context"
	"fmt"
	"time"

	"github.com/vezne/vezne/internal/job"
	"github.com/vezne/vezne/internal/retention"
	"github.com/vezne/vezne/internal/storage"
)

// Retention forgets what was kept long enough. It implements retention.Store.
type Retention struct{ db *storage.DB }

var _ retention.Store = (*Retention)(nil)

// NewRetention returns the retention of db.
func NewRetention(db *storage.DB) *Retention { return &Retention{db: db} }

// There is one such job, of no merchant; sequences begin at 1, so that its id is
// nobody else's. One that died of a defect lives again with the next start.
const scheduleForget = `INSERT INTO job (merchant_id, id, kind, subject, payload, state, run_at, leases, failures,
	leased_by, leased_until, cause, created_at)
	VALUES (0, 0, $1, $2, $3, 'ready', $4, 0, 0, '', 0, '', $5)
	ON CONFLICT (merchant_id, id) DO UPDATE SET state = 'ready', run_at = excluded.run_at, failures = 0
	WHERE job.state = 'dead'`

// Schedule implements retention.Store.
func (r *Retention) Schedule(ctx context.Context, j job.Job) error {
	args := []any{string(j.Kind), j.Subject, string(j.Payload), micros(j.RunAt), micros(j.CreatedAt)}
	return wrapped(r.db.Commit(ctx, storage.Batch{{SQL: scheduleForget, Args: args}}), "schedule retention")
}

// The rows are chosen by an index and judged again when they are changed: one that
// was taken into use meanwhile stays.
const (
	forgetKeys = `DELETE FROM idempotency_key WHERE created_at < $1 AND (merchant_id, key_hash) IN (
		SELECT merchant_id, key_hash FROM idempotency_key WHERE created_at < $1 ORDER BY created_at LIMIT $2)
	RETURNING merchant_id`

	forgetLogins = `DELETE FROM admin_session WHERE expires_at < $1 AND hash IN (
		SELECT hash FROM admin_session WHERE expires_at < $1 ORDER BY expires_at LIMIT $2)
	RETURNING merchant_id`

	forgetSources = `DELETE FROM admin_source WHERE seen_at < $1 AND (merchant_id, user_id, source) IN (
		SELECT merchant_id, user_id, source FROM admin_source WHERE seen_at < $1 ORDER BY seen_at LIMIT $2)
	RETURNING merchant_id`

	forgetSecrets = `UPDATE threeds_session
	SET version = version + 1, sealed_form = $3, sealed_proof = $3, sealed_memo = NULL
	WHERE created_at < $1 AND state IN ('completed', 'failed') AND length(sealed_form) + length(sealed_proof) > 0
		AND (merchant_id, payment_id) IN (
		SELECT merchant_id, payment_id FROM threeds_session
		WHERE created_at < $1 AND state IN ('completed', 'failed') AND length(sealed_form) + length(sealed_proof) > 0
		ORDER BY created_at LIMIT $2)
	RETURNING merchant_id`

	// Merchant by merchant: the index leads with it.
	forgetDeliveries = `DELETE FROM webhook_delivery WHERE status <> 'pending' AND (merchant_id, id) IN (
		SELECT d.merchant_id, d.id FROM merchant m CROSS JOIN webhook_delivery d
		WHERE d.merchant_id = m.id AND d.created_at < $1 AND d.status <> 'pending'
		ORDER BY d.merchant_id, d.created_at LIMIT $2)
	RETURNING merchant_id`
)

// Forget implements retention.Store.
func (r *Retention) Forget(ctx context.Context, s retention.Sort, before time.Time, limit int) (int, error) {
	args := []any{micros(before), int64(limit)}
	var sql string
	switch s {
	case retention.Keys:
		sql = forgetKeys
	case retention.Logins:
		sql = forgetLogins
	case retention.Sources:
		sql = forgetSources
	case retention.Secrets:
		sql, args = forgetSecrets, append(args, []byte{})
	case retention.Deliveries:
		sql = forgetDeliveries
	default:
		return 0, fmt.Errorf("forget %q: no such sort", s)
	}
	rows := make(chan struct{}, limit) // rows may come after ctx has ended this call
	err := r.db.Mutate(ctx, sql, args, func(row storage.Scanner) error {
		var merchantID int64
		if err := row.Scan(&merchantID); err != nil {
			return fmt.Errorf("read row: %w", err)
		}
		rows <- struct{}{}
		return nil
	})
	if err != nil {
		return 0, fmt.Errorf("forget %s: %w", s, err)
	}
	return len(rows), nil
}
