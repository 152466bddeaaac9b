package charge

import (
	"context"
	"fmt"

	"github.com/vezne/vezne/internal/connector"
	"github.com/vezne/vezne/internal/fault"
	"github.com/vezne/vezne/internal/id"
	"github.com/vezne/vezne/internal/idempotency"
	"github.com/vezne/vezne/internal/money"
	"github.com/vezne/vezne/internal/payment"
)

// refused answers a command that failed a check before anything was stored. The
// same key sent with a request that was accepted earlier is the graver mistake,
// so it is the one that is reported.
func (s *Service) refused(ctx context.Context, c payment.Caller, cause error) (payment.Outcome, error) {
	if c.Key.IsZero() {
		return payment.Outcome{}, cause
	}
	replay, err := s.Replay(ctx, c)
	if replay != nil || fault.CodeOf(err) == fault.IdempotencyKeyReused ||
		fault.CodeOf(err) == fault.IdempotencyInProgress {
		return replay.Value(), err
	}
	return payment.Outcome{}, cause
}

// CheckKey refuses with fault.IdempotencyKeyReused a key that another request of
// the caller's merchant has used. It is for requests that never become a command
// because they cannot be read.
func (s *Service) CheckKey(ctx context.Context, c payment.Caller) error {
	if err := s.claims.Check(ctx, c.MerchantID, c.Key); fault.CodeOf(err) == fault.IdempotencyKeyReused {
		return err
	}
	return nil // whatever else is wrong, the request is refused for what is wrong with it
}

// Claim queues the claim of a command's idempotency key, if it has one. From this
// commit on the key leads to the payment and the ask.
func (s *Service) Claim(tx payment.Tx, c payment.Caller, p payment.Payment, ask id.Operation) {
	s.claims.Claim(tx, p.MerchantID, c.Key, payment.ClaimOf(p.ID, ask))
}

// Replay returns the first answer to a key that was used before; nil and no
// error when the key is free.
func (s *Service) Replay(ctx context.Context, c payment.Caller) (*payment.Outcome, error) {
	o, replayed, err := idempotency.Replay(ctx, s.claims, c.MerchantID, c.Key, s.firstAnswer(c.MerchantID))
	if err != nil || !replayed {
		return nil, err
	}
	return &o, nil
}

// ReplayTaken returns the answer of the rival that claimed the key of a command
// whose commit failed with fault.IdempotencyKeyTaken.
func (s *Service) ReplayTaken(ctx context.Context, c payment.Caller) (*payment.Outcome, error) {
	o, err := idempotency.ReplayTaken(ctx, s.claims, c.MerchantID, c.Key, s.firstAnswer(c.MerchantID))
	if err != nil {
		return nil, err
	}
	return &o, nil
}

// firstAnswer loads how a command was first answered.
func (s *Service) firstAnswer(m id.Merchant) func(context.Context, idempotency.Subject) (payment.Outcome, error) {
	return func(ctx context.Context, claimed idempotency.Subject) (payment.Outcome, error) {
		n, ask, err := payment.ReadClaim(claimed)
		if err != nil {
			return payment.Outcome{}, err
		}
		p, err := s.store.PaymentByID(ctx, m, n)
		if err != nil {
			return payment.Outcome{}, fmt.Errorf("read replayed payment: %w", err)
		}
		operations, err := s.store.Operations(ctx, p.MerchantID, p.ID)
		if err != nil {
			return payment.Outcome{}, fmt.Errorf("read operations of payment %d: %w", p.ID, err)
		}
		o := payment.LastOf(operations, ask)
		if o.Status == payment.OperationOpen {
			return payment.Outcome{}, idempotency.InProgress(p.UUID.String())
		}
		return payment.Outcome{Payment: asAnswered(p, o, operations), Operation: o, Replayed: true}, nil
	}
}

// asAnswered returns the payment as the first answer to a refund told it: without
// the refunds that came later. An answer that was awaited by inquiries had been
// "pending", and whoever repeats that is told how things are now.
func asAnswered(p payment.Payment, o payment.Operation, all []payment.Operation) payment.Payment {
	if o.Kind != connector.Refund || !o.Status.Final() || o.Inquiries > 0 {
		return p
	}
	p.Refunded = money.Zero(p.Paid.Currency())
	for _, r := range all {
		if r.Kind == connector.Refund && r.Status == payment.OperationApproved && !r.FinishedAt.After(o.FinishedAt) {
			p.Refunded = p.Refunded.Add(r.Amount)
		}
	}
	return p
}

// replayOrder answers a payment whose order is held by another payment: with
// that one if the request is the same, with a refusal otherwise, and with
// neither if the order became free meanwhile.
func (s *Service) replayOrder(ctx context.Context, a *Attempt) (*payment.Outcome, error) {
	holder, err := s.store.OrderHolder(ctx, a.Payment.MerchantID, a.Payment.OrderRef)
	if fault.KindOf(err) == fault.NotFound {
		return nil, nil //nolint:nilnil // the order is free again: try once more
	}
	if err != nil {
		return nil, fmt.Errorf("read holder of order: %w", err)
	}
	if holder.State == payment.Pending {
		return nil, payment.OrderInProgress(holder)
	}
	if !s.sameRequest(holder, a.Payment) {
		return nil, fault.New(fault.Conflict, fault.OrderAlreadyPaid, "the order is already paid").
			WithSubject(holder.UUID.String())
	}
	operations, err := s.store.Operations(ctx, holder.MerchantID, holder.ID)
	if err != nil {
		return nil, fmt.Errorf("read operations of order's payment: %w", err)
	}
	o := payment.LastOf(operations, payment.ChargeOf(operations))
	return s.claimReplay(ctx, a.Command.Caller, &payment.Outcome{Payment: holder, Operation: o, Replayed: true})
}

// orderTaken answers a payment that no bank would be asked for as replayOrder does,
// if its order is held: an order that is paid is not declined.
func (s *Service) orderTaken(ctx context.Context, a *Attempt) (*payment.Outcome, error) {
	if !a.Command.OnePerOrder {
		return nil, nil //nolint:nilnil // orders do not count
	}
	if replay, err := s.Replay(ctx, a.Command.Caller); replay != nil || err != nil {
		return replay, err
	}
	return s.replayOrder(ctx, a)
}

// claimReplay binds the caller's idempotency key to an earlier answer that is
// given again without it: from now on the key stands for that answer, and another
// request may not use it.
func (s *Service) claimReplay(ctx context.Context, c payment.Caller, o *payment.Outcome) (*payment.Outcome, error) {
	if c.Key.IsZero() {
		return o, nil
	}
	err := s.store.InTx(ctx, func(tx payment.Tx) { s.Claim(tx, c, o.Payment, o.Operation.AskID) })
	switch {
	case err == nil:
		return o, nil
	case fault.CodeOf(err) == fault.IdempotencyKeyTaken:
		return s.ReplayTaken(ctx, c)
	}
	return nil, fmt.Errorf("claim idempotency key: %w", err)
}

// sameRequest reports whether a new payment asks for what an earlier one did,
// recently enough to be its repetition.
func (s *Service) sameRequest(held, asked payment.Payment) bool {
	return held.Surface == asked.Surface &&
		held.ThreeDS == asked.ThreeDS &&
		held.Phase == asked.Phase &&
		held.Price == asked.Price &&
		held.Wallet == asked.Wallet &&
		held.BuyerID == asked.BuyerID &&
		held.Installments == asked.Installments &&
		held.Card.Fingerprint == asked.Card.Fingerprint &&
		!idempotency.Outlived(held.CreatedAt, s.clock.Now())
}
