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
// a person: long enough for a bank's restart to pass without waking anybody, short
// enough for the payer to be still within reach.
const escalateAfter = 10 * time.Minute

// escalate puts an operation before a person, once. The bank is asked on: whoever
// knows first settles it. The event of a reversal is left out, for nobody was told
// of what it undoes.
func (s *Service) escalate(ctx context.Context, p Payment, o Operation) error {
	now := s.Clock.Now()
	if !o.EscalatedAt.IsZero() || now.Sub(o.StartedAt) < escalateAfter {
		return nil
	}
	return s.putBeforePerson(ctx, p, o)
}

// escalateRefusal puts the reversal of a charge that the bank refuses before a
// person: the payer has paid, and was told that nothing was paid. The bank is asked
// on, but only the first of its refusals waits for the person.
func (s *Service) escalateRefusal(ctx context.Context, p Payment, charge, undo Operation) error {
	if s.Clock.Now().Sub(charge.StartedAt) < escalateAfter {
		return nil
	}
	all, err := s.Store.Operations(ctx, p.MerchantID, p.ID)
	if err != nil {
		return fmt.Errorf("read operations: %w", err)
	}
	for _, o := range all {
		if o.reversal() && o.Original == charge.Reference && !o.EscalatedAt.IsZero() {
			return nil
		}
	}
	if p, undo, err = s.reload(ctx, p, undo.ID); err != nil {
		return err
	}
	return s.putBeforePerson(ctx, p, undo)
}

func (s *Service) putBeforePerson(ctx context.Context, p Payment, o Operation) error {
	now := s.Clock.Now()
	o.EscalatedAt = now
	p.changed(now)
	tell, err := s.tell(ctx, EventUnknown, p, o, now)
	if err != nil {
		return err
	}
	record, err := s.auditRecord(ctx, p, o, resolverActor)
	if err != nil {
		return err
	}
	record.Action = string(EventUnknown)
	text := "outcome unknown: a person has to find it out"
	if o.Status == OperationDeclined {
		text = "reversal refused: a person has to give the money back"
	}
	s.Log.LogAttrs(ctx, slog.LevelError, text,
		slog.Int64("operation", int64(o.ID)), slog.String("kind", string(o.Kind)), slog.String("reference", o.Reference))
	err = s.Store.InTx(ctx, func(tx Tx) {
		tx.SavePayment(p)
		tx.SaveOperation(o)
		if !o.reversal() {
			tell(tx)
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
	// Escalated returns up to limit operations of a merchant that still wait, with
	// ids after the one given, by id: those that are still unknown, and refused
	// reversals of charges that still stand at the bank.
	Escalated(ctx context.Context, m id.Merchant, after id.Operation, limit int) ([]Operation, error)
	// EscalatedOperation returns one, also if it is settled by now; any other is
	// fault.NoSuchThing.
	EscalatedOperation(ctx context.Context, m id.Merchant, o id.Operation) (Operation, error)
	// Waiting counts those that still wait.
	Waiting(ctx context.Context) (Waiting, error)
}
