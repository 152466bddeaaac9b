package sqlstore

import (
	"context"
	"fmt"

	"github.com/vezne/vezne/internal/fault"
	"github.com/vezne/vezne/internal/id"
	"github.com/vezne/vezne/internal/storage"
	"github.com/vezne/vezne/internal/webhook"
)

// Webhooks keeps endpoints and deliveries. It implements webhook.Store.
type Webhooks struct{ db *storage.DB }

var _ webhook.Store = (*Webhooks)(nil)

// NewWebhooks returns the webhooks of db.
func NewWebhooks(db *storage.DB) *Webhooks { return &Webhooks{db: db} }

// InTx implements webhook.Store.
func (w *Webhooks) InTx(ctx context.Context, fn func(webhook.Tx)) error {
	return inTx(ctx, w.db, func(t *tx) { fn(t) })
}

const (
	endpointColumns = `merchant_id, id, version, url, description, events, state, sealed_secret, sealed_previous,
	previous_until, created_at`

	insertEndpoint = `INSERT INTO webhook_endpoint (` + endpointColumns + `) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)`

	updateEndpoint = `UPDATE webhook_endpoint SET version = CAST($3 AS BIGINT) + 1, url = $4, description = $5, events = $6,
		state = $7, sealed_secret = $8, sealed_previous = $9, previous_until = $10
	WHERE merchant_id = $1 AND id = $2 AND version = $3`

	deleteEndpoint = `DELETE FROM webhook_endpoint WHERE merchant_id = $1 AND id = $2 AND version = $3`

	turnEndpoint = `UPDATE webhook_endpoint SET version = version + 1, state = $4
	WHERE merchant_id = $1 AND id = $2 AND state = $3`

	endpointByID = `SELECT ` + endpointColumns + ` FROM webhook_endpoint WHERE merchant_id = $1 AND id = $2`
	endpointsOf  = `SELECT ` + endpointColumns + ` FROM webhook_endpoint WHERE merchant_id = $1 ORDER BY id`
)

// InsertEndpoint implements webhook.Tx.
func (t *tx) InsertEndpoint(e webhook.Endpoint) {
	t.add(insertEndpoint, int64(e.MerchantID), int64(e.ID), int64(e.Version), e.URL, e.Description, encode(e.Events), string(e.State),
		notNil(e.SealedSecret), notNil(e.SealedPrevious), micros(e.PreviousUntil), micros(e.CreatedAt))
	t.configured = true
}

// SaveEndpoint implements webhook.Tx.
func (t *tx) SaveEndpoint(e webhook.Endpoint) {
	t.expect(updateEndpoint, int64(e.MerchantID), int64(e.ID), int64(e.Version), e.URL, e.Description, encode(e.Events),
		string(e.State), notNil(e.SealedSecret), notNil(e.SealedPrevious), micros(e.PreviousUntil))
	t.configured = true
}

// DeleteEndpoint implements webhook.Tx.
func (t *tx) DeleteEndpoint(e webhook.Endpoint) {
	t.expect(deleteEndpoint, int64(e.MerchantID), int64(e.ID), int64(e.Version))
	t.configured = true
}

// TurnEndpoint implements webhook.Tx.
func (t *tx) TurnEndpoint(e webhook.Endpoint, from, to webhook.State) {
	t.expect(turnEndpoint, int64(e.MerchantID), int64(e.ID), string(from), string(to))
}

// expect queues a statement that must change one row; otherwise the row is
// another one than the caller has read.
func (t *tx) expect(sql string, args ...any) {
	t.batch = append(t.batch, storage.Statement{SQL: sql, Args: args, Rows: 1, Missed: fault.StaleVersion})
}

// Endpoint implements webhook.Store.
func (w *Webhooks) Endpoint(ctx context.Context, m id.Merchant, e id.Endpoint) (webhook.Endpoint, error) {
	found, err := one(ctx, w.db, readEndpoint, endpointByID, int64(m), int64(e))
	if err != nil {
		return found, fmt.Errorf("webhook endpoint %d: %w", e, err)
	}
	return found, nil
}

// Endpoints implements webhook.Store.
func (w *Webhooks) Endpoints(ctx context.Context, m id.Merchant) ([]webhook.Endpoint, error) {
	all, err := many(ctx, w.db, readEndpoint, endpointsOf, int64(m))
	if err != nil {
		return nil, fmt.Errorf("webhook endpoints of merchant %d: %w", m, err)
	}
	return all, nil
}

// EndpointPage implements webhook.Store.
func (w *Webhooks) EndpointPage(ctx context.Context, m id.Merchant, cursor string, limit int) ([]webhook.Endpoint, string, error) {
	return keyset[webhook.Endpoint]{
		name: "endpoints", rows: `SELECT ` + endpointColumns + ` FROM webhook_endpoint WHERE merchant_id = $1`, order: []string{"id"},
		place: func(e webhook.Endpoint) []any { return []any{int64(e.ID)} }, read: readEndpoint,
	}.page(ctx, w.db, cursor, limit, int64(m))
}

func readEndpoint(s storage.Scanner) (webhook.Endpoint, error) {
	var (
		e                                      webhook.Endpoint
		owner, n, version, previous, createdAt int64
		events, state                          string
	)
	err := s.Scan(&owner, &n, &version, &e.URL, &e.Description, &events, &state, &e.SealedSecret, &e.SealedPrevious, &previous, &createdAt)
	if err != nil {
		return e, err
	}
	if len(e.SealedPrevious) == 0 {
		e.SealedPrevious = nil
	}
	e.MerchantID, e.ID, e.Version, e.State = id.Merchant(owner), id.Endpoint(n), int(version), webhook.State(state)
	e.PreviousUntil, e.CreatedAt = timeOf(previous), timeOf(createdAt)
	return e, decode(events, &e.Events)
}
