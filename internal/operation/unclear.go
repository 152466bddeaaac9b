package operation

import (
	"context"
	"fmt"
	"log/slog"

	"github.com/vezne/vezne/internal/payment"
)

// Undo does at once what a late check does later: it asks the bank of a payment that
// ended without money whether it holds some, and undoes what it finds. It takes no longer
// than a request to the POS may, and returns the payment as it is then, Unclear if that
// was not enough: the late check, which the caller has left, goes on.
//
// With charged the bank has said that it took the money, or may have: then its having no
// record of it a moment later proves nothing, and only the late check believes it.
func (s *Service) Undo(ctx context.Context, ended payment.Outcome, charged bool) payment.Outcome {
	p, o := ended.Payment, ended.Operation
	if err := s.undoNow(ctx, p, o, !charged); err != nil {
		s.log.LogAttrs(ctx, slog.LevelWarn, "left to the late check", slog.Int64("operation", int64(o.ID)), slog.Any("error", err))
	}
	reading, cancel := Detached(ctx)
	defer cancel()
	fresh, now, err := s.reload(reading, p, o.ID)
	if err != nil {
		s.log.LogAttrs(ctx, slog.LevelWarn, "read what was undone", slog.Int64("operation", int64(o.ID)), slog.Any("error", err))
		return ended
	}
	return payment.Outcome{Payment: fresh, Operation: now}
}

func (s *Service) undoNow(ctx context.Context, p payment.Payment, o payment.Operation, believes bool) error {
	if o.Status != payment.OperationDeclined {
		return s.clearReversed(ctx, p, o)
	}
	at, err := s.POS(ctx, o.MerchantID, o.POSID)
	if err != nil {
		return fmt.Errorf("find POS: %w", err)
	}
	ctx, cancel := context.WithTimeout(ctx, at.RequestLimit())
	defer cancel()
	_, err = s.askLate(ctx, p, o, believes)
	return err
}

// markUnclear notes that the bank holds money of a payment that ended without.
func (s *Service) markUnclear(ctx context.Context, p payment.Payment) (payment.Payment, error) {
	if p.Unclear {
		return p, nil
	}
	p.Unclear = true
	p.MarkChanged(s.clock.Now())
	if err := s.store.InTx(ctx, func(tx payment.Tx) { tx.SavePayment(p) }); err != nil {
		return p, fmt.Errorf("mark payment %d unclear: %w", p.ID, err)
	}
	p.Version++
	return p, nil
}

// clear notes that the bank holds nothing of a payment that ended without money.
func (s *Service) clear(ctx context.Context, p payment.Payment) error {
	if !p.Unclear {
		return nil
	}
	s.setClear(&p)
	if err := s.store.InTx(ctx, func(tx payment.Tx) { tx.SavePayment(p) }); err != nil {
		return fmt.Errorf("mark payment %d clear: %w", p.ID, err)
	}
	return nil
}

// clearReversed clears a payment whose charge was undone while somebody else marked it.
func (s *Service) clearReversed(ctx context.Context, p payment.Payment, o payment.Operation) error {
	if o.Status != payment.OperationReversed {
		return nil
	}
	return s.clear(ctx, p)
}

func (s *Service) setClear(p *payment.Payment) {
	p.Unclear = false
	p.MarkChanged(s.clock.Now())
}

// markReversed notes that what the bank held of a payment was undone. Both rows are saved
// in any case, so that of it and a return that marks the payment one comes first and the
// other looks again.
func (s *Service) markReversed(ctx context.Context, p payment.Payment, o payment.Operation) error {
	o.Status = payment.OperationReversed
	s.setClear(&p)
	err := s.store.InTx(ctx, func(tx payment.Tx) {
		tx.SaveOperation(o)
		tx.SavePayment(p)
	})
	if err != nil {
		return fmt.Errorf("mark operation %d reversed: %w", o.ID, err)
	}
	return nil
}
