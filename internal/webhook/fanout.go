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
	endpoints, err := s.Store.Endpoints(ctx, event.MerchantID)
	if err != nil {
		return fmt.Errorf("fan event %d out: %w", event.ID, err)
	}
	var all []parcel
	for _, e := range endpoints {
		if !e.hears(event.Kind) {
			continue
		}
		p, err := s.newParcel(ctx, e.ID, deliveryOf(event))
		if err != nil {
			return fmt.Errorf("fan event %d out: %w", event.ID, err)
		}
		// The order of the events, not that in which they were fanned out.
		p.job.CreatedAt = event.CreatedAt
		all = append(all, p)
	}
	err = s.post(ctx, all)
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

// parcel is a new delivery with the job that sends it.
type parcel struct {
	delivery Delivery
	job      job.Job
}

// newParcel addresses a copy of an event to an endpoint. Deliveries of one
// subject to one endpoint go one after the other; repeated ones do not wait for
// those that are still being tried.
func (s *Service) newParcel(ctx context.Context, e id.Endpoint, d Delivery) (parcel, error) {
	var err error
	if d.ID, err = id.Next[id.Delivery](ctx, s.IDs, id.NounDelivery); err != nil {
		return parcel{}, err
	}
	jobID, err := id.Next[id.Job](ctx, s.IDs, id.NounJob)
	if err != nil {
		return parcel{}, err
	}
	now := s.Clock.Now()
	d.EndpointID, d.Version, d.Status, d.CreatedAt, d.NextAttempt = e, 1, Pending, now, now
	queue := "webhook:"
	if d.RedeliveryOf != 0 {
		queue = "redelivery:"
	}
	subject := ""
	if d.Subject != "" {
		subject = queue + strconv.FormatInt(int64(e), 10) + ":" + d.Subject
	}
	return parcel{d, job.Job{
		ID: jobID, MerchantID: d.MerchantID, Kind: jobDeliver, Subject: subject,
		Payload: address{d.ID, e}.encode(), RunAt: now, CreatedAt: now,
	}}, nil
}

// post commits new deliveries with their jobs.
func (s *Service) post(ctx context.Context, all []parcel) error {
	if len(all) == 0 {
		return nil
	}
	return s.Store.InTx(ctx, func(tx Tx) {
		for _, p := range all {
			tx.InsertDelivery(p.delivery)
			tx.Enqueue(p.job)
		}
	})
}

// address is the payload of a delivery's job. It names the endpoint so that a job
// can be put off before anything is read.
type address struct {
	delivery id.Delivery
	endpoint id.Endpoint
}

func (a address) encode() []byte {
	b := append([]byte(nil), `{"delivery":`...)
	b = strconv.AppendInt(b, int64(a.delivery), 10)
	b = append(b, `,"endpoint":`...)
	b = strconv.AppendInt(b, int64(a.endpoint), 10)
	return append(b, '}')
}

func parseAddress(payload []byte) (address, error) {
	var members map[string]int64
	if err := json.Unmarshal(payload, &members); err != nil {
		return address{}, fmt.Errorf("read payload: %w", err)
	}
	return address{id.Delivery(members["delivery"]), id.Endpoint(members["endpoint"])}, nil
}
