package payment

import (
	"context"
	"crypto/rand"
	"encoding/base64"
	"fmt"
	"log/slog"

	"github.com/go-json-experiment/json"

	"github.com/vezne/vezne/internal/connector"
	"github.com/vezne/vezne/internal/fault"
	"github.com/vezne/vezne/internal/idempotency"
	"github.com/vezne/vezne/internal/job"
	"github.com/vezne/vezne/internal/pos"
	"github.com/vezne/vezne/internal/routing"
	"github.com/vezne/vezne/internal/trace"
	"github.com/vezne/vezne/internal/vault"
)

// JobExpireSession is the job that ends an authentication that nobody finished.
const JobExpireSession job.Kind = "payment.expire_session"

// Enrol asks for a payment whose payer is authenticated first.
type Enrol struct {
	Pay
	// SuccessURL and FailureURL are where the payer's browser is sent afterwards.
	SuccessURL string
	FailureURL string
	Language   string // BCP 47, for the bank's page
}

// Enrolment answers Enrol: the payment, and the form that takes the payer to the
// bank, which has no Action if the enrolment was refused.
type Enrolment struct {
	Outcome
	Form connector.Form
}

// Enrol begins a payment with 3-D Secure. Nothing is charged. A refusal by the
// bank is an Enrolment whose payment is Declined, not an error. The order is not
// claimed: several authentications of one order may be open, and the first to be
// completed is charged.
func (s *Service) Enrol(ctx context.Context, c Enrol) (Enrolment, error) {
	ctx, cancel := detached(ctx)
	defer cancel()
	e, err := s.enrolPayer(ctx, c)
	s.answered(ctx, CommandEnrol, c.Surface, e.Outcome, err)
	return e, err
}

func (s *Service) enrolPayer(ctx context.Context, c Enrol) (Enrolment, error) {
	if replay, err := s.replayKey(ctx, c.Caller); replay != nil || err != nil {
		return s.replayEnrolment(ctx, replay, err)
	}
	if err := s.checkAddresses(ctx, c); err != nil {
		return Enrolment{}, err
	}
	a, err := s.prepare(ctx, c.Pay)
	if err != nil {
		return Enrolment{}, err
	}
	if err := s.checkOrderFree(ctx, c.Pay); err != nil {
		return Enrolment{}, err
	}
	a.candidates = s.authenticating(ctx, a.candidates)
	a.payment.State, a.payment.HoldsOrder, a.payment.ThreeDS = Enrolled, false, true
	a.payment.Result.Reason = connector.Awaiting3DS
	session, replay, err := s.beginSession(ctx, a, c)
	if replay != nil || err != nil {
		return s.replayEnrolment(ctx, replay, err)
	}
	if len(a.candidates) == 0 {
		return Enrolment{Outcome: Outcome{Payment: a.payment}}, nil
	}
	return s.enrol(ctx, a, c, session)
}

// authenticating keeps the candidates whose bank does 3-D Secure.
func (s *Service) authenticating(ctx context.Context, candidates []routing.Candidate) []routing.Candidate {
	var able []routing.Candidate
	for _, c := range candidates {
		if bank, err := s.Banks.Bank(ctx, c.POS); err == nil && bank.Capabilities().ThreeDS {
			able = append(able, c)
		}
	}
	return able
}

