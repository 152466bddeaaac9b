package operation

import (
	"context"
	"fmt"
	"log/slog"

	"github.com/vezne/vezne/internal/payment"
	"github.com/vezne/vezne/internal/trace"
)

// Turn makes the other one of a void and a refund, once the bank has refused the one by
// its own clock. The end of the one and the beginning of the other are one commit, as
// when a charge fails over. If it reports false, everything is as it was.
func (s *Service) Turn(ctx context.Context, ended payment.Change) (payment.Change, bool) {
	o := ended.Operation
	if o.Status != payment.OperationDeclined || o.Attempt > 1 || !o.Undoes(ended.Payment) {
		return payment.Change{}, false
	}
	ctx, span := Step(ctx, trace.StepFailOver, &ended.Payment)
	defer span.End()
	next, turns, err := s.otherWay(ctx, ended)
	if err == nil && turns {
		err = s.store.InTx(ctx, func(tx payment.Tx) {
			tx.SaveOperation(o)
			tx.SavePayment(next.Payment)
			tx.SaveItems(next.Payment)
			tx.InsertOperation(next.Operation)
		})
	}
	if err != nil { // the refusal stands, and the caller may ask again
		span.Fail(err)
		s.log.LogAttrs(ctx, slog.LevelWarn, "turn a void or refund into the other",
			slog.Int64("operation", int64(o.ID)), slog.Any("error", err))
		return payment.Change{}, false
	}
	next.Payment.Version++
	return next, turns
}

// otherWay returns the payment with the operation that is tried instead of the one
// that ended.
func (s *Service) otherWay(ctx context.Context, ended payment.Change) (payment.Change, bool, error) {
	p, o := ended.Payment, ended.Operation
	at, err := s.POS(ctx, p.MerchantID, o.POSID)
	if err != nil {
		return payment.Change{}, false, fmt.Errorf("find POS: %w", err)
	}
	bank, err := s.banks.Bank(ctx, at)
	if err != nil {
		return payment.Change{}, false, fmt.Errorf("open POS: %w", err)
	}
	all, err := s.store.Operations(ctx, p.MerchantID, p.ID)
	if err != nil {
		return payment.Change{}, false, fmt.Errorf("read operations: %w", err)
	}
	taken := payment.Taken(o, all)
	if taken == nil {
		return payment.Change{}, false, nil
	}
	kind, turns := payment.Undoing{Rules: bank.Rules(), Can: bank.Capabilities()}.Instead(*taken, o)
	if !turns {
		return payment.Change{}, false, nil
	}
	next, err := s.New(ctx, p, kind, o.Actor, at)
	if err != nil {
		return payment.Change{}, false, err
	}
	next.AskID, next.Attempt, next.Asked = o.AskID, o.Attempt+1, o.Asked
	next.Original, next.Amount, next.Items = o.Original, o.Amount, p.ItemsUndoneBy(kind)
	p.Reserve(next)
	p.MarkChanged(next.StartedAt)
	return payment.Change{Payment: p, Operation: next}, true, nil
}
