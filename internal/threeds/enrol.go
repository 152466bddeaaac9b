package threeds

import (
	"context"
	"crypto/rand"
	"encoding/base64"
	"fmt"
	"log/slog"

	"github.com/go-json-experiment/json"

	"github.com/vezne/vezne/internal/charge"
	"github.com/vezne/vezne/internal/connector"
	"github.com/vezne/vezne/internal/fault"
	"github.com/vezne/vezne/internal/idempotency"
	"github.com/vezne/vezne/internal/job"
	"github.com/vezne/vezne/internal/operation"
	"github.com/vezne/vezne/internal/payment"
	"github.com/vezne/vezne/internal/pos"
	"github.com/vezne/vezne/internal/trace"
	"github.com/vezne/vezne/internal/vault"
)

// JobExpireSession is the job that ends an authentication that nobody finished.
const JobExpireSession job.Kind = "payment.expire_session"

// Enrol asks for a payment whose payer is authenticated first.
type Enrol struct {
	charge.Pay
	// SuccessURL and FailureURL are where the payer's browser is sent afterwards.
	SuccessURL string
	FailureURL string
	Language   string // BCP 47, for the bank's page
}

// Enrolment answers Enrol: the payment, and the form that takes the payer to the
// bank, or to a page of ours that leads on to the bank. It has no Action if the enrolment
// was refused.
type Enrolment struct {
	payment.Outcome
	Form connector.Form
}

// Enrol begins a payment with 3-D Secure. Nothing is charged. A refusal by the
// bank is an Enrolment whose payment is Declined, not an error. The order is not
// claimed: several authentications of one order may be open, and the first to be
// completed is charged, the total of its enrolment and no other, which is refused with
// fault.TotalChanged if the payer has agreed to another.
func (s *Service) Enrol(ctx context.Context, c Enrol) (Enrolment, error) {
	ctx, cancel := operation.Detached(ctx)
	defer cancel()
	e, err := s.enrolPayer(ctx, c)
	s.charges.Report(ctx, charge.CommandEnrol, c.Surface, e.Outcome, err)
	return e, err
}

func (s *Service) enrolPayer(ctx context.Context, c Enrol) (Enrolment, error) {
	if replay, err := s.charges.Replay(ctx, c.Caller); replay != nil || err != nil {
		return s.replayEnrolment(ctx, replay, err)
	}
	if err := s.checkAddresses(ctx, c); err != nil {
		return Enrolment{}, err
	}
	a, err := s.charges.Prepare(ctx, c.Pay)
	if err != nil {
		return Enrolment{}, err
	}
	if err := s.checkOrderFree(ctx, c.Pay); err != nil {
		return Enrolment{}, err
	}
	if err := a.CheckAgreed(); err != nil {
		return Enrolment{}, err
	}
	a.KeepPOSes(func(p pos.POS) bool { return s.authenticates(ctx, p) })
	a.Payment.State, a.Payment.HoldsOrder, a.Payment.ThreeDS = payment.Enrolled, false, true
	a.Payment.Result.Reason = connector.Awaiting3DS
	if !a.Routed() {
		_, replay, err := s.beginSession(ctx, a, c)
		if replay != nil || err != nil {
			return s.replayEnrolment(ctx, replay, err)
		}
		return Enrolment{Outcome: payment.Outcome{Payment: a.Payment}}, nil
	}
	try, err := s.charges.TryCard(ctx, a.Payment, c.Card)
	if err != nil {
		return Enrolment{}, err
	}
	defer try.Unasked(ctx)
	session, replay, err := s.beginSession(ctx, a, c)
	if replay != nil || err != nil {
		return s.replayEnrolment(ctx, replay, err)
	}
	return s.enrol(ctx, a, c, enrolling{session, try})
}

// enrolling is a session that has begun, and what asking the first bank for it costs.
type enrolling struct {
	session payment.Session
	try     *charge.CardTry
}

// authenticates reports whether the bank of a POS does 3-D Secure.
func (s *Service) authenticates(ctx context.Context, p pos.POS) bool {
	bank, err := s.banks.Bank(ctx, p)
	return err == nil && bank.Capabilities().ThreeDS
}

