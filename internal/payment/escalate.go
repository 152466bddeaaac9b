package payment

import (
	"context"
	"fmt"
	"log/slog"
	"time"

	"github.com/vezne/vezne/internal/id"
	"github.com/vezne/vezne/internal/job"
)

// EventUnknown says that a bank has not told the outcome of an operation for so
// long that a person has to find it out. The event of the outcome follows.
const EventUnknown job.Kind = "payment.unknown"

// escalateAfter is the age at which an operation of unknown outcome is put before
// a person: twice what banks take to come back from a nightly closing of accounts.
const escalateAfter = 10 * time.Minute

// escalate puts an operation before a person, once. The bank is asked on: whoever
// knows first settles it. The event of a reversal is left out, for nobody was told
// of what it undoes.
func (s *Service) escalate(ctx context.Context, p Payment, o Operation) error {
	now := s.Clock.Now()
	if !o.EscalatedAt.IsZero() || now.Sub(o.StartedAt) < escalateAfter {
		return nil
	}
	o.EscalatedAt = now
	p.changed(now)
	event, err := s.newEvent(ctx, EventUnknown, p, o, now)
	if err != nil {
		return err
	}
	record, err := s.auditRecord(ctx, p, o, resolverActor)
	if err != nil {
		return err
	}
	record.Action = string(EventUnknown)
	s.Log.LogAttrs(ctx, slog.LevelError, "outcome unknown: a person has to find it out",
		slog.Int64("operation", int64(o.ID)), slog.String("kind", string(o.Kind)), slog.String("reference", o.Reference))
	err = s.Store.InTx(ctx, func(tx Tx) {
		tx.SavePayment(p)
		tx.SaveOperation(o)
		if !o.reversal() {
			tx.Enqueue(event)
		}
		tx.Record(record)
	})
	if err != nil {
		return fmt.Errorf("escalate operation %d: %w", o.ID, err)
	}
	return nil
}

// Waiting is what waits for a person.
type Waiting struct {
	// Count is how many operations wait, over all merchants.
	Count int
	// Oldest is when the oldest of them began; zero if there is none.
	Oldest time.Time
}

// Escalations reads the operations that were put before a person.
type Escalations interface {
	// Escalated returns up to limit operations of a merchant that are still unknown,
	// with ids after the one given, by id.
	Escalated(ctx context.Context, m id.Merchant, after id.Operation, limit int) ([]Operation, error)
	// EscalatedOperation returns one, also if it is settled by now; any other is
	// fault.NoSuchThing.
	EscalatedOperation(ctx context.Context, m id.Merchant, o id.Operation) (Operation, error)
	// Waiting counts those that are still unknown.
	Waiting(ctx context.Context) (Waiting, error)
}
