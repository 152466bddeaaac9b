package sqlstore

import (
	"context"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/vezne/vezne/internal/id"
	"github.com/vezne/vezne/internal/job"
	"github.com/vezne/vezne/internal/webhook"
)

// The event itself never changes and is stored once.
var deliveryTable = newTable(&table[webhook.Delivery]{
	name: "webhook_delivery",
	keys: []column[webhook.Delivery]{
		number("merchant_id", func(d *webhook.Delivery) *id.Merchant { return &d.MerchantID }),
		number("id", func(d *webhook.Delivery) *id.Delivery { return &d.ID }),
	},
	version: func(d *webhook.Delivery) *int { return &d.Version },
	changing: []column[webhook.Delivery]{
		text("status", func(d *webhook.Delivery) *webhook.Status { return &d.Status }),
		number("attempts", func(d *webhook.Delivery) *int { return &d.Attempts }),
		number("http_status", func(d *webhook.Delivery) *int { return &d.HTTPStatus }),
		text("failure", func(d *webhook.Delivery) *string { return &d.Failure }),
		duration("duration", func(d *webhook.Delivery) *time.Duration { return &d.Duration }),
		text("answer", func(d *webhook.Delivery) *string { return &d.Answer }),
		moment("attempted_at", func(d *webhook.Delivery) *time.Time { return &d.AttemptedAt }),
		moment("next_attempt", func(d *webhook.Delivery) *time.Time { return &d.NextAttempt }),
	},
	fixed: []column[webhook.Delivery]{
		number("endpoint_id", func(d *webhook.Delivery) *id.Endpoint { return &d.EndpointID }),
		number("event_id", func(d *webhook.Delivery) *id.Job { return &d.EventID }),
		text("type", func(d *webhook.Delivery) *job.Kind { return &d.Type }),
		text("subject", func(d *webhook.Delivery) *string { return &d.Subject }),
		body("data", func(d *webhook.Delivery) *[]byte { return &d.Data }),
		moment("occurred_at", func(d *webhook.Delivery) *time.Time { return &d.OccurredAt }),
		number("redelivery_of", func(d *webhook.Delivery) *id.Delivery { return &d.RedeliveryOf }),
		moment("created_at", func(d *webhook.Delivery) *time.Time { return &d.CreatedAt }),
	},
})

var (
	insertDelivery   = deliveryTable.insertion()
	updateDelivery   = deliveryTable.update()
	deliveryByID     = deliveryTable.selecting("WHERE merchant_id = $1 AND id = $2")
	selectDeliveries = deliveryTable.selecting("WHERE ")
)

// InsertDelivery implements webhook.Tx.
func (t *tx) InsertDelivery(d webhook.Delivery) { t.add(insertDelivery, deliveryTable.inserting(d)...) }

// SaveDelivery implements webhook.Tx.
func (t *tx) SaveDelivery(d webhook.Delivery) { t.expect(updateDelivery, deliveryTable.updating(d)...) }

// Delivery implements webhook.Store.
func (w *Webhooks) Delivery(ctx context.Context, m id.Merchant, d id.Delivery) (webhook.Delivery, error) {
	found, err := one(ctx, w.db, deliveryTable.reader(), deliveryByID, int64(m), int64(d))
	if err != nil {
		return found, fmt.Errorf("webhook delivery %d: %w", d, err)
	}
	return found, nil
}

// Deliveries implements webhook.Store.
func (w *Webhooks) Deliveries(
	ctx context.Context, m id.Merchant, f webhook.Filter,
) ([]webhook.Delivery, string, error) {
	l, err := newDeliveryList(m, f)
	if err != nil {
		return nil, "", err
	}
	sql := l.sql() // binds its limit
	page, err := many(ctx, w.db, deliveryTable.reader(), sql, l.args...)
	if err != nil {
		return nil, "", fmt.Errorf("list webhook deliveries: %w", err)
	}
	page, next := pageOf(page, l.limit, func(last webhook.Delivery) string {
		return position{micros(last.CreatedAt), int64(last.ID)}.cursor()
	})
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
	l := &deliveryList{limit: pageSize(f.Limit), oldestFirst: f.OldestFirst}
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
	return selectDeliveries + strings.Join(l.where, " AND ") + order + l.bind(int64(l.limit+1))
}
