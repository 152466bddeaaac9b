package payment

import (
	"context"
	"fmt"

	"github.com/vezne/vezne/internal/connector"
	"github.com/vezne/vezne/internal/fault"
	"github.com/vezne/vezne/internal/id"
	"github.com/vezne/vezne/internal/job"
	"github.com/vezne/vezne/internal/pos"
)

// Complete asks to charge a payment whose payer was authenticated.
type Complete struct {
	Caller
	PaymentID   id.UUID
	SecurityKey string
}

// Complete charges an authenticated payment, once, however often and from however
// many sides it is asked. Errors: NoSuchThing for a payment without 3-D Secure,
// ThreeDSNotCompleted while the payer is at the bank, InvalidSecurityKey,
// SecurityKeyExpired, CompleteInProgress, OrderInProgress. With the right key a
// payment that was completed before answers as it is now.
func (s *Service) Complete(ctx context.Context, c Complete) (Outcome, error) {
	ctx, cancel := detached(ctx)
	defer cancel()
	for range maxConflicts {
		o, err := s.complete(ctx, c)
		if fault.CodeOf(err) != fault.StaleVersion {
			return o, err
		}
	}
	return Outcome{}, inProgress(fault.CompleteInProgress, c.PaymentID)
}

func (s *Service) complete(ctx context.Context, c Complete) (Outcome, error) {
	p, err := s.Store.Payment(ctx, c.MerchantID, c.PaymentID)
	if err != nil {
		return Outcome{}, fmt.Errorf("read payment: %w", err)
	}
	if !p.ThreeDS {
		return Outcome{}, fault.New(fault.NotFound, fault.NoSuchThing, "no such 3-D Secure payment")
	}
	session, err := s.Store.SessionOf(ctx, p.MerchantID, p.ID)
	if err != nil {
		return Outcome{}, fmt.Errorf("read session: %w", err)
	}
	p, o, at, err := s.sessionSubject(ctx, session)
	if err != nil {
		return Outcome{}, err
	}
	switch {
	case session.State == SessionFailed:
		return Outcome{Payment: p, Operation: o, Replayed: true}, nil
	case session.State == SessionOpen:
		return Outcome{}, fault.New(fault.Conflict, fault.ThreeDSNotCompleted, "the payer was not authenticated yet").WithSubject(p.UUID.String())
	case !session.opens(c.SecurityKey):
		return Outcome{}, s.refuseKey(ctx, session, p, o)
	case session.State == SessionCompleted:
		return completedBefore(p, o)
	case s.Clock.Now().After(session.KeyExpires):
		return Outcome{}, fault.New(fault.Conflict, fault.SecurityKeyExpired, "the security key has expired").WithSubject(p.UUID.String())
	}
	if o.Status != OperationEnrolled {
		return s.acknowledge(ctx, session, p, o)
	}
	return s.provision(ctx, c, session, p, o, at)
}

// acknowledge completes a payment that a "3D pay" bank has charged by itself.
func (s *Service) acknowledge(ctx context.Context, session Session, p Payment, o Operation) (Outcome, error) {
	session.State = SessionCompleted
	if err := s.Store.InTx(ctx, func(tx Tx) { tx.SaveSession(session) }); err != nil {
		return Outcome{}, fmt.Errorf("complete session: %w", err)
	}
	return Outcome{Payment: p, Operation: o}, nil
}

// completedBefore answers a repeated complete with the payment as it is now.
func completedBefore(p Payment, o Operation) (Outcome, error) {
	if o.Status == OperationOpen {
		return Outcome{}, inProgress(fault.CompleteInProgress, p.UUID)
	}
	return Outcome{Payment: p, Operation: o, Replayed: true}, nil
}

// refuseKey counts a wrong key; the last one that is allowed ends the payment.
func (s *Service) refuseKey(ctx context.Context, session Session, p Payment, o Operation) error {
	refusal := fault.New(fault.Invalid, fault.InvalidSecurityKey, "securityKey: is not the key of this payment")
	if session.State != SessionAuthenticated {
		return refusal
	}
	session.WrongKeys++
	if session.WrongKeys < maxWrongKeys {
		if err := s.Store.InTx(ctx, func(tx Tx) { tx.SaveSession(session) }); err != nil {
			return fmt.Errorf("count wrong key: %w", err)
		}
		return refusal
	}
	session.State = SessionFailed
	v := verdict{status: OperationDeclined, result: Result{Reason: connector.ThreeDSFailed, At: s.Clock.Now()}}
	if _, err := s.endSession(ctx, session, p, o, v); err != nil {
		return err
	}
	return refusal
}

