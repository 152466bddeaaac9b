package admin

import (
	"context"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/go-json-experiment/json/jsontext"

	"github.com/vezne/vezne/internal/fault"
	"github.com/vezne/vezne/internal/httpapi/kit"
	"github.com/vezne/vezne/internal/id"
	"github.com/vezne/vezne/internal/job"
	"github.com/vezne/vezne/internal/payment"
	"github.com/vezne/vezne/internal/webhook"
)

type deliveryView struct {
	ID         int64  `json:"id"`
	EndpointID int64  `json:"endpoint_id"`
	EventID    string `json:"event_id"`
	Type       string `json:"type"`
	// PaymentID is the UUID of the payment that the event is about.
	PaymentID    *string        `json:"payment_id"`
	Data         jsontext.Value `json:"data"`
	OccurredAt   time.Time      `json:"occurred_at"`
	RedeliveryOf *int64         `json:"redelivery_of"`
	Status       string         `json:"status"`
	Attempts     int            `json:"attempts"`
	HTTPStatus   *int           `json:"http_status"`
	Failure      *string        `json:"failure"`
	DurationMS   *int64         `json:"duration_ms"`
	Answer       *string        `json:"answer"`
	AttemptedAt  *time.Time     `json:"attempted_at"`
	NextAttempt  *time.Time     `json:"next_attempt"`
	CreatedAt    time.Time      `json:"created_at"`
}

type deliveriesView struct {
	Deliveries []deliveryView `json:"deliveries"`
	Next       *string        `json:"next"`
}

func viewDelivery(d webhook.Delivery) deliveryView {
	v := deliveryView{
		ID: int64(d.ID), EndpointID: int64(d.EndpointID), EventID: d.MessageID(), Type: string(d.Type),
		Data: jsontext.Value(d.Data), OccurredAt: moment(d.OccurredAt), Status: string(d.Status), Attempts: d.Attempts,
		Failure: kit.TextOrNull(d.Failure), Answer: kit.TextOrNull(d.Answer),
		AttemptedAt: timeOrNull(d.AttemptedAt), NextAttempt: timeOrNull(d.NextAttempt), CreatedAt: moment(d.CreatedAt),
	}
	if public, ok := strings.CutPrefix(d.Subject, "payment:"); ok {
		v.PaymentID = &public
	}
	if repeated := int64(d.RedeliveryOf); repeated != 0 {
		v.RedeliveryOf = &repeated
	}
	if d.HTTPStatus != 0 {
		v.HTTPStatus = &d.HTTPStatus
	}
	if d.Attempts > 0 {
		ms := d.Duration.Milliseconds()
		v.DurationMS = &ms
	}
	return v
}

// deliveries answers GET /admin/v1/webhook-deliveries.
func (s *surface) deliveries(ctx context.Context, r *request) (kit.Response, error) {
	q := r.Query()
	f := webhook.Filter{
		EndpointID: id.Endpoint(q.Int("endpoint_id", 0, 1, id.Max)), Status: webhook.Status(q.OneOf("status", statuses()...)),
		Type: job.Kind(q.Text("type", maxPattern)), From: q.Time("from"), To: q.Time("to"),
		Limit: q.Int("limit", defaultLimit, 1, maxLimit), Cursor: q.Cursor("cursor"),
	}
	if public := q.Text("payment_id", maxPattern); public != "" {
		u, err := id.ParseUUID(public)
		if err != nil {
			q.Reject("payment_id", fault.FieldInvalid, "must be the UUID of a payment")
		}
		f.Subject = payment.Subject(u)
	}
	if err := q.Err(); err != nil {
		return kit.Response{}, err
	}
	page, next, err := s.Webhooks.Deliveries(ctx, r.Principal.MerchantID, f)
	if err != nil {
		return kit.Response{}, err
	}
	v := deliveriesView{Deliveries: make([]deliveryView, 0, len(page)), Next: kit.TextOrNull(next)}
	for _, d := range page {
		v.Deliveries = append(v.Deliveries, viewDelivery(d))
	}
	return kit.OK(v), nil
}

func statuses() []string {
	return []string{string(webhook.Pending), string(webhook.Delivered), string(webhook.Failed), string(webhook.Cancelled)}
}

// delivery answers GET /admin/v1/webhook-deliveries/{deliveryId}.
func (s *surface) delivery(ctx context.Context, r *request) (kit.Response, error) {
	n, err := r.Number("deliveryId")
	if err != nil {
		return kit.Response{}, err
	}
	d, err := s.Webhooks.Delivery(ctx, r.Principal.MerchantID, id.Delivery(n))
	if err != nil {
		return kit.Response{}, err
	}
	return kit.OK(viewDelivery(d)), nil
}

// redeliver answers POST /admin/v1/webhook-deliveries/{deliveryId}/redeliver.
func (s *surface) redeliver(ctx context.Context, r *request) (kit.Response, error) {
	n, err := r.Number("deliveryId")
	if err != nil {
		return kit.Response{}, err
	}
	return queued(s.Webhooks.Redeliver(ctx, s.hookCaller(r), id.Delivery(n)))
}

// queued answers with a delivery that is on its way.
func queued(d webhook.Delivery, err error) (kit.Response, error) {
	return kit.Response{Status: http.StatusAccepted, Body: viewDelivery(d)}, err
}

// redeliverRange answers POST /admin/v1/webhook-deliveries/redeliver.
func (s *surface) redeliverRange(ctx context.Context, r *request) (kit.Response, error) {
	b := r.Body
	want := webhook.Range{From: readTime(b, "from"), To: readTime(b, "to")}
	if n, ok := b.Number("endpoint_id"); ok {
		endpoint, err := strconv.ParseInt(string(n), 10, 64)
		if err != nil || endpoint < 1 {
			b.Reject("endpoint_id", fault.FieldInvalid, "must be the id of an endpoint")
		}
		want.EndpointID = id.Endpoint(endpoint)
	}
	if status, ok := b.OptionalString("status"); ok {
		want.Status = webhook.Status(status)
		if !want.Status.Known() || want.Status == webhook.Pending {
			b.Reject("status", fault.FieldInvalid, "must be delivered, failed or cancelled")
		}
	}
	if cursor, ok := b.OptionalText("cursor", maxWord); ok {
		want.Cursor = cursor
	}
	if err := b.Err(); err != nil {
		return kit.Response{}, err
	}
	repeated, next, err := s.Webhooks.RedeliverRange(ctx, s.hookCaller(r), want)
	if err != nil {
		return kit.Response{}, err
	}
	return kit.Response{Status: http.StatusAccepted,
		Body: map[string]any{"redelivered": repeated, "next": kit.TextOrNull(next)}}, nil
}
