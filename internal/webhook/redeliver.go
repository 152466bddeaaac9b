package webhook

import (
	"context"
	"fmt"
	"strconv"
	"time"

	"github.com/vezne/vezne/internal/id"
	"github.com/vezne/vezne/internal/job"
)

const (
	// redeliverPage is how many deliveries one commit repeats, redeliverLimit how
	// many one call does.
	redeliverPage  = 100
	redeliverLimit = 1000
)

// Delivery returns a delivery of the merchant; any other is fault.NoSuchThing.
func (s *Service) Delivery(ctx context.Context, m id.Merchant, d id.Delivery) (Delivery, error) {
	found, err := s.store.Delivery(ctx, m, d)
	if err != nil {
		return Delivery{}, fmt.Errorf("read delivery: %w", err)
	}
	return found, nil
}

// Deliveries returns a page of the delivery log, newest first unless the filter
// says otherwise, and the cursor of the next page, empty at the end.
func (s *Service) Deliveries(ctx context.Context, m id.Merchant, f Filter) ([]Delivery, string, error) {
	page, next, err := s.store.Deliveries(ctx, m, f)
	if err != nil {
		return nil, "", fmt.Errorf("list deliveries: %w", err)
	}
	return page, next, nil
}

// Redeliver sends the event of a delivery to the same endpoint again, as a
// delivery of its own. An endpoint that is gone is fault.NoSuchThing.
func (s *Service) Redeliver(ctx context.Context, c Caller, n id.Delivery) (Delivery, error) {
	d, err := s.Delivery(ctx, c.MerchantID, n)
	if err != nil {
		return Delivery{}, err
	}
	e, err := s.Endpoint(ctx, c.MerchantID, d.EndpointID)
	if err != nil {
		return Delivery{}, err
	}
	p, err := s.newDispatch(ctx, e.ID, d.again())
	if err != nil {
		return Delivery{}, fmt.Errorf("redeliver %d: %w", n, err)
	}
	if err := s.insertRecorded(ctx, c, e, "redeliver", []dispatch{p}); err != nil {
		return Delivery{}, fmt.Errorf("redeliver %d: %w", n, err)
	}
	return p.delivery, nil
}

// again is a new delivery of the same event.
func (d *Delivery) again() Delivery {
	return Delivery{
		MerchantID: d.MerchantID, EventID: d.EventID, Type: d.Type, Subject: d.Subject, Data: d.Data,
		OccurredAt: d.OccurredAt, RedeliveryOf: d.ID,
	}
}

func (s *Service) insertRecorded(ctx context.Context, c Caller, e Endpoint, action string, all []dispatch) error {
	ids := make([]int64, 0, len(all))
	for _, p := range all {
		ids = append(ids, int64(p.delivery.ID))
	}
	record, err := s.record(ctx, e, c.Actor, action, map[string]any{"deliveries": ids})
	if err != nil {
		return err
	}
	return s.store.InTx(ctx, func(tx Tx) {
		for _, p := range all {
			tx.InsertDelivery(p.delivery)
			tx.Enqueue(p.job)
		}
		record(tx)
	})
}

// Range selects the deliveries that RedeliverRange repeats.
type Range struct {
	EndpointID id.Endpoint
	From       time.Time // created at or after
	To         time.Time // created before
	// Status leaves others out; empty means all. Pending ones are left out anyway.
	Status Status
	Cursor string
}

// RedeliverRange repeats what went to an endpoint in a time, oldest first, at
// most a thousand deliveries. It returns how many it repeated, and the cursor
// with which to go on, empty at the end. Redeliveries are not repeated.
func (s *Service) RedeliverRange(ctx context.Context, c Caller, r Range) (int, string, error) {
	e, err := s.Endpoint(ctx, c.MerchantID, r.EndpointID)
	if err != nil {
		return 0, "", err
	}
	repeated := 0
	for seen := 0; seen < redeliverLimit; seen += redeliverPage {
		page, next, err := s.store.Deliveries(ctx, c.MerchantID, Filter{
			EndpointID: r.EndpointID, Status: r.Status, From: r.From, To: r.To, Originals: true, OldestFirst: true,
			Limit: redeliverPage, Cursor: r.Cursor,
		})
		if err != nil {
			return repeated, r.Cursor, fmt.Errorf("redeliver range: %w", err)
		}
		n, err := s.redeliverPage(ctx, c, e, page)
		if err != nil {
			return repeated, r.Cursor, fmt.Errorf("redeliver range: %w", err)
		}
		repeated += n
		if r.Cursor = next; next == "" {
			break
		}
	}
	return repeated, r.Cursor, nil
}

func (s *Service) redeliverPage(ctx context.Context, c Caller, e Endpoint, page []Delivery) (int, error) {
	var all []dispatch
	for i := range page {
		if page[i].Status == Pending {
			continue // it is on its way
		}
		p, err := s.newDispatch(ctx, e.ID, page[i].again())
		if err != nil {
			return 0, err
		}
		all = append(all, p)
	}
	if len(all) == 0 {
		return 0, nil
	}
	return len(all), s.insertRecorded(ctx, c, e, "redeliver", all)
}

// SendTest sends an event of the type Test to an endpoint, whatever it asked for
// and also while it is disabled.
func (s *Service) SendTest(ctx context.Context, c Caller, n id.Endpoint) (Delivery, error) {
	e, err := s.Endpoint(ctx, c.MerchantID, n)
	if err != nil {
		return Delivery{}, err
	}
	event, err := id.Next[id.Job](ctx, s.ids, id.NounJob)
	if err != nil {
		return Delivery{}, fmt.Errorf("test endpoint %d: %w", n, err)
	}
	endpoint := strconv.FormatInt(int64(n), 10)
	p, err := s.newDispatch(ctx, n, deliveryOf(job.Job{
		ID: event, MerchantID: c.MerchantID, Kind: Test, Payload: []byte(`{"endpoint_id":` + endpoint + `}`),
		CreatedAt: s.clock.Now(),
	}))
	if err != nil {
		return Delivery{}, fmt.Errorf("test endpoint %d: %w", n, err)
	}
	if err := s.insertRecorded(ctx, c, e, "test", []dispatch{p}); err != nil {
		return Delivery{}, fmt.Errorf("test endpoint %d: %w", n, err)
	}
	return p.delivery, nil
}

// Known reports whether it is a status of deliveries.
func (s Status) Known() bool {
	return s == Pending || s == Delivered || s == Failed || s == Cancelled
}