// checkAddresses refuses with fault.URLNotAllowed what the merchant's list of hosts
// does not name: a stolen API key must not lead payers elsewhere (reference of the
// gateway API, section 12.18).
func (s *Service) checkAddresses(ctx context.Context, c Enrol) error {
	m, err := s.merchants.Merchant(ctx, c.MerchantID)
	if err != nil {
		return fmt.Errorf("read merchant: %w", err)
	}
	var wrong []fault.Field
	for _, given := range []struct{ name, url string }{{"successUrl", c.SuccessURL}, {"failureUrl", c.FailureURL}} {
		if err := s.addresses.Check(given.url, m.Hosts); err != nil {
			wrong = append(wrong, fault.Field{Name: given.name, Code: fault.FieldInvalid, Message: err.Error()})
		}
	}
	if len(wrong) == 0 {
		return nil
	}
	e := fault.Validation(wrong...)
	e.Code = fault.URLNotAllowed
	return e
}

// checkOrderFree refuses to authenticate for an order that is paid or being paid.
func (s *Service) checkOrderFree(ctx context.Context, c charge.Pay) error {
	if !c.OnePerOrder {
		return nil
	}
	holder, err := s.store.OrderHolder(ctx, c.MerchantID, c.OrderRef)
	switch {
	case fault.KindOf(err) == fault.NotFound:
		return nil
	case err != nil:
		return fmt.Errorf("read holder of order: %w", err)
	case holder.State == payment.Pending:
		return payment.OrderInProgress(holder)
	}
	return fault.New(fault.Conflict, fault.OrderAlreadyPaid, "the order is already paid").WithSubject(holder.UUID.String())
}

// beginSession commits the payment, the operation that will charge it once the
// payer is authenticated, the session, and the job that ends it in time.
func (s *Service) beginSession(ctx context.Context, a *charge.Attempt, c Enrol) (payment.Session, *payment.Outcome, error) {
	ctx, span := operation.Step(ctx, trace.StepBegin, &a.Payment)
	defer span.End()
	if err := s.charges.ChoosePOS(ctx, a); err != nil {
		return payment.Session{}, nil, err
	}
	session := s.newSession(a, c)
	expire, err := s.operations.NewJob(ctx, JobExpireSession, a.Payment, a.Operation, session.ExpiresAt)
	if err != nil {
		return payment.Session{}, nil, err
	}
	expire.Subject = "session:" + a.Payment.UUID.String() // the merchant's events must not wait for it
	err = s.store.InTx(ctx, func(tx payment.Tx) {
		s.charges.Claim(tx, c.Caller, a.Payment, a.Operation.AskID)
		tx.InsertPayment(a.Payment)
		if a.Operation.ID != 0 {
			a.QueueOperation(tx)
			tx.InsertSession(session)
			tx.Enqueue(expire)
		}
	})
	if fault.CodeOf(err) == fault.IdempotencyKeyTaken {
		replay, err := s.charges.ReplayTaken(ctx, c.Caller)
		return payment.Session{}, replay, err
	}
	if err != nil {
		return payment.Session{}, nil, fmt.Errorf("begin 3-D Secure: %w", charge.Rerouted(err))
	}
	return session, nil, nil
}

func (s *Service) newSession(a *charge.Attempt, c Enrol) payment.Session {
	var key [16]byte
	_, _ = rand.Read(key[:]) // crypto/rand.Read never fails since Go 1.24
	now := s.clock.Now()
	return payment.Session{
		Key: base64.RawURLEncoding.EncodeToString(key[:]), MerchantID: a.Payment.MerchantID, PaymentID: a.Payment.ID,
		OnePerOrder: c.OnePerOrder, SuccessURL: c.SuccessURL, FailureURL: c.FailureURL, State: payment.SessionOpen,
		CreatedAt: now, ExpiresAt: now.Add(sessionLife),
	}
}

