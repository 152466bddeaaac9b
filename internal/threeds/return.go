package threeds

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"fmt"
	"log/slog"
	"net/url"

	"github.com/go-json-experiment/json"

	"github.com/vezne/vezne/internal/connector"
	"github.com/vezne/vezne/internal/fault"
	"github.com/vezne/vezne/internal/operation"
	"github.com/vezne/vezne/internal/payment"
	"github.com/vezne/vezne/internal/pos"
	"github.com/vezne/vezne/internal/vault"
)

// Return is a payer who comes back from a bank.
type Return struct {
	Connector  string
	SessionKey string
	// Form has the fields as bytes in the bank's charset, percent-decoded; Charset is
	// what the request says that is, empty if it does not.
	Form    url.Values
	Charset string
}

// Returned says where the payer goes next.
type Returned struct {
	Payment payment.Payment
	// URL is the merchant's; the browser posts to it.
	URL string
	// SecurityKey completes the payment; empty when the authentication failed.
	SecurityKey string
}

// proof is what is sealed with a session once the payer was authenticated.
type proof struct {
	SecurityKey string `json:"security_key"`
	MDStatus    int    `json:"md_status"`
	Reference   string `json:"reference"`
	Token       string `json:"token"`
	XID         string `json:"xid"`
	ECI         string `json:"eci"`
	CAVV        string `json:"cavv"`
}

// authentication returns what the bank is shown again at provisioning.
func (p proof) authentication() connector.Authentication {
	return connector.Authentication{
		Reference: p.Reference, MDStatus: p.MDStatus, Token: p.Token, XID: p.XID, ECI: p.ECI, CAVV: p.CAVV,
	}
}

// Return takes a payer back from the bank. Nothing in the form is believed before
// the bank's MAC and the reference and amount of our own record were checked; a
// form that fails is fault.ForgedReturn and changes nothing. Neither does one that
// the bank was asked about and did not confirm, which is fault.ServiceUnavailable:
// the payer may send it again. A repeated return
// leads where the first one led, whatever it says. A payer whose merchant has
// stopped allowing the address is not sent there: fault.URLNotAllowed, and the
// payment ends unless it is completed.
func (s *Service) Return(ctx context.Context, r Return) (Returned, error) {
	ctx, cancel := operation.Detached(ctx)
	defer cancel()
	to, err := s.acceptReturn(ctx, r)
	if err != nil {
		return Returned{}, err
	}
	m, err := s.merchants.Merchant(ctx, to.Payment.MerchantID)
	if err != nil {
		return Returned{}, fmt.Errorf("read merchant: %w", err)
	}
	if err := s.addresses.Check(to.URL, m.Hosts); err != nil {
		return Returned{}, fault.Wrap(fault.Invalid, fault.URLNotAllowed, "the merchant's address may not be used any more", err)
	}
	return to, nil
}

func (s *Service) acceptReturn(ctx context.Context, r Return) (Returned, error) {
	session, err := s.store.Session(ctx, r.SessionKey)
	if err != nil {
		return Returned{}, fmt.Errorf("find session: %w", err)
	}
	ch, err := s.challengeOf(ctx, session)
	if err != nil {
		return Returned{}, err
	}
	a, err := s.readReturn(ctx, r, ch)
	if err != nil {
		return Returned{}, err
	}
	switch {
	case session.State != payment.SessionOpen:
		return s.returnedAgain(ctx, ch, a)
	case s.clock.Now().After(session.ExpiresAt):
		return s.returnFailed(ctx, ch, s.refusal(ch, connector.ThreeDSExpired), a)
	}
	accepted, err := s.accepts(ctx, ch.payment, a.MDStatus)
	switch {
	case err != nil:
		return Returned{}, err
	case !accepted:
		return s.returnFailed(ctx, ch, s.refusal(ch, connector.ThreeDSFailed), a)
	case a.Provisioned:
		return s.provisioned(ctx, ch, a)
	}
	return s.authenticate(ctx, ch, a)
}

