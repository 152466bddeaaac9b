package payment

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"log/slog"
	"net/url"

	"github.com/go-json-experiment/json"

	"github.com/vezne/vezne/internal/connector"
	"github.com/vezne/vezne/internal/fault"
	"github.com/vezne/vezne/internal/pos"
	"github.com/vezne/vezne/internal/vault"
)

// Return is a payer who comes back from a bank.
type Return struct {
	Connector  string
	SessionKey string
	Form       url.Values
}

// Returned says where the payer goes next.
type Returned struct {
	Payment Payment
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
// form that fails is fault.ForgedReturn and changes nothing. A repeated return
// leads where the first one led.
func (s *Service) Return(ctx context.Context, r Return) (Returned, error) {
	ctx, cancel := detached(ctx)
	defer cancel()
	session, err := s.Store.Session(ctx, r.SessionKey)
	if err != nil {
		return Returned{}, fmt.Errorf("find session: %w", err)
	}
	p, o, at, err := s.sessionSubject(ctx, session)
	if err != nil {
		return Returned{}, err
	}
	a, err := s.readReturn(ctx, r, o, at)
	if err != nil {
		return Returned{}, err
	}
	switch {
	case session.State != SessionOpen:
		return s.returned(ctx, session, p)
	case s.Clock.Now().After(session.ExpiresAt):
		return s.returnFailed(ctx, session, p, o, connector.ThreeDSExpired)
	}
	accepted, err := s.accepts(ctx, p, a.MDStatus)
	if err != nil {
		return Returned{}, err
	}
	if !accepted {
		return s.returnFailed(ctx, session, p, o, connector.ThreeDSFailed)
	}
	if a.Provisioned {
		return s.provisioned(ctx, session, p, o, a)
	}
	return s.authenticate(ctx, session, p, a)
}

// readReturn checks the bank's form against its MAC and against our record.
func (s *Service) readReturn(ctx context.Context, r Return, o Operation, at pos.POS) (connector.Authentication, error) {
	forged := func(why string, cause error) error {
		s.Log.LogAttrs(ctx, slog.LevelWarn, "refused a bank's return",
			slog.Int64("operation", int64(o.ID)), slog.String("why", why), slog.Any("error", cause))
		return fault.Wrap(fault.Invalid, fault.ForgedReturn, "the bank's answer could not be verified", cause)
	}
	if at.Connector != r.Connector {
		return connector.Authentication{}, forged("another connector", nil)
	}
	bank, err := s.Banks.Bank(ctx, at)
	if err != nil {
		return connector.Authentication{}, fmt.Errorf("open POS: %w", err)
	}
	a, err := bank.ReadReturn(r.Form)
	switch {
	case err != nil:
		return connector.Authentication{}, forged("unreadable or wrong MAC", err)
	case a.Reference != o.Reference:
		return connector.Authentication{}, forged("another order", nil)
	case !a.Amount.IsZero() && a.Amount != o.Amount:
		return connector.Authentication{}, forged("another amount", nil)
	}
	return a, nil
}

// sessionSubject reads what a session is about: the payment, the operation that
// will charge it, and the POS.
func (s *Service) sessionSubject(ctx context.Context, session Session) (Payment, Operation, pos.POS, error) {
	p, err := s.Store.PaymentByID(ctx, session.MerchantID, session.PaymentID)
	if err != nil {
		return Payment{}, Operation{}, pos.POS{}, fmt.Errorf("read payment of session: %w", err)
	}
	operations, err := s.Store.Operations(ctx, p.MerchantID, p.ID)
	if err != nil || len(operations) == 0 {
		return Payment{}, Operation{}, pos.POS{}, fmt.Errorf("read operations of session: %w", err)
	}
	o := lastOf(operations, operations[0].AskID)
	at, err := s.posByID(ctx, o.MerchantID, o.POSID)
	if err != nil {
		return Payment{}, Operation{}, pos.POS{}, fmt.Errorf("find POS of session: %w", err)
	}
	return p, o, at, nil
}

// accepts reports whether an mdStatus counts as authenticated for the merchant: 1
// always, 2 to 4 (payer or bank not enrolled, attempt) if it takes half secure.
func (s *Service) accepts(ctx context.Context, p Payment, mdStatus int) (bool, error) {
	if mdStatus == 1 {
		return true, nil
	}
	m, err := s.Merchants.Merchant(ctx, p.MerchantID)
	if err != nil {
		return false, fmt.Errorf("read merchant: %w", err)
	}
	return m.HalfSecure && mdStatus >= 2 && mdStatus <= 4, nil
}

// authenticate stores the bank's proof with the security key that it earned.
func (s *Service) authenticate(ctx context.Context, session Session, p Payment, a connector.Authentication) (Returned, error) {
	key, err := s.keep(ctx, &session, a)
	if err != nil {
		return Returned{}, err
	}
	p.State, p.UpdatedAt = Authenticated, s.Clock.Now()
	err = s.Store.InTx(ctx, func(tx Tx) {
		tx.SaveSession(session)
		tx.SavePayment(p)
	})
	if fault.CodeOf(err) == fault.StaleVersion { // an equal return was quicker
		return s.returnedAgain(ctx, session)
	}
	if err != nil {
		return Returned{}, fmt.Errorf("store authentication: %w", err)
	}
	return Returned{Payment: p, URL: session.SuccessURL, SecurityKey: key}, nil
}

// keep makes the security key and seals it into the session with the proof.
func (s *Service) keep(ctx context.Context, session *Session, a connector.Authentication) (string, error) {
	var raw [24]byte
	_, _ = rand.Read(raw[:]) // crypto/rand.Read never fails since Go 1.24
	key := base64.RawURLEncoding.EncodeToString(raw[:])
	plain, err := json.Marshal(proof{
		SecurityKey: key, MDStatus: a.MDStatus, Reference: a.Reference,
		Token: a.Token, XID: a.XID, ECI: a.ECI, CAVV: a.CAVV,
	})
	if err != nil {
		return "", fmt.Errorf("encode proof: %w", err)
	}
	if session.SealedProof, err = s.Sealer.Seal(ctx, session.MerchantID, vault.PurposeThreeDS, plain); err != nil {
		return "", fmt.Errorf("seal proof: %w", err)
	}
	session.State, session.KeyHash = SessionAuthenticated, sha256.Sum256([]byte(key))
	session.KeyExpires = s.Clock.Now().Add(securityKeyLife)
	session.SealedForm = nil
	return key, nil
}

func (s *Service) returnedAgain(ctx context.Context, stale Session) (Returned, error) {
	session, err := s.Store.Session(ctx, stale.Key)
	if err != nil {
		return Returned{}, fmt.Errorf("read session again: %w", err)
	}
	p, err := s.Store.PaymentByID(ctx, session.MerchantID, session.PaymentID)
	if err != nil {
		return Returned{}, fmt.Errorf("read payment again: %w", err)
	}
	return s.returned(ctx, session, p)
}

// returned leads a payer who comes back again where the first return led.
func (s *Service) returned(ctx context.Context, session Session, p Payment) (Returned, error) {
	if session.SealedProof == nil {
		return Returned{Payment: p, URL: session.FailureURL}, nil
	}
	known, err := s.openProof(ctx, session)
	if err != nil {
		return Returned{}, err
	}
	return Returned{Payment: p, URL: session.SuccessURL, SecurityKey: known.SecurityKey}, nil
}

func (s *Service) openProof(ctx context.Context, session Session) (proof, error) {
	plain, err := s.Sealer.Open(ctx, session.MerchantID, vault.PurposeThreeDS, session.SealedProof)
	if err != nil {
		return proof{}, fmt.Errorf("open proof: %w", err)
	}
	var known proof
	if err := json.Unmarshal(plain, &known); err != nil {
		return proof{}, fmt.Errorf("decode proof: %w", err)
	}
	return known, nil
}

// returnFailed declines the payment of a session whose payer was not authenticated.
func (s *Service) returnFailed(ctx context.Context, session Session, p Payment, o Operation, why connector.Reason) (Returned, error) {
	session.State, session.SealedForm = SessionFailed, nil
	v := verdict{status: OperationDeclined, result: Result{Reason: why, At: s.Clock.Now()}}
	outcome, err := s.endSession(ctx, session, p, o, v)
	if fault.CodeOf(err) == fault.StaleVersion {
		return s.returnedAgain(ctx, session)
	}
	if err != nil {
		return Returned{}, err
	}
	return Returned{Payment: outcome.Payment, URL: session.FailureURL}, nil
}

// endSession declines a payment that was never charged, with its session, in one
// commit. It fails with fault.StaleVersion if either moved on meanwhile.
func (s *Service) endSession(ctx context.Context, session Session, p Payment, o Operation, v verdict) (Outcome, error) {
	c := settle(p, o, v)
	if err := s.commit(ctx, c, systemActor, func(tx Tx) { tx.SaveSession(session) }); err != nil {
		return Outcome{}, fmt.Errorf("end session: %w", err)
	}
	c.payment.Version++
	c.operation.Version++
	return Outcome{Payment: c.payment, Operation: c.operation}, nil
}
