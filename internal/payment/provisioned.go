package payment

import (
	"context"
	"fmt"
	"log/slog"

	"github.com/vezne/vezne/internal/connector"
	"github.com/vezne/vezne/internal/fault"
)

// provisioned books what a "3D pay" bank did by itself while it sent the payer
// back. The money has moved, so it is booked at once; if the merchant does not
// complete the payment in time, ExpireSession undoes it.
func (s *Service) provisioned(ctx context.Context, session Session, p Payment, o Operation, a connector.Authentication) (Returned, error) {
	v := verdictOf(a.Answer, s.Clock.Now())
	if v.status == OperationDeclined || v.status == OperationUnsent {
		return s.returnFailed(ctx, session, p, o, v.result.Reason)
	}
	key, err := s.keep(ctx, &session, a)
	if err != nil {
		return Returned{}, err
	}
	claimed := p
	claimed.State, claimed.HoldsOrder = Pending, session.OnePerOrder
	o.NextInquiry = s.Clock.Now().Add(firstInquiryPause)
	err = s.commit(ctx, settle(claimed, o, v), systemActor, func(tx Tx) { tx.SaveSession(session) })
	switch {
	case err == nil:
		return Returned{Payment: claimed, URL: session.SuccessURL, SecurityKey: key}, nil
	case fault.CodeOf(err) == fault.StaleVersion:
		return s.returnedAgain(ctx, session)
	case fault.CodeOf(err) != fault.OrderClaimed:
		return Returned{}, fmt.Errorf("book bank's provision: %w", err)
	}
	return s.unwanted(ctx, session, claimed, o, v)
}

// unwanted books and at once undoes what a bank charged for an order that another
// attempt has paid meanwhile.
func (s *Service) unwanted(ctx context.Context, session Session, p Payment, o Operation, v verdict) (Returned, error) {
	p.HoldsOrder = false
	session.State, session.SealedProof = SessionFailed, nil
	if err := s.commit(ctx, settle(p, o, v), systemActor, func(tx Tx) { tx.SaveSession(session) }); err != nil {
		return Returned{}, fmt.Errorf("book unwanted provision: %w", err)
	}
	if err := s.undoProvision(ctx, p); err != nil {
		s.Log.LogAttrs(ctx, slog.LevelError, "undo unwanted provision", slog.Int64("payment", int64(p.ID)), slog.Any("error", err))
	}
	fresh, err := s.Store.PaymentByID(ctx, p.MerchantID, p.ID)
	if err != nil {
		return Returned{}, fmt.Errorf("read payment: %w", err)
	}
	return Returned{Payment: fresh, URL: session.FailureURL}, nil
}

// undoProvision voids a payment that a bank charged and nobody completed.
func (s *Service) undoProvision(ctx context.Context, p Payment) error {
	_, err := s.Void(ctx, Void{Caller: Caller{MerchantID: p.MerchantID, Actor: systemActor, Surface: p.Surface}, PaymentID: p.UUID})
	if fault.CodeOf(err) == fault.NotVoidable {
		return nil
	}
	return err
}
