package payment

import (
	"context"
	"fmt"
	"time"

	"github.com/vezne/vezne/internal/connector"
	"github.com/vezne/vezne/internal/fault"
	"github.com/vezne/vezne/internal/id"
	"github.com/vezne/vezne/internal/idempotency"
	"github.com/vezne/vezne/internal/job"
	"github.com/vezne/vezne/internal/pos"
	"github.com/vezne/vezne/internal/trace"
)

// Complete asks to charge a payment whose payer was authenticated.
type Complete struct {
	Caller
	PaymentID   id.UUID
	SecurityKey string
}

// claim queues the claim of the command's idempotency key, if it has one.
func (c Complete) claim(tx Tx, v visit, now time.Time) {
	if c.Key.IsZero() {
		return
	}
	tx.ClaimKey(idempotency.Record{
		MerchantID: v.payment.MerchantID, Key: c.Key, PaymentID: v.payment.ID, AskID: v.operation.AskID, CreatedAt: now,
	})
}

// Complete charges an authenticated payment, once, however often and from however
// many sides it is asked. Errors: NoSuchThing for a payment without 3-D Secure,
// ThreeDSNotCompleted while the payer is at the bank, InvalidSecurityKey,
// SecurityKeyExpired, CompleteInProgress, OrderInProgress. With the right key a
// payment that was completed before answers as it is now.
func (s *Service) Complete(ctx context.Context, c Complete) (Outcome, error) {
	ctx, cancel := detached(ctx)
	defer cancel()
	o, err := s.completeOnce(ctx, c)
	s.answered(ctx, CommandComplete, c.Surface, o, err)
	return o, err
}

