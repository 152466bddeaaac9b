package payment

import (
	"context"
	"fmt"

	"github.com/vezne/vezne/internal/connector"
	"github.com/vezne/vezne/internal/fault"
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
func (s *Service) provisioned(ctx context.Context, v visit, a connector.Authentication) (Returned, error) {
	said := verdictOf(a.Answer, s.Clock.Now())
	if said.status == OperationDeclined || said.status == OperationUnsent {
		return s.returnFailed(ctx, v, said, a)
	}
	paid, err := s.paidByAnother(ctx, v)
	if err != nil {
		return Returned{}, err
	}
	if paid {
		return s.returnFailed(ctx, v, s.refusal(v, connector.OrderAlreadyPaid), a)
	}
	kept, key, err := s.keep(ctx, v.session, a)
	if err != nil {
		return Returned{}, err
	}
	p, o := v.payment, v.operation
	p.State = Authenticated
	o.NextInquiry = s.Clock.Now().Add(firstInquiryPause)
	c := settle(p, o, said)
	err = s.commit(ctx, c, systemActor, func(tx Tx) { tx.SaveSession(kept) })
	if fault.CodeOf(err) == fault.StaleVersion {
		return s.returnedAgain(ctx, v, a)
	}
	if err != nil {
		return Returned{}, fmt.Errorf("store bank's provision: %w", err)
	}
	return Returned{Payment: c.payment, URL: kept.SuccessURL, SecurityKey: key}, nil
}

// paidByAnother reports whether another payment has paid the visit's order.
func (s *Service) paidByAnother(ctx context.Context, v visit) (bool, error) {
	if !v.session.OnePerOrder {
		return false, nil
	}
	holder, err := s.Store.OrderHolder(ctx, v.payment.MerchantID, v.payment.OrderRef)
	switch {
	case fault.KindOf(err) == fault.NotFound:
		return false, nil
	case err != nil:
		return false, fmt.Errorf("read holder of order: %w", err)
	}
	return holder.State != Pending, nil
}

// acknowledge completes a payment that a "3D pay" bank has charged by itself: the
// order is claimed and the money booked in one commit.
func (s *Service) acknowledge(ctx context.Context, c Complete, v visit) (Outcome, error) {
	claimed := v.payment
	claimed.State, claimed.HoldsOrder = Pending, v.session.OnePerOrder
	claimed.changed(s.Clock.Now())
	claimed.Result = Result{Reason: connector.ResultUnknown, At: s.Clock.Now()}
	booked := change{payment: claimed, operation: v.operation}
	switch v.operation.Status {
	case OperationApproved:
		booked = settle(claimed, v.operation, v.operation.verdict())
		booked.payment.changed(s.Clock.Now())
	case OperationUnknown: // the resolver goes on asking, and books what it hears
	case OperationDeclined, OperationUnsent, OperationReversed, OperationOpen, OperationEnrolled:
		booked.payment = v.payment // the resolver has found that nothing was charged
	}
	err := s.commitCompletion(ctx, c, v, booked)
	if fault.CodeOf(err) == fault.OrderClaimed {
		return s.loseOrder(ctx, v)
	}
	if err != nil {
		return Outcome{}, err
	}
	booked.payment.Version++
	booked.operation.Version++
	return Outcome{Payment: booked.payment, Operation: booked.operation}, nil
}

func (s *Service) commitCompletion(ctx context.Context, c Complete, v visit, booked change) error {
	v.session.State = SessionCompleted
	also := func(tx Tx) {
		tx.SaveSession(v.session)
		c.claim(tx, v, s.Clock.Now())
	}
	if booked.posting == nil && booked.operation.Status != OperationApproved {
		return s.save(ctx, booked, also)
	}
	return s.commit(ctx, booked, c.Actor, also)
}

// verdict returns the verdict that made the operation what it is.
func (o Operation) verdict() verdict {
	return verdict{status: o.Status, result: o.Result, bankCode: o.BankCode, bankMessage: o.BankMessage}
}