// checkAddresses refuses with fault.URLNotAllowed what the merchant's list of hosts
// does not name: a stolen API key must not lead payers elsewhere (reference of the
// gateway API, section 12.18).
func (s *Service) checkAddresses(ctx context.Context, c Enrol) error {
	m, err := s.Merchants.Merchant(ctx, c.MerchantID)
	if err != nil {
		return fmt.Errorf("read merchant: %w", err)
	}
	var wrong []fault.Field
	for _, given := range []struct{ name, url string }{{"successUrl", c.SuccessURL}, {"failureUrl", c.FailureURL}} {
		if err := s.Addresses.Check(given.url, m.Hosts); err != nil {
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
func (s *Service) checkOrderFree(ctx context.Context, c Pay) error {
	if !c.OnePerOrder {
		return nil
	}
	holder, err := s.Store.OrderHolder(ctx, c.MerchantID, c.OrderRef)
	switch {
	case fault.KindOf(err) == fault.NotFound:
		return nil
	case err != nil:
		return fmt.Errorf("read holder of order: %w", err)
	case holder.State == Pending:
		return orderInProgress(holder)
	}
	return fault.New(fault.Conflict, fault.OrderAlreadyPaid, "the order is already paid").WithSubject(holder.UUID.String())
}

// beginSession commits the payment, the operation that will charge it once the
// payer is authenticated, the session, and the job that ends it in time.
func (s *Service) beginSession(ctx context.Context, a *attempt, c Enrol) (Session, *Outcome, error) {
	ctx, span := s.step(ctx, trace.StepBegin, &a.payment)
	defer span.End()
	if err := s.aim(ctx, a); err != nil {
		return Session{}, nil, err
	}
	session := s.newSession(a, c)
	expire, err := s.newJob(ctx, JobExpireSession, a.payment, a.operation, session.ExpiresAt)
	if err != nil {
		return Session{}, nil, err
	}
	expire.Subject = "session:" + a.payment.UUID.String() // the merchant's events must not wait for it
	err = s.Store.InTx(ctx, func(tx Tx) {
		if !c.Key.IsZero() {
			tx.ClaimKey(idempotency.Record{
				MerchantID: a.payment.MerchantID, Key: c.Key, PaymentID: a.payment.ID,
				AskID: a.operation.AskID, CreatedAt: a.payment.CreatedAt,
			})
		}
		tx.InsertPayment(a.payment)
		if a.operation.ID != 0 {
			tx.InsertOperation(a.operation)
			tx.InsertSession(session)
			tx.Enqueue(expire)
		}
	})
	if fault.CodeOf(err) == fault.IdempotencyKeyTaken {
		replay, err := s.replayKey(ctx, c.Caller)
		return Session{}, replay, err
	}
	if err != nil {
		return Session{}, nil, fmt.Errorf("begin 3-D Secure: %w", err)
	}
	return session, nil, nil
}

func (s *Service) newSession(a *attempt, c Enrol) Session {
	var key [16]byte
	_, _ = rand.Read(key[:]) // crypto/rand.Read never fails since Go 1.24
	now := s.Clock.Now()
	return Session{
		Key: base64.RawURLEncoding.EncodeToString(key[:]), MerchantID: a.payment.MerchantID, PaymentID: a.payment.ID,
		OnePerOrder: c.OnePerOrder, SuccessURL: c.SuccessURL, FailureURL: c.FailureURL, State: SessionOpen,
		CreatedAt: now, ExpiresAt: now.Add(sessionLife),
	}
}

// enrol asks bank after bank to authenticate the payer until one says yes or no.
// A bank that gave no readable answer is passed over like one that was not
// reached: no money can move there, for the payer is never sent to it.
func (s *Service) enrol(ctx context.Context, a *attempt, c Enrol, session Session) (Enrolment, error) {
	for {
		enrolled := s.askEnrolment(ctx, a, c, session)
		if enrolled.Outcome == connector.Approved {
			err := s.keepCard(ctx, a)
			if err == nil {
				return s.enrolled(ctx, a, session, enrolled.Way.Form)
			}
			// A payer who went to this bank could not be charged afterwards.
			s.Log.LogAttrs(ctx, slog.LevelError, "enrolment given up", slog.Int64("operation", int64(a.operation.ID)), slog.Any("error", err))
			enrolled.Answer = connector.Answer{Outcome: connector.Unsent}
		}
		if enrolled.Outcome == connector.Unknown {
			enrolled.Answer = connector.Answer{Outcome: connector.Unsent}
		}
		said := verdictOf(enrolled.Answer, s.Clock.Now())
		if a.triesOn(said) && s.failOver(ctx, a, said) == nil {
			continue
		}
		o, err := s.end(ctx, visit{session: session, payment: a.payment, operation: a.operation}, said, false)
		return Enrolment{Outcome: o}, err
	}
}

func (s *Service) askEnrolment(ctx context.Context, a *attempt, c Enrol, session Session) connector.Enrolled {
	at := a.candidates[a.next-1].POS
	bank, err := s.Banks.Bank(ctx, at)
	if err != nil {
		s.Log.LogAttrs(ctx, slog.LevelError, "open POS", slog.Int64("pos", int64(at.ID)), slog.Any("error", err))
		return connector.Enrolled{Answer: connector.Answer{Outcome: connector.Unsent}}
	}
	enrolled, err := bank.Enrol(ctx, connector.Enrolment{
		Charge: connector.Charge{
			Kind: a.operation.Kind, Reference: a.operation.Reference, Amount: a.operation.Amount,
			Installments: c.Installments, Card: c.Card, ClientIP: c.ClientIP,
		},
		ReturnURL: s.ReturnURL(at, session),
		Language:  c.Language,
	})
	if err != nil {
		s.Log.LogAttrs(ctx, slog.LevelWarn, "enrolment without answer", slog.Int64("operation", int64(a.operation.ID)), slog.Any("error", err))
	}
	return enrolled
}

// ReturnURL is the address to which a bank sends the payer of a session back.
func (s *Service) ReturnURL(at pos.POS, session Session) string {
	return s.PublicURL + "/3ds/" + at.Connector + "/" + session.Key
}

// enrolled keeps the bank's form with the session, sealed, so that a repeated
// request can be given its first answer.
func (s *Service) enrolled(ctx context.Context, a *attempt, session Session, form connector.Form) (Enrolment, error) {
	plain, err := json.Marshal(form)
	if err != nil {
		return Enrolment{}, fmt.Errorf("encode bank's form: %w", err)
	}
	if session.SealedForm, err = s.Sealer.Seal(ctx, session.MerchantID, vault.PurposeThreeDS, plain); err != nil {
		return Enrolment{}, fmt.Errorf("seal bank's form: %w", err)
	}
	if err := s.Store.InTx(ctx, func(tx Tx) { tx.SaveSession(session) }); err != nil {
		return Enrolment{}, fmt.Errorf("keep bank's form: %w", err)
	}
	return Enrolment{Outcome: Outcome{Payment: a.payment, Operation: a.operation}, Form: form}, nil
}

// enrolmentLimit is the age at which nobody is at work on an enrolment any more:
// its command has ended, or the process that ran it.
const enrolmentLimit = commandLimit + resolverGrace

func enrolmentInProgress(p Payment) error {
	return fault.New(fault.Conflict, fault.IdempotencyInProgress, "the first request with this Idempotency-Key is still running").
		WithSubject(p.UUID.String()).WithRetryAfter(retryHint)
}

// endAbandoned declines an enrolment whose process died before it handed a form
// out: without the form no payer gets to the bank, so nobody can finish it, and
// whoever repeats the request need not wait for the session's end. If the process
// lives after all, its own commit fails on the session's version and hands nothing
// out. The bank is asked later all the same: one that charges by itself may reach
// its payer in a way that needs no form of ours, such as the bank's own app.
func (s *Service) endAbandoned(ctx context.Context, session Session) (Enrolment, error) {
	v, err := s.visit(ctx, session)
	if err != nil {
		return Enrolment{}, err
	}
	o, err := s.end(ctx, v, s.refusal(v, connector.ThreeDSInitError), true)
	if fault.CodeOf(err) == fault.StaleVersion {
		return Enrolment{}, enrolmentInProgress(v.payment) // it has moved on: the next request sees where to
	}
	o.Replayed = true
	return Enrolment{Outcome: o}, err
}

// replayEnrolment answers a repeated Enrol with its first answer.
func (s *Service) replayEnrolment(ctx context.Context, replay *Outcome, err error) (Enrolment, error) {
	if err != nil || replay == nil {
		return Enrolment{}, err
	}
	e := Enrolment{Outcome: *replay}
	session, err := s.Store.SessionOf(ctx, e.Payment.MerchantID, e.Payment.ID)
	switch {
	case fault.KindOf(err) == fault.NotFound:
		return e, nil // no bank could authenticate: there never was a session
	case err != nil:
		return Enrolment{}, fmt.Errorf("read session: %w", err)
	case session.SealedForm == nil && e.Payment.State != Enrolled:
		return e, nil // the bank refused
	case session.SealedForm == nil && s.Clock.Now().Sub(session.CreatedAt) <= enrolmentLimit:
		return Enrolment{}, enrolmentInProgress(e.Payment)
	case session.SealedForm == nil:
		return s.endAbandoned(ctx, session)
	}
	plain, err := s.Sealer.Open(ctx, session.MerchantID, vault.PurposeThreeDS, session.SealedForm)
	if err != nil {
		return Enrolment{}, fmt.Errorf("open bank's form: %w", err)
	}
	if err := json.Unmarshal(plain, &e.Form); err != nil {
		return Enrolment{}, fmt.Errorf("decode bank's form: %w", err)
	}
	return e, nil
}
