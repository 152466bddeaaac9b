package payment

import (
	"crypto/sha256"
	"crypto/subtle"
	"time"

	"github.com/vezne/vezne/internal/id"
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
	// SealedForm is the way that takes the payer to the bank, sealed; nil until
	// the bank has answered the enrolment. It is kept for requests that are repeated.
	SealedForm []byte
	// SealedProof is the authentication, sealed by the vault: what the bank needs
	// to see again at provisioning.
	SealedProof []byte
	// SealedMemo is what the connector wants back with the payer's return, sealed;
	// nil for nothing.
	SealedMemo []byte
	// BankCode and BankMessage are the bank's own words to the enrolment.
	BankCode    string
	BankMessage string
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

// Opens reports whether the key completes the session's payment, in constant time.
func (s Session) Opens(key string) bool {
	if s.KeyHash == [32]byte{} {
		return false
	}
	hash := sha256.Sum256([]byte(key))
	return subtle.ConstantTimeCompare(hash[:], s.KeyHash[:]) == 1
}
