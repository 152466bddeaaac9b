package threeds

import (
	"context"
	"fmt"

	"github.com/vezne/vezne/internal/charge"
	"github.com/vezne/vezne/internal/connector"
	"github.com/vezne/vezne/internal/fault"
	"github.com/vezne/vezne/internal/id"
	"github.com/vezne/vezne/internal/job"
	"github.com/vezne/vezne/internal/operation"
	"github.com/vezne/vezne/internal/payment"
	"github.com/vezne/vezne/internal/pos"
	"github.com/vezne/vezne/internal/trace"
)

// Complete asks to charge a payment whose payer was authenticated.
type Complete struct {
	payment.Caller
	PaymentID   id.UUID
	SecurityKey string
}

// Complete charges an authenticated payment, once, however often and from however
// many sides it is asked. Errors: NoSuchThing for a payment without 3-D Secure,
// ThreeDSNotCompleted while the payer is at the bank, InvalidSecurityKey,
// SecurityKeyExpired, CompleteInProgress, OrderInProgress. With the right key a
// payment that was completed before answers as it is now.
func (s *Service) Complete(ctx context.Context, c Complete) (payment.Outcome, error) {
	ctx, cancel := operation.Detached(ctx)
	defer cancel()
	o, err := s.completeOnce(ctx, c)
	s.charges.Report(ctx, charge.CommandComplete, c.Surface, o, err)
	return o, err
}

func (s *Service) completeOnce(ctx context.Context, c Complete) (payment.Outcome, error) {
	if replay, err := s.charges.Replay(ctx, c.Caller); replay != nil || err != nil {
		return replay.Value(), err
	}
	for try := range operation.MaxConflicts {
		o, err := s.complete(ctx, c)
		switch fault.CodeOf(err) {
		case fault.StaleVersion:
			if !operation.Pause(ctx, err, try) {
				return payment.Outcome{}, payment.InProgress(fault.CompleteInProgress, c.PaymentID)
			}
			continue
		case fault.IdempotencyKeyTaken:
			replay, err := s.charges.ReplayTaken(ctx, c.Caller)
			return replay.Value(), err
		}
		return o, err
	}
	return payment.Outcome{}, payment.InProgress(fault.CompleteInProgress, c.PaymentID)
}

func (s *Service) complete(ctx context.Context, c Complete) (payment.Outcome, error) {
	p, err := s.store.Payment(ctx, c.MerchantID, c.PaymentID)
	if err != nil {
		return payment.Outcome{}, fmt.Errorf("read payment: %w", err)
	}
	if !p.ThreeDS {
		return payment.Outcome{}, fault.New(fault.NotFound, fault.NoSuchThing, "no such 3-D Secure payment")
	}
	session, err := s.store.SessionOf(ctx, p.MerchantID, p.ID)
	if fault.KindOf(err) == fault.NotFound {
		return payment.Outcome{Payment: p}, nil // no bank could authenticate the payer: declined at once
	}
	if err != nil {
		return payment.Outcome{}, fmt.Errorf("read session: %w", err)
	}
	ch, err := s.challengeOf(ctx, session)
	if err != nil {
		return payment.Outcome{}, err
	}
	return s.completeChallenge(ctx, c, ch)
}

func (s *Service) completeChallenge(ctx context.Context, c Complete, ch challenge) (payment.Outcome, error) {
	right := ch.session.Opens(c.SecurityKey)
	expired := fault.New(fault.Conflict, fault.SecurityKeyExpired, "the security key has expired").WithSubject(ch.payment.UUID.String())
	switch ch.session.State {
	case payment.SessionOpen:
		return payment.Outcome{}, fault.New(fault.Conflict, fault.ThreeDSNotCompleted, "the payer was not authenticated yet").
			WithSubject(ch.payment.UUID.String())
	case payment.SessionFailed:
		if right && ch.payment.Result.Reason == connector.ThreeDSExpired {
			return payment.Outcome{}, expired
		}
		return payment.Outcome{Payment: ch.payment, Operation: ch.operation}, nil
	case payment.SessionCompleted:
		if !right {
			return payment.Outcome{}, errWrongKey()
		}
		return completedBefore(ch)
	case payment.SessionAuthenticated:
	}
	switch {
	case !right:
		return payment.Outcome{}, s.refuseKey(ctx, ch)
	case s.clock.Now().After(ch.session.KeyExpires):
		return payment.Outcome{}, expired
	case ch.operation.Status != payment.OperationEnrolled:
		return s.acknowledge(ctx, c, ch)
	}
	return s.provision(ctx, c, ch)
}

// completedBefore answers a repeated complete with the payment as it is now.
func completedBefore(ch challenge) (payment.Outcome, error) {
	if ch.operation.Status == payment.OperationOpen {
		return payment.Outcome{}, payment.InProgress(fault.CompleteInProgress, ch.payment.UUID)
	}
	return payment.Outcome{Payment: ch.payment, Operation: ch.operation, Replayed: true}, nil
}

func errWrongKey() error {
	return fault.New(fault.Invalid, fault.InvalidSecurityKey, "securityKey: is not the key of this payment")
}

