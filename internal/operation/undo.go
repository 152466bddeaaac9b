package operation

import (
	"context"
	"errors"
	"fmt"
	"log/slog"

	"github.com/vezne/vezne/internal/connector"
	"github.com/vezne/vezne/internal/job"
	"github.com/vezne/vezne/internal/payment"
	"github.com/vezne/vezne/internal/pos"
)

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
	if under := underWay(all, charge.Reference); under != nil {
		if under.Status == payment.OperationApproved {
			return s.markReversed(ctx, p, charge)
		}
		return job.Later(s.clock.Now().Add(maxInquiryPause))
	}
	bank, err := s.banks.Bank(ctx, at)
	if err != nil {
		return fmt.Errorf("open POS: %w", err)
	}
	if p, err = s.markUnclear(ctx, p); err != nil {
		return err
	}
	u := payment.Undoing{Rules: bank.Rules(), Can: bank.Capabilities()}
	done, err := s.undo(ctx, p, &charge, at, u.First(charge, s.clock.Now()))
	if err != nil {
		return err
	}
	if kind, turns := u.Instead(charge, done.Operation); turns {
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
	return s.markReversed(ctx, done.Payment, charge)
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
	p.MarkChanged(o.StartedAt)
	err = s.store.InTx(ctx, func(tx payment.Tx) {
		tx.SavePayment(p) // whoever has just read that the bank holds nothing looks again
		tx.SaveOperation(*charge)
		tx.InsertOperation(o)
	})
	if err != nil {
		return payment.Outcome{}, fmt.Errorf("begin reversal: %w", err)
	}
	p.Version++
	charge.Version++
	said := s.SendFollowUp(ctx, p, o, at)
	ending, cancel := Detached(ctx) // whoever had no more time for the bank hears what it said
	defer cancel()
	return s.Conclude(ending, p, o, said, resolverActor)
}