// enrol asks bank after bank to authenticate the payer until one says yes or no.
// A bank that gave no readable answer is passed over like one that was not
// reached: no money can move there, for the payer is never sent to it. A refusal counts
// as a decline of the card.
func (s *Service) enrol(ctx context.Context, a *charge.Attempt, c Enrol, e enrolling) (Enrolment, error) {
	session, try := e.session, e.try
	defer func() { try.Unasked(ctx) }()
	for {
		enrolled := s.askEnrolment(ctx, a, c, session)
		if enrolled.Outcome == connector.Approved {
			err := s.keepCard(ctx, a)
			if err == nil {
				return s.keepEnrolment(ctx, a, session, enrolled)
			}
			// A payer who went to this bank could not be charged afterwards.
			s.log.LogAttrs(ctx, slog.LevelError, "enrolment given up", slog.Int64("operation", int64(a.Operation.ID)), slog.Any("error", err))
			enrolled.Answer = connector.Answer{Outcome: connector.Unsent}
		}
		if enrolled.Outcome == connector.Unknown {
			enrolled.Answer = connector.Answer{Outcome: connector.Unsent}
		}
		said := operation.VerdictOf(enrolled.Answer, s.clock.Now())
		try.Said(ctx, said)
		if next := s.nextBank(ctx, a, said); next != nil {
			try = next
			continue
		}
		o, err := s.endSession(ctx, challenge{session: session, payment: a.Payment, operation: a.Operation}, said, false)
		if fault.CodeOf(err) == fault.StaleVersion { // the fail-over was committed, and its answer was lost
			return s.endAsStored(ctx, session, false)
		}
		return Enrolment{Outcome: o}, err
	}
}

// nextBank moves the attempt on to its next bank, if it tries one and may, and returns
// what asking it costs; nil if the enrolment ends with what was said.
func (s *Service) nextBank(ctx context.Context, a *charge.Attempt, said payment.Verdict) *charge.CardTry {
	if !a.TriesNext(said) {
		return nil
	}
	next, err := s.charges.TryCard(ctx, a.Payment, a.Command.Card)
	if err != nil {
		return nil
	}
	moved := false
	defer func() {
		if !moved {
			next.Unasked(ctx)
		}
	}()
	if s.charges.FailOver(ctx, a, said) != nil {
		return nil
	}
	moved = true
	return next
}

func (s *Service) askEnrolment(ctx context.Context, a *charge.Attempt, c Enrol, session payment.Session) connector.Enrolled {
	at := a.POS()
	bank, err := s.banks.Bank(ctx, at)
	if err != nil {
		s.log.LogAttrs(ctx, slog.LevelError, "open POS", slog.Int64("pos", int64(at.ID)), slog.Any("error", err))
		return connector.Enrolled{Answer: connector.Answer{Outcome: connector.Unsent}}
	}
	told := a.Payment.ChargeOf(a.Operation)
	told.Card = c.Card
	enrolled, err := bank.Enrol(ctx, connector.Enrolment{Charge: told, ReturnURL: s.ReturnURL(at, session), Language: c.Language})
	if err != nil {
		s.log.LogAttrs(ctx, slog.LevelWarn, "enrolment without answer", slog.Int64("operation", int64(a.Operation.ID)), slog.Any("error", err))
	}
	return enrolled
}

// ReturnURL is the address to which a bank sends the payer of a session back.
func (s *Service) ReturnURL(at pos.POS, session payment.Session) string {
	return s.publicURL + "/3ds/" + at.Connector + "/" + session.Key
}

// keepEnrolment keeps the bank's answer with the session: its way, sealed, so that
// a repeated request can be given its first answer, its words, and its memo for the
// payer's return. The memo is kept with the operation too, which may have to be asked
// about if the payer never returns.
func (s *Service) keepEnrolment(
	ctx context.Context, a *charge.Attempt, session payment.Session, enrolled connector.Enrolled,
) (Enrolment, error) {
	plain, err := json.Marshal(enrolled.Way)
	if err != nil {
		return Enrolment{}, fmt.Errorf("encode way to bank: %w", err)
	}
	if session.SealedForm, err = s.sealer.Seal(ctx, sealedFor(session, vault.PurposeThreeDSForm), plain); err != nil {
		return Enrolment{}, fmt.Errorf("seal way to bank: %w", err)
	}
	session.SealedMemo, err = s.operations.SealMemo(ctx, sealedFor(session, vault.PurposeThreeDSMemo), enrolled.Memo)
	if err != nil {
		return Enrolment{}, err
	}
	session.BankCode, session.BankMessage = enrolled.BankCode, enrolled.BankMessage
	o := a.Operation
	if o.SealedMemo, err = s.operations.SealMemo(ctx, operation.MemoSubject(o), enrolled.Memo); err != nil {
		return Enrolment{}, err
	}
	err = s.store.InTx(ctx, func(tx payment.Tx) {
		tx.SaveSession(session)
		if o.SealedMemo != nil {
			tx.SaveOperation(o)
			o.Version++
		}
	})
	if fault.CodeOf(err) == fault.StaleVersion { // it took so long that somebody has given the enrolment up
		return s.endAsStored(ctx, session, true)
	}
	if err != nil {
		return Enrolment{}, fmt.Errorf("keep way to bank: %w", err)
	}
	return Enrolment{Outcome: payment.Outcome{Payment: a.Payment, Operation: o}, Form: s.formOf(enrolled.Way, a.POS(), session)}, nil
}