// provision claims the order, charges the card at the bank and concludes. The
// session is completed in the commit that claims the order, so of any number of
// callers one charges.
func (s *Service) provision(ctx context.Context, c Complete, session Session, p Payment, o Operation, at pos.POS) (Outcome, error) {
	known, err := s.openProof(ctx, session)
	if err != nil {
		return Outcome{}, err
	}
	now := s.Clock.Now()
	session.State = SessionCompleted
	claimed, open := p, o
	claimed.State, claimed.HoldsOrder, claimed.UpdatedAt = Pending, session.OnePerOrder, now
	claimed.Result = Result{Reason: connector.ResultUnknown, At: now}
	open.Status, open.StartedAt, open.NextInquiry = OperationOpen, now, now.Add(at.RequestLimit()+inquiryLimit+resolverGrace)
	err = s.Store.InTx(ctx, func(tx Tx) {
		tx.SaveSession(session)
		tx.SavePayment(claimed)
		tx.SaveOperation(open)
	})
	if fault.CodeOf(err) == fault.OrderClaimed {
		return s.loseOrder(ctx, session, p, o)
	}
	if err != nil {
		return Outcome{}, fmt.Errorf("begin completion: %w", err)
	}
	claimed.Version++
	open.Version++
	v := s.send(ctx, open, at, connector.Original{}, func(b *pos.Bank) (connector.Answer, error) {
		return b.AuthorizeAuthenticated(ctx, connector.Charge{
			Kind: open.Kind, Reference: open.Reference, Amount: open.Amount,
			Installments: p.Installments, ClientIP: p.ClientIP,
		}, known.authentication())
	})
	return s.conclude(ctx, claimed, open, v, c.Actor)
}

// loseOrder ends a payment whose order was paid by another attempt meanwhile.
func (s *Service) loseOrder(ctx context.Context, session Session, p Payment, o Operation) (Outcome, error) {
	holder, err := s.Store.OrderHolder(ctx, p.MerchantID, p.OrderRef)
	switch {
	case fault.KindOf(err) == fault.NotFound:
		return Outcome{}, fault.New(fault.Conflict, fault.StaleVersion, "the order became free again")
	case err != nil:
		return Outcome{}, fmt.Errorf("read holder of order: %w", err)
	case holder.State == Pending:
		return Outcome{}, orderInProgress(holder)
	}
	v := verdict{status: OperationDeclined, result: Result{Reason: connector.OrderAlreadyPaid, At: s.Clock.Now()}}
	return s.endSession(ctx, session, p, o, v)
}

// expireSession is the handler of JobExpireSession: it declines a payment whose
// payer never came back, or whose merchant never completed it.
func (s *Service) expireSession(ctx context.Context, j job.Job) error {
	p, o, err := s.subject(ctx, j)
	if err != nil {
		return err
	}
	session, err := s.Store.SessionOf(ctx, p.MerchantID, p.ID)
	if err != nil {
		return fmt.Errorf("read session: %w", err)
	}
	switch {
	case session.State == SessionCompleted:
		return nil
	case session.State == SessionAuthenticated && !s.Clock.Now().After(session.KeyExpires):
		return job.Later(session.KeyExpires.Add(resolverGrace))
	case o.Status == OperationUnknown:
		return job.Later(s.Clock.Now().Add(maxInquiryPause))
	case o.Status == OperationApproved:
		return s.undoProvision(ctx, p)
	case session.State == SessionFailed:
		return nil
	}
	if p, o, _, err = s.sessionSubject(ctx, session); err != nil {
		return err
	}
	session.State, session.SealedForm = SessionFailed, nil
	v := verdict{status: OperationDeclined, result: Result{Reason: connector.ThreeDSExpired, At: s.Clock.Now()}}
	_, err = s.endSession(ctx, session, p, o, v)
	return err
}
