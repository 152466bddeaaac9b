package operation

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"github.com/vezne/vezne/internal/connector"
	"github.com/vezne/vezne/internal/job"
	"github.com/vezne/vezne/internal/payment"
	"github.com/vezne/vezne/internal/pos"
)

// undoing is how a bank lets a charge be undone.
type undoing struct {
	rules connector.Rules
	can   connector.Capabilities
}

// first returns what a charge is undone with: a void while the bank's day is open,
// else a refund. A hold has taken nothing that could be refunded.
func (u undoing) first(charge payment.Operation, now time.Time) connector.Kind {
	open := u.rules.VoidAfterDayEnd || u.rules.Day.Open(charge.StartedAt, now)
	if charge.Kind == connector.Authorize || !u.can.Refund || (open && u.can.Void) {
		return connector.Void
	}
	return connector.Refund
}

// instead returns what is tried once the bank has refused the one by its own clock,
// which counts and not ours: the other one, or nothing. An unknown outcome turns
// nothing, for the money may be back already.
func (u undoing) instead(charge, tried payment.Operation) (connector.Kind, bool) {
	if charge.Kind == connector.Authorize || tried.Status != payment.OperationDeclined {
		return "", false
	}
	switch {
	case tried.Kind == connector.Void && tried.Result.Reason == connector.AlreadySettled:
		return connector.Refund, u.can.Refund
	case tried.Kind == connector.Refund && tried.Result.Reason == connector.RequiresDayEnd:
		return connector.Void, u.can.Void
	}
	return "", false
}

// reverse undoes at the bank what was approved there after the merchant had been
// told that it failed. The books never saw the charge, so they do not see its
// reversal either; the operations show both. While the outcome of an earlier attempt
// is not known, there is no other: that one is for the resolver to find out.
func (s *Service) reverse(ctx context.Context, p payment.Payment, charge payment.Operation, at pos.POS) error {
	s.log.LogAttrs(ctx, slog.LevelError, "late approval: reversing",
		slog.Int64("operation", int64(charge.ID)), slog.String("kind", string(charge.Kind)))
	all, err := s.store.Operations(ctx, p.MerchantID, p.ID)
	if err != nil {
		return fmt.Errorf("read operations: %w", err)
	}
	for _, o := range all {
		switch {
		case !o.IsReversal() || o.Original != charge.Reference:
		case o.Status == payment.OperationApproved:
			return s.markReversed(ctx, charge)
		case !o.Status.Final():
			return job.Later(s.clock.Now().Add(maxInquiryPause))
		}
	}
	bank, err := s.banks.Bank(ctx, at)
	if err != nil {
		return fmt.Errorf("open POS: %w", err)
	}
	u := undoing{bank.Rules(), bank.Capabilities()}
	done, err := s.undo(ctx, p, &charge, at, u.first(charge, s.clock.Now()))
	if err != nil {
		return err
	}
	if kind, turns := u.instead(charge, done.Operation); turns {
		if done, err = s.undo(ctx, done.Payment, &charge, at, kind); err != nil {
			return err
		}
	}
	if done.Operation.Status == payment.OperationDeclined {
		err = s.escalateRefusal(ctx, done.Payment, charge, done.Operation)
	}
	if done.Operation.Status != payment.OperationApproved {
		return errors.Join(fmt.Errorf("reversal of operation %d: %s", charge.ID, done.Operation.Status), err)
	}
	return s.markReversed(ctx, charge)
}

// undo carries one void or refund of a charge to the bank. What the bank calls the
// charge is stored with it, for whoever asks about the undoing later.
func (s *Service) undo(
	ctx context.Context, p payment.Payment, charge *payment.Operation, at pos.POS, kind connector.Kind,
) (payment.Outcome, error) {
	o, err := s.New(ctx, p, kind, resolverActor, at)
	if err != nil {
		return payment.Outcome{}, err
	}
	o.Amount, o.Original = charge.Amount, charge.Reference
	err = s.store.InTx(ctx, func(tx payment.Tx) {
		tx.SaveOperation(*charge)
		tx.InsertOperation(o)
	})
	if err != nil {
		return payment.Outcome{}, fmt.Errorf("begin reversal: %w", err)
	}
	charge.Version++
	return s.Conclude(ctx, p, o, s.SendFollowUp(ctx, p, o, at), resolverActor)
}

func (s *Service) markReversed(ctx context.Context, o payment.Operation) error {
	o.Status = payment.OperationReversed
	if err := s.store.InTx(ctx, func(tx payment.Tx) { tx.SaveOperation(o) }); err != nil {
		return fmt.Errorf("mark operation %d reversed: %w", o.ID, err)
	}
	return nil
}
