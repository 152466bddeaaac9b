package payment

import (
	"context"
	"fmt"
	"time"

	"github.com/vezne/vezne/internal/connector"
	"github.com/vezne/vezne/internal/fault"
	"github.com/vezne/vezne/internal/id"
	"github.com/vezne/vezne/internal/idempotency"
	"github.com/vezne/vezne/internal/money"
)

// retryHint is what a caller is told to wait while an equal request is running.
const retryHint = time.Second

// refused answers a command that failed a check before anything was stored. The
// same key sent with a request that was accepted earlier is the graver mistake,
// so it is the one that is reported.
func (s *Service) refused(ctx context.Context, c Caller, cause error) (Outcome, error) {
	if c.Key.IsZero() {
		return Outcome{}, cause
	}
	replay, err := s.replayKey(ctx, c)
	if replay != nil || fault.CodeOf(err) == fault.IdempotencyKeyReused || fault.CodeOf(err) == fault.IdempotencyInProgress {
		return deref(replay), err
	}
	return Outcome{}, cause
}

// CheckKey refuses with fault.IdempotencyKeyReused a key that another request of
// the caller's merchant has used. It is for requests that never become a command
// because they cannot be read.
func (s *Service) CheckKey(ctx context.Context, c Caller) error {
	if _, err := s.replayKey(ctx, c); fault.CodeOf(err) == fault.IdempotencyKeyReused {
		return err
	}
	return nil
}

// replayKey returns the first answer to a key that was used before; nil and no
// error when the key is free.
func (s *Service) replayKey(ctx context.Context, c Caller) (*Outcome, error) {
	if c.Key.IsZero() {
		return nil, nil //nolint:nilnil // no key, so nothing to replay
	}
	claim, err := s.Store.ClaimedKey(ctx, c.MerchantID, c.Key.Value)
	if fault.KindOf(err) == fault.NotFound || (err == nil && s.outlived(claim)) {
		return nil, nil //nolint:nilnil // a free key: nothing to replay
	}
	if err != nil {
		return nil, fmt.Errorf("read idempotency key: %w", err)
	}
	if claim.Key.Hash != c.Key.Hash {
		return nil, fault.New(fault.Unprocessable, fault.IdempotencyKeyReused, "the Idempotency-Key was used for another request")
	}
	p, err := s.Store.PaymentByID(ctx, c.MerchantID, claim.PaymentID)
	if err != nil {
		return nil, fmt.Errorf("read replayed payment: %w", err)
	}
	operations, err := s.Store.Operations(ctx, p.MerchantID, p.ID)
	if err != nil {
		return nil, fmt.Errorf("read operations of payment %d: %w", p.ID, err)
	}
	o := lastOf(operations, claim.AskID)
	if o.Status == OperationOpen {
		return nil, fault.New(fault.Conflict, fault.IdempotencyInProgress, "the first request with this Idempotency-Key is still running").
			WithSubject(p.UUID.String()).WithRetryAfter(retryHint)
	}
	return &Outcome{Payment: p.asTold(o, operations), Operation: o, Replayed: true}, nil
}

// asTold returns the payment as the first answer to a refund told it: without
// the refunds that came later. An answer that was awaited by inquiries had been
// "pending", and whoever repeats that is told how things are now.
func (p Payment) asTold(o Operation, all []Operation) Payment {
	if o.Kind != connector.Refund || !o.Status.Final() || o.Inquiries > 0 {
		return p
	}
	p.Refunded = money.Zero(p.Paid.Currency())
	for _, r := range all {
		if r.Kind == connector.Refund && r.Status == OperationApproved && !r.FinishedAt.After(o.FinishedAt) {
			p.Refunded = p.Refunded.Add(r.Amount)
		}
	}
	return p
}

func (s *Service) outlived(r idempotency.Record) bool {
	return s.Clock.Now().Sub(r.CreatedAt) >= idempotency.Window
}

// replayOrder answers a payment whose order is held by another payment: with
// that one if the request is the same, with a refusal otherwise, and with
// neither if the order became free meanwhile.
func (s *Service) replayOrder(ctx context.Context, a *attempt) (*Outcome, error) {
	holder, err := s.Store.OrderHolder(ctx, a.payment.MerchantID, a.payment.OrderRef)
	if fault.KindOf(err) == fault.NotFound {
		return nil, nil //nolint:nilnil // the order is free again: try once more
	}
	if err != nil {
		return nil, fmt.Errorf("read holder of order: %w", err)
	}
	if holder.State == Pending {
		return nil, orderInProgress(holder)
	}
	if !s.sameRequest(holder, a.payment) {
		return nil, fault.New(fault.Conflict, fault.OrderAlreadyPaid, "the order is already paid").WithSubject(holder.UUID.String())
	}
	operations, err := s.Store.Operations(ctx, holder.MerchantID, holder.ID)
	if err != nil {
		return nil, fmt.Errorf("read operations of order's payment: %w", err)
	}
	o := lastOf(operations, chargeOf(operations))
	return s.claimReplay(ctx, a.command.Caller, &Outcome{Payment: holder, Operation: o, Replayed: true})
}

// claimReplay binds the caller's idempotency key to an earlier answer that is
// given again without it: from now on the key stands for that answer, and another
// request may not use it.
func (s *Service) claimReplay(ctx context.Context, c Caller, o *Outcome) (*Outcome, error) {
	if c.Key.IsZero() {
		return o, nil
	}
	err := s.Store.InTx(ctx, func(tx Tx) {
		tx.ClaimKey(idempotency.Record{
			MerchantID: o.Payment.MerchantID, Key: c.Key, PaymentID: o.Payment.ID,
			AskID: o.Operation.AskID, CreatedAt: s.Clock.Now(),
		})
	})
	switch {
	case err == nil:
		return o, nil
	case fault.CodeOf(err) == fault.IdempotencyKeyTaken:
		return s.replayKey(ctx, c)
	}
	return nil, fmt.Errorf("claim idempotency key: %w", err)
}

func orderInProgress(holder Payment) error {
	return fault.New(fault.Conflict, fault.OrderInProgress, "a payment of this order is being processed").
		WithSubject(holder.UUID.String()).WithRetryAfter(retryHint)
}

// sameRequest reports whether a new payment asks for what an earlier one did,
// recently enough to be its repetition.
func (s *Service) sameRequest(held, asked Payment) bool {
	return held.Surface == asked.Surface &&
		held.ThreeDS == asked.ThreeDS &&
		held.Phase == asked.Phase &&
		held.Price == asked.Price &&
		held.Installments == asked.Installments &&
		held.Card.Fingerprint == asked.Card.Fingerprint &&
		s.Clock.Now().Sub(held.CreatedAt) < idempotency.Window
}

// chargeOf returns the ask that charged the payment, or was to. It need not stand
// first: a follow-up may be dated earlier, by another clock.
func chargeOf(operations []Operation) id.Operation {
	for _, o := range operations {
		if o.Kind == connector.Sale || o.Kind == connector.Authorize {
			return o.AskID
		}
	}
	return 0
}

func lastOf(operations []Operation, ask id.Operation) Operation {
	var last Operation
	for _, o := range operations {
		if o.AskID == ask && o.Attempt >= last.Attempt {
			last = o
		}
	}
	return last
}
