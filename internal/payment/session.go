package payment

import (
	"context"
	"crypto/sha256"
	"crypto/subtle"
	"errors"
	"fmt"
	"time"

	"github.com/vezne/vezne/internal/connector"
	"github.com/vezne/vezne/internal/id"
	"github.com/vezne/vezne/internal/pos"
)

// Session is one authentication of a payer with 3-D Secure.
type Session struct {
	// Key names the session in the address to which the bank sends the payer: 128
	// random bits, so that nobody finds another payer's return.
	Key        string
	MerchantID id.Merchant
	PaymentID  id.Payment
	// OnePerOrder says that completing the session claims the payment's order.
	OnePerOrder bool
	SuccessURL  string
	FailureURL  string
	State       SessionState
	// KeyHash is the SHA-256 of the security key that completes the payment. The
	// key itself stands in SealedProof alone, for a return that is repeated.
	KeyHash    [32]byte
	KeyExpires time.Time
	// WrongKeys counts attempts to complete with another key.
	WrongKeys int
	// SealedForm is the form that takes the payer to the bank, sealed; nil until
	// the bank has answered the enrolment. It is kept for requests that are repeated.
	SealedForm []byte
	// SealedProof is the authentication, sealed by the vault: what the bank needs
	// to see again at provisioning.
	SealedProof []byte
	CreatedAt   time.Time
	ExpiresAt   time.Time
	// Version counts changes; every change is a compare-and-set on it.
	Version int
}

// SessionState is where a Session is in its life.
type SessionState string

// The states of a session.
const (
	// SessionOpen: the payer is at the bank.
	SessionOpen SessionState = "open"
	// SessionAuthenticated: the bank vouched for the payer.
	SessionAuthenticated SessionState = "authenticated"
	// SessionCompleted: the security key was used.
	SessionCompleted SessionState = "completed"
	// SessionFailed: the bank did not vouch, or nobody came back in time.
	SessionFailed SessionState = "failed"
)

const (
	// sessionLife is how long a payer may take at the bank.
	sessionLife = 30 * time.Minute
	// securityKeyLife is how long a merchant may take to complete afterwards.
	securityKeyLife = 15 * time.Minute
	// maxWrongKeys ends a payment whose security key somebody is guessing.
	maxWrongKeys = 10
)

// opens reports whether the key completes the session's payment, in constant time.
func (s Session) opens(key string) bool {
	if s.KeyHash == [32]byte{} {
		return false
	}
	hash := sha256.Sum256([]byte(key))
	return subtle.ConstantTimeCompare(hash[:], s.KeyHash[:]) == 1
}

// visit is a payer's visit to a bank: the session and what it is about. The
// session is read before the rest, so that a commit which saves it as it was read
// fails when any of it has moved on.
type visit struct {
	session   Session
	payment   Payment
	operation Operation // the one that will charge the payment, or did
	at        pos.POS
}

// errNoOperation is a session of a payment without operations, which no commit of
// ours leaves behind.
var errNoOperation = errors.New("the session's payment has no operation")

func (s *Service) visit(ctx context.Context, session Session) (visit, error) {
	p, err := s.Store.PaymentByID(ctx, session.MerchantID, session.PaymentID)
	if err != nil {
		return visit{}, fmt.Errorf("read payment of session: %w", err)
	}
	operations, err := s.Store.Operations(ctx, p.MerchantID, p.ID)
	if err != nil {
		return visit{}, fmt.Errorf("read operations of session: %w", err)
	}
	if len(operations) == 0 {
		return visit{}, errNoOperation
	}
	o := lastOf(operations, chargeOf(operations))
	at, err := s.posByID(ctx, o.MerchantID, o.POSID)
	if err != nil {
		return visit{}, fmt.Errorf("find POS of session: %w", err)
	}
	return visit{session: session, payment: p, operation: o, at: at}, nil
}

// mayBeCharged reports whether a bank may hold money for the visit that is not
// in the books: a "3D pay" bank has charged, or did not say.
func (v visit) mayBeCharged() bool {
	return v.operation.Status == OperationApproved || v.operation.Status == OperationUnknown
}

// refusal is our own verdict about a payment that is not to be charged. What the
// bank called the charge, if there was one, is kept: it will be undone by it.
func (s *Service) refusal(v visit, why connector.Reason) verdict {
	return verdict{
		status: OperationDeclined, bankCode: v.operation.BankCode, bankMessage: v.operation.BankMessage,
		result: Result{
			Reason: why, At: s.Clock.Now(),
			TransactionID: v.operation.Result.TransactionID, HostReference: v.operation.Result.HostReference,
		},
	}
}

// end declines the payment of a visit and ends its session in one commit. It
// fails with fault.StaleVersion if either moved on meanwhile. With check, the bank
// may have charged the payer by itself: the same commit leaves a late check, which
// asks the bank and undoes what it finds.
func (s *Service) end(ctx context.Context, v visit, said verdict, check bool) (Outcome, error) {
	if v.session.State != SessionCompleted {
		v.session.State = SessionFailed
	}
	c := settle(v.payment, v.operation, said)
	also := []func(Tx){func(tx Tx) { tx.SaveSession(v.session) }}
	if check {
		late, err := s.newLateCheck(ctx, c, said.result.At)
		if err != nil {
			return Outcome{}, err
		}
		also = append(also, func(tx Tx) { tx.Enqueue(late) })
	}
	if err := s.commit(ctx, c, systemActor, also...); err != nil {
		return Outcome{}, fmt.Errorf("end session: %w", err)
	}
	if v.at.ID != 0 { // a payer was sent there
		s.forgetCard(ctx, v)
	}
	c.payment.Version++
	c.operation.Version++
	return Outcome{Payment: c.payment, Operation: c.operation}, nil
}