// readReturn checks the bank's form against its MAC and against our record.
func (s *Service) readReturn(ctx context.Context, r Return, ch challenge) (connector.Authentication, error) {
	forged := func(why string, cause error) error {
		s.log.LogAttrs(ctx, slog.LevelWarn, "refused a bank's return",
			slog.Int64("operation", int64(ch.operation.ID)), slog.String("why", why), slog.Any("error", cause))
		return fault.Wrap(fault.Invalid, fault.ForgedReturn, "the bank's answer could not be verified", cause)
	}
	if ch.at.Connector != r.Connector {
		return connector.Authentication{}, forged("another connector", nil)
	}
	bank, err := s.banks.Bank(ctx, ch.at)
	if err != nil {
		return connector.Authentication{}, fmt.Errorf("open POS: %w", err)
	}
	o := ch.operation
	memo, err := s.operations.OpenMemo(ctx, sealedFor(ch.session, vault.PurposeThreeDSMemo), ch.session.SealedMemo)
	if err != nil {
		return connector.Authentication{}, err
	}
	a, err := bank.ReadReturn(ctx, pos.Returned{Form: r.Form, Charset: r.Charset}, ch.payment.ChargeOf(o), memo)
	switch {
	case errors.Is(err, connector.ErrUnconfirmedReturn):
		s.log.LogAttrs(ctx, slog.LevelWarn, "a bank did not confirm its return",
			slog.Int64("operation", int64(o.ID)), slog.Any("error", err))
		return connector.Authentication{}, fault.Wrap(
			fault.Unavailable, fault.ServiceUnavailable, "the bank did not confirm its answer; it may be sent again", err)
	case err != nil:
		return connector.Authentication{}, forged("unreadable or wrong MAC", err)
	case a.Reference != ch.operation.Reference:
		return connector.Authentication{}, forged("another order", nil)
	case !a.Amount.IsZero() && a.Amount != ch.operation.Amount:
		return connector.Authentication{}, forged("another amount", nil)
	}
	return a, nil
}

// accepts reports whether an mdStatus counts as authenticated for the merchant: 1
// always, 2 to 4 (payer or bank not enrolled, attempt) if it takes half secure.
func (s *Service) accepts(ctx context.Context, p payment.Payment, mdStatus int) (bool, error) {
	if mdStatus == 1 {
		return true, nil
	}
	m, err := s.merchants.Merchant(ctx, p.MerchantID)
	if err != nil {
		return false, fmt.Errorf("read merchant: %w", err)
	}
	return m.HalfSecure && mdStatus >= 2 && mdStatus <= 4, nil
}

// authenticate stores the bank's proof with the security key that it earned.
func (s *Service) authenticate(ctx context.Context, ch challenge, a connector.Authentication) (Returned, error) {
	switch err := s.prolongCard(ctx, ch); {
	case fault.CodeOf(err) == fault.NoSuchThing:
		return s.returnFailed(ctx, ch, s.refusal(ch, connector.CardForgotten), a)
	case err != nil:
		return Returned{}, err
	}
	kept, key, err := s.sealProof(ctx, ch.session, a)
	if err != nil {
		return Returned{}, err
	}
	o := ch.operation
	if len(a.Memo) > 0 {
		if o.SealedMemo, err = s.operations.SealMemo(ctx, operation.MemoSubject(o), a.Memo); err != nil {
			return Returned{}, err
		}
	}
	p := ch.payment
	p.State = payment.Authenticated
	p.MarkChanged(s.clock.Now())
	err = s.store.InTx(ctx, func(tx payment.Tx) {
		tx.SaveSession(kept)
		tx.SavePayment(p)
		if len(a.Memo) > 0 {
			tx.SaveOperation(o)
		}
	})
	if fault.CodeOf(err) == fault.StaleVersion { // an equal return was quicker
		return s.returnedAgain(ctx, ch, a)
	}
	if err != nil {
		return Returned{}, fmt.Errorf("store authentication: %w", err)
	}
	return Returned{Payment: p, URL: kept.SuccessURL, SecurityKey: key}, nil
}

// sealProof makes the security key and seals it into the session with the proof.
func (s *Service) sealProof(ctx context.Context, session payment.Session, a connector.Authentication) (payment.Session, string, error) {
	var raw [24]byte
	_, _ = rand.Read(raw[:]) // crypto/rand.Read never fails since Go 1.24
	key := base64.RawURLEncoding.EncodeToString(raw[:])
	plain, err := json.Marshal(proof{
		SecurityKey: key, MDStatus: a.MDStatus, Reference: a.Reference,
		Token: a.Token, XID: a.XID, ECI: a.ECI, CAVV: a.CAVV,
	})
	if err != nil {
		return payment.Session{}, "", fmt.Errorf("encode proof: %w", err)
	}
	if session.SealedProof, err = s.sealer.Seal(ctx, sealedFor(session, vault.PurposeThreeDSProof), plain); err != nil {
		return payment.Session{}, "", fmt.Errorf("seal proof: %w", err)
	}
	session.State, session.KeyHash = payment.SessionAuthenticated, sha256.Sum256([]byte(key))
	session.KeyExpires = s.clock.Now().Add(securityKeyLife)
	return session, key, nil
}