// endAsStored answers an enrolment that has moved on in the store without us: by the
// payment as it is there, which is declined if nobody has ended it yet, for no payer
// was sent to a bank. With check, the bank is asked later all the same.
func (s *Service) endAsStored(ctx context.Context, session payment.Session, check bool) (Enrolment, error) {
	session, err := s.store.Session(ctx, session.Key)
	if err != nil {
		return Enrolment{}, fmt.Errorf("read session again: %w", err)
	}
	ch, err := s.challengeOf(ctx, session)
	if err != nil {
		return Enrolment{}, err
	}
	if ch.payment.State != payment.Enrolled {
		return Enrolment{Outcome: payment.Outcome{Payment: ch.payment, Operation: ch.operation}}, nil
	}
	o, err := s.endSession(ctx, ch, s.refusal(ch, connector.ThreeDSInitError), check)
	if fault.CodeOf(err) == fault.StaleVersion {
		return Enrolment{}, enrolmentInProgress(ch.payment)
	}
	return Enrolment{Outcome: o}, err
}

// enrolmentLimit is the age at which nobody is at work on an enrolment any more:
// its command has ended, or the process that ran it.
const enrolmentLimit = operation.CommandLimit + operation.ResolverGrace

func enrolmentInProgress(p payment.Payment) error { return idempotency.InProgress(p.UUID.String()) }

// endAbandoned declines an enrolment whose process died before it handed a form
// out: without the form no payer gets to the bank, so nobody can finish it, and
// whoever repeats the request need not wait for the session's end. If the process
// lives after all, its own commit fails on the session's version and hands nothing
// out. The bank is asked later all the same: one that charges by itself may reach
// its payer in a way that needs no form of ours, such as the bank's own app.
func (s *Service) endAbandoned(ctx context.Context, session payment.Session) (Enrolment, error) {
	ch, err := s.challengeOf(ctx, session)
	if err != nil {
		return Enrolment{}, err
	}
	o, err := s.endSession(ctx, ch, s.refusal(ch, connector.ThreeDSInitError), true)
	if fault.CodeOf(err) == fault.StaleVersion {
		return Enrolment{}, enrolmentInProgress(ch.payment) // it has moved on: the next request sees where to
	}
	o.Replayed = true
	return Enrolment{Outcome: o}, err
}

// replayEnrolment answers a repeated Enrol with its first answer.
func (s *Service) replayEnrolment(ctx context.Context, replay *payment.Outcome, err error) (Enrolment, error) {
	if err != nil || replay == nil {
		return Enrolment{}, err
	}
	e := Enrolment{Outcome: *replay}
	session, err := s.store.SessionOf(ctx, e.Payment.MerchantID, e.Payment.ID)
	switch {
	case fault.KindOf(err) == fault.NotFound:
		return e, nil // no bank could authenticate: there never was a session
	case err != nil:
		return Enrolment{}, fmt.Errorf("read session: %w", err)
	case session.SealedForm == nil && e.Payment.State != payment.Enrolled:
		return e, nil // the bank refused
	case session.SealedForm == nil && s.clock.Now().Sub(session.CreatedAt) <= enrolmentLimit:
		return Enrolment{}, enrolmentInProgress(e.Payment)
	case session.SealedForm == nil:
		return s.endAbandoned(ctx, session)
	}
	way, err := s.openWay(ctx, session)
	if err != nil {
		return Enrolment{}, err
	}
	at, err := s.operations.POS(ctx, e.Operation.MerchantID, e.Operation.POSID)
	if err != nil {
		return Enrolment{}, fmt.Errorf("find POS of session: %w", err)
	}
	e.Form = s.formOf(way, at, session)
	return e, nil
}
