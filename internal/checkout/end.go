package checkout

import (
	"context"
	"fmt"
	"time"

	"github.com/go-json-experiment/json"

	"github.com/vezne/vezne/internal/audit"
	"github.com/vezne/vezne/internal/id"
	"github.com/vezne/vezne/internal/job"
	"github.com/vezne/vezne/internal/payment"
)

// The events that a merchant can be told of, as kinds of outbox jobs.
const (
	// EventCompleted: a checkout was paid.
	EventCompleted job.Kind = "checkout.completed"
	// EventFailed: a checkout ended without being paid.
	EventFailed job.Kind = "checkout.failed"
)

// Events returns the events of checkouts that merchants can be told of.
func Events() []job.Kind { return []job.Kind{EventCompleted, EventFailed} }

// The jobs of a checkout.
const (
	// JobExpire ends a checkout that nobody paid in time.
	JobExpire job.Kind = "checkout.expire"
	// JobWatch finds out how an attempt ended that nobody waited for.
	JobWatch job.Kind = "checkout.watch"
	// JobCallback tells the merchant's callback of the end.
	JobCallback job.Kind = "checkout.callback"
)

// subject is the payload of every job of a checkout: its id, and for events what
// became of it.
type subject struct {
	Checkout string `json:"checkout"`
	Attempt  int    `json:"attempt,omitzero"`
	OrderID  string `json:"order_id,omitzero"`
	State    State  `json:"state,omitzero"`
	Reason   string `json:"reason,omitzero"`
	Payment  string `json:"payment,omitzero"`
}

// newJob makes a job with a queue of its own, for one that waits must not hold
// up another.
func (s *Service) newJob(ctx context.Context, kind job.Kind, c Checkout, runAt time.Time) (job.Job, error) {
	return s.newJobAbout(ctx, kind, c, runAt, subject{Checkout: c.ID.String(), Attempt: c.Attempt})
}

func (s *Service) newJobAbout(
	ctx context.Context, kind job.Kind, c Checkout, runAt time.Time, about subject,
) (job.Job, error) {
	jobID, err := id.Next[id.Job](ctx, s.ids, id.NounJob)
	if err != nil {
		return job.Job{}, fmt.Errorf("new job id: %w", err)
	}
	payload, err := json.Marshal(about)
	if err != nil {
		return job.Job{}, fmt.Errorf("encode %s: %w", kind, err)
	}
	return job.Job{
		ID: jobID, MerchantID: c.MerchantID, Kind: kind, Subject: fmt.Sprintf("%s:%s:%d", kind, c.ID, c.Attempt),
		Payload: payload, RunAt: runAt, CreatedAt: s.clock.Now(),
	}, nil
}

func (s *Service) auditRecord(ctx context.Context, c Checkout, action, actor string) (audit.Record, error) {
	return s.auditRecordAbout(ctx, c, action, actor, "checkout:"+c.ID.String())
}

func (s *Service) auditRecordAbout(ctx context.Context, c Checkout, action, actor, about string) (audit.Record, error) {
	return audit.NewRecord(ctx, s.ids, s.clock, audit.Deed{
		MerchantID: c.MerchantID, Actor: actor, Action: action, Subject: about,
		Facts: subject{Checkout: c.ID.String(), OrderID: c.Ref, State: c.State, Reason: string(c.Reason)},
	})
}

// queueEnd returns what the commit that ends a checkout queues: the change, the
// event, the callback and the audit record.
func (s *Service) queueEnd(ctx context.Context, c Checkout, p payment.Payment, actor string) (func(Tx), error) {
	kind := EventFailed
	if c.State == Paid {
		kind = EventCompleted
	}
	about := subject{Checkout: c.ID.String(), OrderID: c.Ref, State: c.State, Reason: string(c.Reason)}
	if p.ID != 0 {
		about.Payment = p.UUID.String()
	}
	event, err := s.newJobAbout(ctx, kind, c, c.EndedAt, about)
	if err != nil {
		return nil, err
	}
	if about.Payment != "" { // one queue with the payment's own events, which come in order, whatever clocks say
		event.Subject = payment.Subject(p.UUID)
		if earliest := p.UpdatedAt.Add(time.Microsecond); event.CreatedAt.Before(earliest) {
			event.CreatedAt = earliest
		}
	}
	callback, err := s.newJob(ctx, JobCallback, c, c.EndedAt)
	if err != nil {
		return nil, err
	}
	record, err := s.auditRecord(ctx, c, string(kind), actor)
	if err != nil {
		return nil, err
	}
	settled, err := s.settleCard(ctx, &c)
	if err != nil {
		return nil, err
	}
	return func(tx Tx) {
		settled(tx)
		tx.SaveCheckout(c)
		tx.Enqueue(event)
		tx.Enqueue(callback)
		tx.Record(record)
	}, nil
}

// save commits a change and returns the checkout as it is stored then.
func (s *Service) save(ctx context.Context, c Checkout, p payment.Payment, also ...func(Tx)) (Checkout, error) {
	queue, err := s.queueChange(ctx, c, p)
	if err != nil {
		return Checkout{}, err
	}
	err = s.store.InTx(ctx, func(tx Tx) {
		queue(tx)
		for _, more := range also {
			more(tx)
		}
	})
	if err != nil {
		return Checkout{}, fmt.Errorf("save checkout: %w", err)
	}
	c.Version++
	if !c.underWay() {
		c.Keeping = 0
	}
	return c, nil
}

func (s *Service) queueChange(ctx context.Context, c Checkout, p payment.Payment) (func(Tx), error) {
	if c.State.Final() {
		return s.queueEnd(ctx, c, p, systemActor)
	}
	settled, err := s.settleCard(ctx, &c)
	if err != nil {
		return nil, err
	}
	return func(tx Tx) {
		settled(tx)
		tx.SaveCheckout(c)
	}, nil
}
