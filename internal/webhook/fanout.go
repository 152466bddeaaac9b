package webhook

import (
	"context"
	"fmt"
	"strconv"

	"github.com/go-json-experiment/json"

	"github.com/vezne/vezne/internal/fault"
	"github.com/vezne/vezne/internal/id"
	"github.com/vezne/vezne/internal/job"
)

// jobDeliver is the job that sends a delivery until it is taken.
const jobDeliver job.Kind = "webhook.deliver"

// fanOut is the handler of every event: it turns the event into one delivery for
// each endpoint that asked for it, all in one commit. A second run finds the
// deliveries of the first, and changes nothing.
func (s *Service) fanOut(ctx context.Context, event job.Job) error {
	endpoints, err := s.store.Endpoints(ctx, event.MerchantID)
	if err != nil {
		return fmt.Errorf("fan event %d out: %w", event.ID, err)
	}
	var all []dispatch
	for _, e := range endpoints {
		if !e.receives(event.Kind) {
			continue
		}
		p, err := s.newDispatch(ctx, e.ID, deliveryOf(event))
		if err != nil {
			return fmt.Errorf("fan event %d out: %w", event.ID, err)
		}
		// The order of the events, not that in which they were fanned out.
		p.job.CreatedAt = event.CreatedAt
		all = append(all, p)
	}
	err = s.insert(ctx, all)
	if fault.CodeOf(err) == fault.DuplicateKey {
		return nil // a run before this one came as far as here
	}
	if err != nil {
		return fmt.Errorf("fan event %d out: %w", event.ID, err)
	}
	return nil
}

func deliveryOf(event job.Job) Delivery {
	return Delivery{
		MerchantID: event.MerchantID, EventID: event.ID, Type: event.Kind, Subject: event.Subject,
		Data: event.Payload, OccurredAt: event.CreatedAt,
	}
}

// dispatch is a new delivery with the job that sends it.
type dispatch struct {
	delivery Delivery
	job      job.Job
}

// newDispatch addresses a copy of an event to an endpoint. Deliveries of one
// subject to one endpoint go one after the other; repeated ones do not wait for
// those that are still being tried.
func (s *Service) newDispatch(ctx context.Context, e id.Endpoint, d Delivery) (dispatch, error) {
	var err error
	if d.ID, err = id.Next[id.Delivery](ctx, s.ids, id.NounDelivery); err != nil {
		return dispatch{}, err
	}
	jobID, err := id.Next[id.Job](ctx, s.ids, id.NounJob)
	if err != nil {
		return dispatch{}, err
	}
	now := s.clock.Now()
	d.EndpointID, d.Version, d.Status, d.CreatedAt, d.NextAttempt = e, 1, Pending, now, now
	queue := "webhook:"
	if d.RedeliveryOf != 0 {
		queue = "redelivery:"
	}
	subject := ""
	if d.Subject != "" {
		subject = queue + strconv.FormatInt(int64(e), 10) + ":" + d.Subject
	}
	return dispatch{d, job.Job{
		ID: jobID, MerchantID: d.MerchantID, Kind: jobDeliver, Subject: subject,
		Payload: target{d.ID, e}.encode(), RunAt: now, CreatedAt: now,
	}}, nil
}

// insert commits new deliveries with their jobs.
func (s *Service) insert(ctx context.Context, all []dispatch) error {
	if len(all) == 0 {
		return nil
	}
	return s.store.InTx(ctx, func(tx Tx) {
		for _, p := range all {
			tx.InsertDelivery(p.delivery)
			tx.Enqueue(p.job)
		}
	})
}

// target is the payload of a delivery's job. It names the endpoint so that a job
// can be put off before anything is read.
type target struct {
	delivery id.Delivery
	endpoint id.Endpoint
}

func (t target) encode() []byte {
	b := append([]byte(nil), `{"delivery":`...)
	b = strconv.AppendInt(b, int64(t.delivery), 10)
	b = append(b, `,"endpoint":`...)
	b = strconv.AppendInt(b, int64(t.endpoint), 10)
	return append(b, '}')
}

func parseTarget(payload []byte) (target, error) {
	var members map[string]int64
	if err := json.Unmarshal(payload, &members); err != nil {
		return target{}, fmt.Errorf("read payload: %w", err)
	}
	return target{id.Delivery(members["delivery"]), id.Endpoint(members["endpoint"])}, nil
}
