package charge

import (
	"context"
	"fmt"

	"github.com/vezne/vezne/internal/connector"
	"github.com/vezne/vezne/internal/fault"
	"github.com/vezne/vezne/internal/operation"
	"github.com/vezne/vezne/internal/payment"
	"github.com/vezne/vezne/internal/trace"
)

// Pay carries out a sale or a pre-authorization; if a wallet pays everything, without
// asking a bank. A refusal by the bank is an Outcome, not an error. Errors of kind
// Invalid and Conflict mean that nothing was stored and no bank was asked; any other
// error means the same or that the resolver will find out.
func (s *Service) Pay(ctx context.Context, c Pay) (payment.Outcome, error) {
	o, _, err := s.pay(ctx, c, false)
	return o, err
}

// pay carries out what Pay or, if it is only to be charged without 3-D Secure,
// PayDirectly does.
func (s *Service) pay(ctx context.Context, c Pay, directly bool) (payment.Outcome, connector.Reason, error) {
	ctx, cancel := operation.Detached(ctx)
	defer cancel()
	var o payment.Outcome
	var err error
	if c.byWallet() {
		o, err = s.payFromWallet(ctx, c)
	} else {
		a, refusal := s.prepareDirect(ctx, c)
		if directly && refusal == nil && a.refusal != "" {
			return payment.Outcome{}, a.refusal, nil
		}
		o, err = s.payPrepared(ctx, c, a, refusal)
	}
	s.Report(ctx, CommandPay, c.Surface, o, err)
	return o, "", err
}

// payPrepared carries out a payment that was prepared, or answers one that could
// not be.
func (s *Service) payPrepared(ctx context.Context, c Pay, a *Attempt, refusal error) (payment.Outcome, error) {
	if refusal != nil {
		return s.refused(ctx, c.Caller, refusal)
	}
	if !a.Routed() { // a decline claims no order, so nothing else would notice
		if replay, err := s.orderTaken(ctx, a); err != nil || replay != nil {
			return replay.Value(), err
		}
	}
	if !a.Routed() {
		replay, err := s.begin(ctx, a)
		if err != nil || replay != nil {
			return replay.Value(), err
		}
		return payment.Outcome{Payment: a.Payment}, nil
	}
	try, err := s.TryCard(ctx, a.Payment, c.Card)
	if err != nil {
		return s.refused(ctx, c.Caller, err)
	}
	defer func() { try.Unasked(ctx) }()
	if replay, err := s.begin(ctx, a); err != nil || replay != nil {
		return replay.Value(), err
	}
	for {
		v := s.ask(ctx, a)
		try.Said(ctx, v)
		if !a.TriesNext(v) {
			return s.operations.Conclude(ctx, a.Payment, a.Operation, v, c.Actor)
		}
		next, err := s.TryCard(ctx, a.Payment, c.Card)
		if err != nil {
			return s.operations.Conclude(ctx, a.Payment, a.Operation, v, c.Actor)
		}
		try = next
		if err := s.FailOver(ctx, a, v); err != nil {
			return s.operations.Conclude(ctx, a.Payment, a.Operation, v, c.Actor)
		}
	}
}

// begin makes the first commit: the payment, its first operation and the claims
// of its idempotency key and its order, before any bank hears of it. Without a
// candidate the payment is declined in the same commit. If a claim failed it
// returns what the earlier request led to, as an Outcome or an error.
func (s *Service) begin(ctx context.Context, a *Attempt) (replay *payment.Outcome, err error) {
	ctx, span := operation.Step(ctx, trace.StepBegin, &a.Payment)
	defer func() { span.Fail(err); span.End() }()
	if err := s.ChoosePOS(ctx, a); err != nil {
		return nil, err
	}
	if !operation.FirstCommit && a.Operation.ID != 0 {
		return nil, nil //nolint:nilnil // a mutant's way
	}
	return s.commitFirst(ctx, a, func(tx payment.Tx) {
		tx.InsertPayment(a.Payment)
		if a.Operation.ID != 0 {
			a.QueueOperation(tx)
		}
	})
}

// commitFirst commits what queue queues together with the claims of an attempt, or
// returns what the earlier request led to that has made them.
func (s *Service) commitFirst(ctx context.Context, a *Attempt, queue func(payment.Tx)) (*payment.Outcome, error) {
	for try := range operation.MaxConflicts {
		err := s.store.InTx(ctx, func(tx payment.Tx) {
			s.Claim(tx, a.Command.Caller, a.Payment, a.Operation.AskID)
			queue(tx)
		})
		switch {
		case err == nil:
			return nil, nil //nolint:nilnil // no replay and no refusal: the payment goes on
		case fault.CodeOf(err) == fault.IdempotencyKeyTaken:
			return s.ReplayTaken(ctx, a.Command.Caller)
		case fault.CodeOf(err) == fault.OrderClaimed:
			claimed := err
			replay, err := s.replayOrder(ctx, a)
			if replay != nil || err != nil {
				return replay, err
			}
			if !operation.Pause(ctx, claimed, try) {
				return nil, errOrderBusy()
			}
		default:
			return nil, fmt.Errorf("begin payment: %w", Rerouted(err))
		}
	}
	return nil, errOrderBusy()
}

// errOrderBusy is an order that changed hands for as long as anybody tried.
func errOrderBusy() error {
	return fault.New(fault.Conflict, fault.OrderInProgress, "another payment of this order is being processed").WithRetryAfter(payment.RetryHint)
}
