package threeds

import (
	"context"
	"fmt"

	"github.com/vezne/vezne/internal/connector"
	"github.com/vezne/vezne/internal/fault"
	"github.com/vezne/vezne/internal/operation"
	"github.com/vezne/vezne/internal/payment"
)

// chargedByBank reports whether a return says that a "3D pay" bank has charged the
// payer by itself, or cannot say that it has not.
func chargedByBank(a connector.Authentication) bool {
	return a.Provisioned && (a.Answer.Outcome == connector.Approved || a.Answer.Outcome == connector.Unknown)
}

// provisioned stores what a "3D pay" bank did by itself while it sent the payer
// back. The operation says that the bank has charged; the payment stays
// authenticated and the books stay empty until the merchant completes it, for
// only then the money is wanted. If that never happens, or the order was paid by
// another attempt, the charge is undone at the bank.
func (s *Service) provisioned(ctx context.Context, ch challenge, a connector.Authentication) (Returned, error) {
	said := s.operations.Verdict(ctx, ch.operation, a.Answer)
	if said.Status == payment.OperationDeclined || said.Status == payment.OperationUnsent {
		return s.returnFailed(ctx, ch, said, a)
	}
	paid, err := s.paidByAnother(ctx, ch)
	if err != nil {
		return Returned{}, err
	}
	if paid {
		return s.returnFailed(ctx, ch, s.refusal(ch, connector.OrderAlreadyPaid), a)
	}
	kept, key, err := s.sealProof(ctx, ch.session, a)
	if err != nil {
		return Returned{}, err
	}
	p, o := ch.payment, ch.operation
	if len(a.Memo) > 0 { // what the bank said of the charge itself, if anything, takes its place
		if o.SealedMemo, err = s.operations.SealMemo(ctx, operation.MemoSubject(o), a.Memo); err != nil {
			return Returned{}, err
		}
	}
	p.State = payment.Authenticated
	o.NextInquiry = s.clock.Now().Add(operation.FirstInquiryPause)
	c := s.operations.Settle(ctx, p, o, said)
	err = s.operations.Commit(ctx, c, operation.SystemActor, func(tx payment.Tx) { tx.SaveSession(kept) })
	if fault.CodeOf(err) == fault.StaleVersion {
		return s.returnedAgain(ctx, ch, a)
	}
	if err != nil {
		return Returned{}, fmt.Errorf("store bank's provision: %w", err)
	}
	return Returned{Payment: c.Payment, URL: kept.SuccessURL, SecurityKey: key}, nil
}

// paidByAnother reports whether another payment has paid the challenge's order.
func (s *Service) paidByAnother(ctx context.Context, ch challenge) (bool, error) {
	if !ch.session.OnePerOrder {
		return false, nil
	}
	holder, err := s.store.OrderHolder(ctx, ch.payment.MerchantID, ch.payment.OrderRef)
	switch {
	case fault.KindOf(err) == fault.NotFound:
		return false, nil
	case err != nil:
		return false, fmt.Errorf("read holder of order: %w", err)
	}
	return holder.State != payment.Pending, nil
}

// acknowledge completes a payment that a "3D pay" bank has charged by itself: the
// order is claimed and the money booked in one commit.
func (s *Service) acknowledge(ctx context.Context, c Complete, ch challenge) (payment.Outcome, error) {
	claimed := ch.payment
	claimed.State, claimed.HoldsOrder = payment.Pending, ch.session.OnePerOrder
	claimed.MarkChanged(s.clock.Now())
	claimed.Result = payment.Result{Reason: connector.ResultUnknown, At: s.clock.Now()}
	booked := payment.Change{Payment: claimed, Operation: ch.operation}
	switch ch.operation.Status {
	case payment.OperationApproved:
		booked = s.operations.Settle(ctx, claimed, ch.operation, ch.operation.Verdict())
		booked.Payment.MarkChanged(s.clock.Now())
	case payment.OperationUnknown: // the resolver goes on asking, and books what it hears
	case payment.OperationDeclined, payment.OperationUnsent, payment.OperationReversed, payment.OperationOpen, payment.OperationEnrolled:
		booked.Payment = ch.payment // the resolver has found that nothing was charged
	}
	err := s.commitCompletion(ctx, c, ch, booked)
	if fault.CodeOf(err) == fault.OrderClaimed {
		return s.loseOrder(ctx, ch)
	}
	if err != nil {
		return payment.Outcome{}, err
	}
	booked.Payment.Version++
	booked.Operation.Version++
	return payment.Outcome{Payment: booked.Payment, Operation: booked.Operation}, nil
}

func (s *Service) commitCompletion(ctx context.Context, c Complete, ch challenge, booked payment.Change) error {
	ch.session.State = payment.SessionCompleted
	also := func(tx payment.Tx) {
		tx.SaveSession(ch.session)
		s.charges.Claim(tx, c.Caller, ch.payment, ch.operation.AskID)
	}
	if booked.Posting == nil && booked.Operation.Status != payment.OperationApproved {
		return s.operations.Save(ctx, booked, also)
	}
	return s.operations.Commit(ctx, booked, c.Actor, also)
}
