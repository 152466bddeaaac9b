package sqlstore

import (
	"context"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/vezne/vezne/internal/id"
	"github.com/vezne/vezne/internal/job"
	"github.com/vezne/vezne/internal/storage"
	"github.com/vezne/vezne/internal/webhook"
)

const (
	deliveryColumns = `merchant_id, id, version, endpoint_id, event_id, type, subject, data, occurred_at, redelivery_of, status,
	attempts, http_status, failure, duration, answer, attempted_at, next_attempt, created_at`

	insertDelivery = `INSERT INTO webhook_delivery (` + deliveryColumns + `)
	VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19)`

	updateDelivery = `UPDATE webhook_delivery SET version = CAST($3 AS BIGINT) + 1, status = $4, attempts = $5, http_status = $6,
		failure = $7, duration = $8, answer = $9, attempted_at = $10, next_attempt = $11
	WHERE merchant_id = $1 AND id = $2 AND version = $3`

	deliveryByID = `SELECT ` + deliveryColumns + ` FROM webhook_delivery WHERE merchant_id = $1 AND id = $2`
)

// InsertDelivery implements webhook.Tx.
func (t *tx) InsertDelivery(d webhook.Delivery) {
	t.add(insertDelivery, int64(d.MerchantID), int64(d.ID), int64(d.Version), int64(d.EndpointID), int64(d.EventID), string(d.Type),
		d.Subject, string(d.Data), micros(d.OccurredAt), int64(d.RedeliveryOf), string(d.Status), int64(d.Attempts),
		int64(d.HTTPStatus), d.Failure, d.Duration.Microseconds(), d.Answer, micros(d.AttemptedAt), micros(d.NextAttempt),
		micros(d.CreatedAt))
}

// SaveDelivery implements webhook.Tx. The event itself never changes and is not
// stored again.
func (t *tx) SaveDelivery(d webhook.Delivery) {
	t.expect(updateDelivery, int64(d.MerchantID), int64(d.ID), int64(d.Version), string(d.Status), int64(d.Attempts),
		int64(d.HTTPStatus), d.Failure, d.Duration.Microseconds(), d.Answer, micros(d.AttemptedAt), micros(d.NextAttempt))
}

// Delivery implements webhook.Store.
func (w *Webhooks) Delivery(ctx context.Context, m id.Merchant, d id.Delivery) (webhook.Delivery, error) {
	found, err := one(ctx, w.db, readDelivery, deliveryByID, int64(m), int64(d))
	if err != nil {
		return found, fmt.Errorf("webhook delivery %d: %w", d, err)
	}
	return found, nil
}

// Deliveries implements webhook.Store.
func (w *Webhooks) Deliveries(ctx context.Context, m id.Merchant, f webhook.Filter) ([]webhook.Delivery, string, error) {
	l, err := newDeliveryList(m, f)
	if err != nil {
		return nil, "", err
	}
	sql := l.sql() // binds its limit
	page, err := many(ctx, w.db, readDelivery, sql, l.args...)
	if err != nil {
		return nil, "", fmt.Errorf("list webhook deliveries: %w", err)
	}
	next := ""
	if len(page) > l.limit { // one more was asked for, to see whether there is a next page
		page = page[:l.limit]
		last := page[l.limit-1]
		next = position{micros(last.CreatedAt), int64(last.ID)}.cursor()
	}
	return page, next, nil
}

// deliveryList builds the query of a page.
type deliveryList struct {
	limit       int
	oldestFirst bool
	where       []string
	args        []any
}

func newDeliveryList(m id.Merchant, f webhook.Filter) (*deliveryList, error) {
	l := &deliveryList{limit: f.Limit, oldestFirst: f.OldestFirst}
	if l.limit <= 0 {
		l.limit = defaultPage
	}
	l.limit = min(l.limit, maxPage)
	l.add("merchant_id = ", int64(m))
	if f.EndpointID != 0 {
		l.add("endpoint_id = ", int64(f.EndpointID))
	}
	if f.Status == webhook.Failed {
		l.where = append(l.where, "status = 'failed'") // spelled as in the index
	} else if f.Status != "" {
		l.add("status = ", string(f.Status))
	}
	if f.Type != "" {
		l.add("type = ", string(f.Type))
	}
	if f.Subject != "" {
		l.add("subject = ", f.Subject)
	}
	if !f.From.IsZero() {
		l.add("created_at >= ", micros(f.From))
	}
	if !f.To.IsZero() {
		l.add("created_at < ", micros(f.To))
	}
	if f.Originals {
		l.where = append(l.where, "redelivery_of = 0")
	}
	if f.Cursor == "" {
		return l, nil
	}
	after, err := parseCursor(f.Cursor)
	if err != nil {
		return nil, err
	}
	l.where = append(l.where, "(created_at, id) "+l.beyond()+" ("+l.bind(after.createdAt)+", "+l.bind(after.id)+")")
	return l, nil
}

func (l *deliveryList) beyond() string {
	if l.oldestFirst {
		return ">"
	}
	return "<"
}

func (l *deliveryList) add(condition string, arg any) {
	l.where = append(l.where, condition+l.bind(arg))
}

func (l *deliveryList) bind(arg any) string {
	l.args = append(l.args, arg)
	return "$" + strconv.Itoa(len(l.args))
}

func (l *deliveryList) sql() string {
	order := " ORDER BY created_at DESC, id DESC LIMIT "
	if l.oldestFirst {
		order = " ORDER BY created_at, id LIMIT "
	}
	return "SELECT " + deliveryColumns + " FROM webhook_delivery WHERE " + strings.Join(l.where, " AND ") + order + l.bind(int64(l.limit+1))
}

func readDelivery(s storage.Scanner) (webhook.Delivery, error) {
	var (
		d                                                          webhook.Delivery
		owner, n, version, endpoint, event, occurredAt, repeated   int64
		attempts, httpStatus, duration, attemptedAt, next, created int64
		kind, data, status                                         string
	)
	err := s.Scan(&owner, &n, &version, &endpoint, &event, &kind, &d.Subject, &data, &occurredAt, &repeated, &status,
		&attempts, &httpStatus, &d.Failure, &duration, &d.Answer, &attemptedAt, &next, &created)
	d.MerchantID, d.ID, d.Version, d.EndpointID = id.Merchant(owner), id.Delivery(n), int(version), id.Endpoint(endpoint)
	d.EventID, d.Type, d.Data, d.OccurredAt = id.Job(event), job.Kind(kind), []byte(data), timeOf(occurredAt)
	d.RedeliveryOf, d.Status, d.Attempts = id.Delivery(repeated), webhook.Status(status), int(attempts)
	d.HTTPStatus, d.Duration = int(httpStatus), time.Duration(duration)*time.Microsecond
	d.AttemptedAt, d.NextAttempt, d.CreatedAt = timeOf(attemptedAt), timeOf(next), timeOf(created)
	return d, err
}