// returnedAgain leads a payer who comes back again, or too late, where the first
// return led. If the bank says that it has charged a payment which ended without
// money, the charge is undone.
func (s *Service) returnedAgain(ctx context.Context, stale challenge, a connector.Authentication) (Returned, error) {
	session, err := s.store.Session(ctx, stale.session.Key)
	if err != nil {
		return Returned{}, fmt.Errorf("read session again: %w", err)
	}
	ch, err := s.challengeOf(ctx, session)
	if err != nil {
		return Returned{}, err
	}
	s.log.LogAttrs(ctx, slog.LevelInfo, "repeated or late return from a bank",
		slog.Int64("operation", int64(ch.operation.ID)), slog.String("session", string(session.State)))
	if session.State == payment.SessionFailed || session.SealedProof == nil {
		p, err := s.undoLate(ctx, ch, a)
		if err != nil {
			return Returned{}, err
		}
		return Returned{Payment: p, URL: session.FailureURL}, nil
	}
	known, err := s.openProof(ctx, session)
	if err != nil {
		return Returned{}, err
	}
	return Returned{Payment: ch.payment, URL: session.SuccessURL, SecurityKey: known.SecurityKey}, nil
}

// undoLate undoes what a bank charged of a payment that had ended: at once if the bank
// lets it, and else by the late check that it leaves.
func (s *Service) undoLate(ctx context.Context, ch challenge, a connector.Authentication) (payment.Payment, error) {
	for try := range operation.MaxConflicts {
		if !chargedByBank(a) || ch.operation.Status != payment.OperationDeclined {
			break
		}
		p := ch.payment
		p.Unclear = true
		p.MarkChanged(s.clock.Now())
		late := operation.FirstInquiry(s.clock.Now(), ch.at)
		check, err := s.operations.NewLateCheck(ctx, payment.Change{Payment: p, Operation: ch.operation}, late)
		if err != nil {
			return p, err
		}
		check.Subject = "late_return:" + ch.operation.Reference // the late check of the ending may sleep for long
		err = s.store.InTx(ctx, func(tx payment.Tx) {
			tx.SavePayment(p)
			tx.Enqueue(check)
		})
		if err == nil {
			p.Version++
			return s.operations.Undo(ctx, payment.Outcome{Payment: p, Operation: ch.operation}, true).Payment, nil
		}
		if fault.CodeOf(err) != fault.StaleVersion || !operation.Pause(ctx, err, try) {
			return p, fmt.Errorf("leave late check: %w", err)
		}
		if ch, err = s.challengeOf(ctx, ch.session); err != nil { // an equal return, or the late check of the ending
			return p, err
		}
	}
	return ch.payment, nil
}

func (s *Service) openProof(ctx context.Context, session payment.Session) (proof, error) {
	plain, err := s.sealer.Open(ctx, sealedFor(session, vault.PurposeThreeDSProof), session.SealedProof)
	if err != nil {
		return proof{}, fmt.Errorf("open proof: %w", err)
	}
	var known proof
	if err := json.Unmarshal(plain, &known); err != nil {
		return proof{}, fmt.Errorf("decode proof: %w", err)
	}
	return known, nil
}

// returnFailed declines the payment of a payer who may not go on. If the bank has
// charged all the same, that is undone.
func (s *Service) returnFailed(ctx context.Context, ch challenge, said payment.Verdict, a connector.Authentication) (Returned, error) {
	o, err := s.endSession(ctx, ch, said, chargedByBank(a))
	if fault.CodeOf(err) == fault.StaleVersion {
		return s.returnedAgain(ctx, ch, a)
	}
	if err != nil {
		return Returned{}, err
	}
	if a.Provisioned && a.Answer.Outcome == connector.Declined { // counted once, by whoever ended the session
		s.charges.NoteDecline(ctx, ch.payment, said)
	}
	return Returned{Payment: o.Payment, URL: ch.session.FailureURL}, nil
}