func (s *Service) completeOnce(ctx context.Context, c Complete) (Outcome, error) {
	if replay, err := s.replayKey(ctx, c.Caller); replay != nil || err != nil {
		return deref(replay), err
	}
	for range maxConflicts {
		o, err := s.complete(ctx, c)
		switch fault.CodeOf(err) {
		case fault.StaleVersion:
			continue
		case fault.IdempotencyKeyTaken:
			replay, err := s.replayKey(ctx, c.Caller)
			return deref(replay), err
		}
		return o, err
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
	if fault.KindOf(err) == fault.NotFound {
		return Outcome{Payment: p}, nil // no bank could authenticate the payer: declined at once
	}
	if err != nil {
		return Outcome{}, fmt.Errorf("read session: %w", err)
	}
	v, err := s.visit(ctx, session)
	if err != nil {
		return Outcome{}, err
	}
	return s.completeVisit(ctx, c, v)
}

func (s *Service) completeVisit(ctx context.Context, c Complete, v visit) (Outcome, error) {
	right := v.session.opens(c.SecurityKey)
	expired := fault.New(fault.Conflict, fault.SecurityKeyExpired, "the security key has expired").WithSubject(v.payment.UUID.String())
	switch v.session.State {
	case SessionOpen:
		return Outcome{}, fault.New(fault.Conflict, fault.ThreeDSNotCompleted, "the payer was not authenticated yet").
			WithSubject(v.payment.UUID.String())
	case SessionFailed:
		if right && v.payment.Result.Reason == connector.ThreeDSExpired {
			return Outcome{}, expired
		}
		return Outcome{Payment: v.payment, Operation: v.operation}, nil
	case SessionCompleted:
		if !right {
			return Outcome{}, errWrongKey()
		}
		return completedBefore(v)
	case SessionAuthenticated:
	}
	switch {
	case !right:
		return Outcome{}, s.refuseKey(ctx, v)
	case s.Clock.Now().After(v.session.KeyExpires):
		return Outcome{}, expired
	case v.operation.Status != OperationEnrolled:
		return s.acknowledge(ctx, c, v)
	}
	return s.provision(ctx, c, v)
}

// completedBefore answers a repeated complete with the payment as it is now.
func completedBefore(v visit) (Outcome, error) {
	if v.operation.Status == OperationOpen {
		return Outcome{}, inProgress(fault.CompleteInProgress, v.payment.UUID)
	}
	return Outcome{Payment: v.payment, Operation: v.operation, Replayed: true}, nil
}

func errWrongKey() error {
	return fault.New(fault.Invalid, fault.InvalidSecurityKey, "securityKey: is not the key of this payment")
}

// refuseKey counts a wrong key; the last one that is allowed ends the payment.
func (s *Service) refuseKey(ctx context.Context, v visit) error {
	v.session.WrongKeys++
	if v.session.WrongKeys < maxWrongKeys {
		if err := s.Store.InTx(ctx, func(tx Tx) { tx.SaveSession(v.session) }); err != nil {
			return fmt.Errorf("count wrong key: %w", err)
		}
		return errWrongKey()
	}
	if _, err := s.end(ctx, v, s.refusal(v, connector.ThreeDSFailed), v.mayBeCharged()); err != nil {
		return err
	}
	return errWrongKey()
}

// provision claims the order, charges the card at the bank and concludes. The
// session is completed in the commit that claims the order, so of any number of
// callers one charges.
func (s *Service) provision(ctx context.Context, c Complete, v visit) (Outcome, error) {
	known, err := s.openProof(ctx, v.session)
	if err != nil {
		return Outcome{}, err
	}
	again, err := s.keptCard(ctx, v)
	if fault.CodeOf(err) == fault.NoSuchThing {
		return s.end(ctx, v, s.refusal(v, connector.CardForgotten), false)
	}
	if err != nil {
		return Outcome{}, err
	}
	now := s.Clock.Now()
	session, claimed, open := v.session, v.payment, v.operation
	session.State = SessionCompleted
	claimed.State, claimed.HoldsOrder = Pending, session.OnePerOrder
	claimed.changed(now)
	claimed.Result = Result{Reason: connector.ResultUnknown, At: now}
	open.Status, open.StartedAt, open.NextInquiry = OperationOpen, now, now.Add(v.at.RequestLimit()+inquiryLimit+resolverGrace)
	beginning, span := s.step(ctx, trace.StepBegin, &claimed)
	err = s.Store.InTx(beginning, func(tx Tx) {
		tx.SaveSession(session)
		tx.SavePayment(claimed)
		tx.SaveOperation(open)
		c.claim(tx, v, now)
	})
	span.Fail(err)
	span.End()
	if fault.CodeOf(err) == fault.OrderClaimed {
		return s.loseOrder(ctx, v)
	}
	if err != nil {
		return Outcome{}, fmt.Errorf("begin completion: %w", err)
	}
	s.forgetCard(ctx, v)
	claimed.Version++
	open.Version++
	said := s.send(ctx, open, v.at, connector.Original{}, func(b *pos.Bank) (connector.Answer, error) {
		return b.AuthorizeAuthenticated(ctx, connector.Charge{
			Kind: open.Kind, Reference: open.Reference, Amount: open.Amount,
			Installments: claimed.Installments, Card: again, ClientIP: claimed.ClientIP,
		}, known.authentication())
	})
	s.noteDecline(ctx, claimed, said)
	return s.conclude(ctx, claimed, open, said, c.Actor)
}

// loseOrder ends a payment whose order was paid by another attempt meanwhile.
// While that one's outcome is not known, the payment stays as it is.
func (s *Service) loseOrder(ctx context.Context, v visit) (Outcome, error) {
	holder, err := s.Store.OrderHolder(ctx, v.payment.MerchantID, v.payment.OrderRef)
	switch {
	case fault.KindOf(err) == fault.NotFound:
		return Outcome{}, fault.New(fault.Conflict, fault.StaleVersion, "the order became free again")
	case err != nil:
		return Outcome{}, fmt.Errorf("read holder of order: %w", err)
	case holder.State == Pending:
		return Outcome{}, orderInProgress(holder)
	}
	v.session.State = SessionCompleted
	return s.end(ctx, v, s.refusal(v, connector.OrderAlreadyPaid), v.mayBeCharged())
}

// expireSession is the handler of JobExpireSession: it declines a payment whose
// payer never came back, or whose merchant never completed it. Where the payer
// did not come back, a "3D pay" bank may have charged without our knowing.
func (s *Service) expireSession(ctx context.Context, j job.Job) error {
	p, _, err := s.subject(ctx, j)
	if err != nil {
		return err
	}
	session, err := s.Store.SessionOf(ctx, p.MerchantID, p.ID)
	if err != nil {
		return fmt.Errorf("read session: %w", err)
	}
	v, err := s.visit(ctx, session)
	if err != nil {
		return err
	}
	switch {
	case session.State == SessionCompleted, session.State == SessionFailed:
		return nil
	case session.State == SessionAuthenticated && !s.Clock.Now().After(session.KeyExpires):
		return job.Later(session.KeyExpires.Add(resolverGrace))
	case v.payment.State != Enrolled && v.payment.State != Authenticated:
		session.State = SessionFailed // the resolver has found that nothing was charged
		if err := s.Store.InTx(ctx, func(tx Tx) { tx.SaveSession(session) }); err != nil {
			return fmt.Errorf("end session: %w", err)
		}
		return nil
	}
	_, err = s.end(ctx, v, s.refusal(v, connector.ThreeDSExpired), session.State == SessionOpen || v.mayBeCharged())
	return err
}
