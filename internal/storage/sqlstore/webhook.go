package sqlstore

import (
	"context"
	"fmt"
	"time"

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

var endpointTable = newTable(&table[webhook.Endpoint]{
	name: "webhook_endpoint",
	keys: []column[webhook.Endpoint]{
		number("merchant_id", func(e *webhook.Endpoint) *id.Merchant { return &e.MerchantID }),
		number("id", func(e *webhook.Endpoint) *id.Endpoint { return &e.ID }),
	},
	version: func(e *webhook.Endpoint) *int { return &e.Version },
	changing: []column[webhook.Endpoint]{
		text("url", func(e *webhook.Endpoint) *string { return &e.URL }),
		text("description", func(e *webhook.Endpoint) *string { return &e.Description }),
		document("events", func(e *webhook.Endpoint) *[]string { return &e.Events }),
		text("state", func(e *webhook.Endpoint) *webhook.State { return &e.State }),
		blob("sealed_secret", func(e *webhook.Endpoint) *[]byte { return &e.SealedSecret }),
		blob("sealed_previous", func(e *webhook.Endpoint) *[]byte { return &e.SealedPrevious }),
		moment("previous_until", func(e *webhook.Endpoint) *time.Time { return &e.PreviousUntil }),
	},
	fixed: []column[webhook.Endpoint]{
		moment("created_at", func(e *webhook.Endpoint) *time.Time { return &e.CreatedAt }),
	},
})

var (
	insertEndpoint = endpointTable.insertion()
	updateEndpoint = endpointTable.update()
	deleteEndpoint = endpointTable.deletion()
	endpointByID   = endpointTable.selecting("WHERE merchant_id = $1 AND id = $2")
	endpointsOf    = endpointTable.selecting("WHERE merchant_id = $1 ORDER BY id")
)

const turnEndpoint = `UPDATE webhook_endpoint SET version = version + 1, state = $4
	WHERE merchant_id = $1 AND id = $2 AND state = $3`

// InsertEndpoint implements webhook.Tx.
func (t *tx) InsertEndpoint(e webhook.Endpoint) {
	t.add(insertEndpoint, endpointTable.inserting(e)...)
	t.configured = true
}

// SaveEndpoint implements webhook.Tx.
func (t *tx) SaveEndpoint(e webhook.Endpoint) {
	t.expect(updateEndpoint, endpointTable.updating(e)...)
	t.configured = true
}

// DeleteEndpoint implements webhook.Tx.
func (t *tx) DeleteEndpoint(e webhook.Endpoint) {
	t.expect(deleteEndpoint, endpointTable.naming(e)...)
	t.configured = true
}

// SetEndpointState implements webhook.Tx.
func (t *tx) SetEndpointState(e webhook.Endpoint, from, to webhook.State) {
	t.expect(turnEndpoint, int64(e.MerchantID), int64(e.ID), string(from), string(to))
}

// Endpoint implements webhook.Store.
func (w *Webhooks) Endpoint(ctx context.Context, m id.Merchant, e id.Endpoint) (webhook.Endpoint, error) {
	found, err := one(ctx, w.db, endpointTable.reader(), endpointByID, int64(m), int64(e))
	if err != nil {
		return found, fmt.Errorf("webhook endpoint %d: %w", e, err)
	}
	return found, nil
}

// Endpoints implements webhook.Store.
func (w *Webhooks) Endpoints(ctx context.Context, m id.Merchant) ([]webhook.Endpoint, error) {
	all, err := many(ctx, w.db, endpointTable.reader(), endpointsOf, int64(m))
	if err != nil {
		return nil, fmt.Errorf("webhook endpoints of merchant %d: %w", m, err)
	}
	return all, nil
}

// EndpointPage implements webhook.Store.
func (w *Webhooks) EndpointPage(
	ctx context.Context, m id.Merchant, cursor string, limit int,
) ([]webhook.Endpoint, string, error) {
	return keyset[webhook.Endpoint]{
		name: "endpoints", rows: endpointTable.selecting("WHERE merchant_id = $1"), order: []string{"id"},
		place: func(e webhook.Endpoint) []any { return []any{int64(e.ID)} }, read: endpointTable.reader(),
	}.page(ctx, w.db, cursor, limit, int64(m))
}
