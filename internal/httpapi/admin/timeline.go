package admin

import (
	"cmp"
	"context"
	"slices"
	"time"

	"github.com/go-json-experiment/json/jsontext"

	"github.com/vezne/vezne/internal/audit"
	"github.com/vezne/vezne/internal/charge"
	"github.com/vezne/vezne/internal/httpapi/kit"
)

// What happened at a moment of a payment's life.
const (
	eventCreated  = "created"
	eventAsked    = "bank_asked"
	eventAnswered = "bank_answered"
	eventRecorded = "recorded"
)

type timelineView struct {
	Events []eventView `json:"events"`
}

type eventView struct {
	At        time.Time      `json:"at"`
	Event     string         `json:"event"`
	Actor     *string        `json:"actor"`
	Operation *operationView `json:"operation"`
	Record    *recordView    `json:"record"`
}

type recordView struct {
	ID      int64          `json:"id"`
	At      time.Time      `json:"at"`
	Actor   string         `json:"actor"`
	Action  string         `json:"action"`
	Subject string         `json:"subject"`
	Detail  jsontext.Value `json:"detail"`
	Address *string        `json:"address"`
	Agent   *string        `json:"agent"`
}

func viewRecord(r audit.Record) recordView {
	v := recordView{
		ID: int64(r.ID), At: moment(r.At), Actor: r.Actor, Action: r.Action, Subject: r.Subject,
		Detail: jsontext.Value(r.Detail), Agent: kit.TextOrNull(r.Origin.Agent),
	}
	if r.Origin.Address.IsValid() {
		v.Address = kit.TextOrNull(r.Origin.Address.String())
	}
	return v
}

// timeline answers GET /admin/v1/payments/{paymentId}/timeline.
func (s *surface) timeline(ctx context.Context, r *request) (kit.Response, error) {
	u, err := r.UUID("paymentId")
	if err != nil {
		return kit.Response{}, err
	}
	d, err := s.Payments.Detail(ctx, r.Principal.MerchantID, u)
	if err != nil {
		return kit.Response{}, err
	}
	events := operationEvents(d)
	filter := audit.Filter{Subject: "payment:" + u.String(), Limit: maxLimit}
	for {
		page, next, err := s.Audit.Search(ctx, r.Principal.MerchantID, filter)
		if err != nil {
			return kit.Response{}, err
		}
		for _, record := range slices.Backward(page) {
			v := viewRecord(record)
			events = append(events, eventView{At: v.At, Event: eventRecorded, Actor: kit.TextOrNull(record.Actor), Record: &v})
		}
		if filter.Cursor = next; next == "" {
			break
		}
	}
	slices.SortStableFunc(events, func(a, b eventView) int {
		return cmp.Or(a.At.Compare(b.At), cmp.Compare(a.step(), b.step()))
	})
	return kit.OK(timelineView{Events: events}), nil
}

// step orders events of the same moment.
func (e eventView) step() int {
	return slices.Index([]string{eventCreated, eventAsked, eventAnswered, eventRecorded}, e.Event)
}

func operationEvents(d charge.Detail) []eventView {
	events := []eventView{{At: moment(d.Payment.CreatedAt), Event: eventCreated}}
	for _, o := range viewOperations(d) {
		events = append(events, eventView{At: o.StartedAt, Event: eventAsked, Actor: o.Actor, Operation: &o})
		if o.FinishedAt != nil {
			events = append(events, eventView{At: *o.FinishedAt, Event: eventAnswered, Operation: &o})
		}
	}
	return events
}
