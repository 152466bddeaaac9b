package operation

import (
	"context"
	"fmt"
	"log/slog"
	"time"

	"github.com/vezne/vezne/internal/payment"
)

// escalateAfter is the age at which an operation of unknown outcome is put before
// a person: long enough for a bank's restart to pass without waking anybody, short
// enough for the payer to be still within reach.
const escalateAfter = 10 * time.Minute

// escalate puts an operation before a person, once. The bank is asked on: whoever
// knows first settles it. The event of a reversal is left out, for nobody was told
// of what it undoes.
func (s *Service) escalate(ctx context.Context, p payment.Payment, o payment.Operation) error {
	now := s.clock.Now()
	if !o.EscalatedAt.IsZero() || now.Sub(o.StartedAt) < escalateAfter {
		return nil
	}
	return s.putBeforePerson(ctx, p, o)
}

// escalateRefusal puts the reversal of a charge that the bank refuses before a
// person: the payer has paid, and was told that nothing was paid. The bank is asked
// on, but only the first of its refusals waits for the person.
func (s *Service) escalateRefusal(ctx context.Context, p payment.Payment, charge, undo payment.Operation) error {
	if s.clock.Now().Sub(charge.StartedAt) < escalateAfter {
		return nil
	}
	all, err := s.store.Operations(ctx, p.MerchantID, p.ID)
	if err != nil {
		return fmt.Errorf("read operations: %w", err)
	}
	for _, o := range all {
		if o.IsReversal() && o.Original == charge.Reference && !o.EscalatedAt.IsZero() {
			return nil
		}
	}
	if p, undo, err = s.reload(ctx, p, undo.ID); err != nil {
		return err
	}
	return s.putBeforePerson(ctx, p, undo)
}

func (s *Service) putBeforePerson(ctx context.Context, p payment.Payment, o payment.Operation) error {
	now := s.clock.Now()
	o.EscalatedAt = now
	p.MarkChanged(now)
	tell, err := s.eventWriter(ctx, payment.EventUnknown, p, o, now)
	if err != nil {
		return err
	}
	record, err := s.auditRecord(ctx, p, o, resolverActor)
	if err != nil {
		return err
	}
	record.Action = string(payment.EventUnknown)
	text := "outcome unknown: a person has to find it out"
	if o.Status == payment.OperationDeclined {
		text = "reversal refused: a person has to give the money back"
	}
	s.log.LogAttrs(ctx, slog.LevelError, text,
		slog.Int64("operation", int64(o.ID)), slog.String("kind", string(o.Kind)), slog.String("reference", o.Reference))
	err = s.store.InTx(ctx, func(tx payment.Tx) {
		tx.SavePayment(p)
		tx.SaveOperation(o)
		if !o.IsReversal() {
			tell(tx)
		}
		tx.Record(record)
	})
	if err != nil {
		return fmt.Errorf("escalate operation %d: %w", o.ID, err)
	}
	return nil
}