// refuseKey counts a wrong key; the last one that is allowed ends the payment.
func (s *Service) refuseKey(ctx context.Context, ch challenge) error {
	ch.session.WrongKeys++
	if ch.session.WrongKeys < maxWrongKeys {
		if err := s.store.InTx(ctx, func(tx payment.Tx) { tx.SaveSession(ch.session) }); err != nil {
			return fmt.Errorf("count wrong key: %w", err)
		}
		return errWrongKey()
	}
	if _, err := s.endSession(ctx, ch, s.refusal(ch, connector.ThreeDSFailed), ch.mayBeCharged()); err != nil {
		return err
	}
	return errWrongKey()
}

// provision claims the order, charges the card at the bank and concludes. The
// session is completed in the commit that claims the order, so of any number of
// callers one charges.
func (s *Service) provision(ctx context.Context, c Complete, ch challenge) (payment.Outcome, error) {
	kept, err := s.openProof(ctx, ch.session)
	if err != nil {
		return payment.Outcome{}, err
	}
	known := kept.authentication()
	if known.Memo, err = s.operations.OpenMemo(ctx, operation.MemoSubject(ch.operation), ch.operation.SealedMemo); err != nil {
		return payment.Outcome{}, err
	}
	again, err := s.openCard(ctx, ch)
	if fault.CodeOf(err) == fault.NoSuchThing {
		return s.endSession(ctx, ch, s.refusal(ch, connector.CardForgotten), false)
	}
	if err != nil {
		return payment.Outcome{}, err
	}
	try, err := s.charges.TryCard(ctx, ch.payment, again)
	if err != nil {
		return payment.Outcome{}, err // the session stays as it is, for a later try
	}
	defer try.Unasked(ctx)
	now := s.clock.Now()
	session, claimed, open := ch.session, ch.payment, ch.operation
	session.State = payment.SessionCompleted
	claimed.State, claimed.HoldsOrder = payment.Pending, session.OnePerOrder
	claimed.MarkChanged(now)
	claimed.Result = payment.Result{Reason: connector.ResultUnknown, At: now}
	open.Status, open.StartedAt, open.NextInquiry = payment.OperationOpen, now, operation.FirstInquiry(now, ch.at)
	beginning, span := operation.Step(ctx, trace.StepBegin, &claimed)
	err = s.store.InTx(beginning, func(tx payment.Tx) {
		tx.SaveSession(session)
		tx.SavePayment(claimed)
		tx.SaveOperation(open)
		s.charges.Claim(tx, c.Caller, ch.payment, ch.operation.AskID)
	})
	span.Fail(err)
	span.End()
	if fault.CodeOf(err) == fault.OrderClaimed {
		return s.loseOrder(ctx, ch)
	}
	if err != nil {
		return payment.Outcome{}, fmt.Errorf("begin completion: %w", err)
	}
	s.forgetCard(ctx, ch)
	claimed.Version++
	open.Version++
	said := s.operations.Send(ctx, claimed, open, ch.at, func(b *pos.Bank) (connector.Answer, error) {
		told := claimed.ChargeOf(open)
		told.Card = again
		return b.AuthorizeAuthenticated(ctx, told, known)
	})
	try.Said(ctx, said)
	return s.operations.Conclude(ctx, claimed, open, said, c.Actor)
}

// loseOrder ends a payment whose order was paid by another attempt meanwhile.
// While that one's outcome is not known, the payment stays as it is.
func (s *Service) loseOrder(ctx context.Context, ch challenge) (payment.Outcome, error) {
	holder, err := s.store.OrderHolder(ctx, ch.payment.MerchantID, ch.payment.OrderRef)
	switch {
	case fault.KindOf(err) == fault.NotFound:
		return payment.Outcome{}, fault.New(fault.Conflict, fault.StaleVersion, "the order became free again")
	case err != nil:
		return payment.Outcome{}, fmt.Errorf("read holder of order: %w", err)
	case holder.State == payment.Pending:
		return payment.Outcome{}, payment.OrderInProgress(holder)
	}
	ch.session.State = payment.SessionCompleted
	return s.endSession(ctx, ch, s.refusal(ch, connector.OrderAlreadyPaid), ch.mayBeCharged())
}

// expireSession is the handler of JobExpireSession: it declines a payment whose
// payer never came back, or whose merchant never completed it. Where the payer
// did not come back, a "3D pay" bank may have charged without our knowing.
func (s *Service) expireSession(ctx context.Context, j job.Job) error {
	p, _, err := s.operations.Subject(ctx, j)
	if err != nil {
		return err
	}
	session, err := s.store.SessionOf(ctx, p.MerchantID, p.ID)
	if err != nil {
		return fmt.Errorf("read session: %w", err)
	}
	ch, err := s.challengeOf(ctx, session)
	if err != nil {
		return err
	}
	switch {
	case session.State == payment.SessionCompleted, session.State == payment.SessionFailed:
		return nil
	case session.State == payment.SessionAuthenticated && !s.clock.Now().After(session.KeyExpires):
		return job.Later(session.KeyExpires.Add(operation.ResolverGrace))
	case ch.payment.State != payment.Enrolled && ch.payment.State != payment.Authenticated:
		session.State = payment.SessionFailed // the resolver has found that nothing was charged
		if err := s.store.InTx(ctx, func(tx payment.Tx) { tx.SaveSession(session) }); err != nil {
			return fmt.Errorf("end session: %w", err)
		}
		return nil
	}
	_, err = s.endSession(ctx, ch, s.refusal(ch, connector.ThreeDSExpired), session.State == payment.SessionOpen || ch.mayBeCharged())
	return err
}
