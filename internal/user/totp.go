package user

import (
	"context"
	"crypto/subtle"
	"fmt"
	"math"

	"github.com/pquerna/otp"
	"github.com/pquerna/otp/hotp"
	"github.com/pquerna/otp/totp"

	"github.com/vezne/vezne/internal/fault"
	"github.com/vezne/vezne/internal/id"
	"github.com/vezne/vezne/internal/vault"
)

// The parameters that every authenticator app knows (RFC 6238: SHA-1, six digits,
// 30 seconds). A code is taken one step early or late, for clocks that are off.
const (
	totpIssuer = "Vezne"
	totpPeriod = 30 // seconds
	totpDrift  = 1
	totpSecret = 20 // bytes, as RFC 4226 section 4 recommends
	// noSecret is what codes are computed from for whoever has no authenticator.
	noSecret = "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"
)

// Enrolment is what an authenticator app is set up with. It is shown once.
type Enrolment struct {
	Secret string // base 32
	URL    string // otpauth://totp/…, for a QR code
}

// EnrolTOTP begins the setting up of an authenticator, for whoever knows the password;
// nothing changes for logins before ConfirmTOTP. A user who has one is fault.Conflict.
// A wrong password is a fault on "current": whoever found a browser logged in must not
// be able to shut its owner out.
func (s *Service) EnrolTOTP(ctx context.Context, m id.Merchant, n id.User, password string) (Enrolment, error) {
	u, err := s.proven(ctx, m, n, password)
	if err != nil {
		return Enrolment{}, err
	}
	if u.TOTPActive {
		return Enrolment{}, fault.New(fault.Conflict, fault.SecondFactorActive, "an authenticator is set up already")
	}
	key, err := totp.Generate(totp.GenerateOpts{Issuer: totpIssuer, AccountName: u.Email, SecretSize: totpSecret})
	if err != nil {
		return Enrolment{}, fmt.Errorf("enrol authenticator: %w", err)
	}
	if u.SealedTOTP, err = s.sealer.Seal(ctx, u.totpSubject(), []byte(key.Secret())); err != nil {
		return Enrolment{}, fmt.Errorf("enrol authenticator: %w", err)
	}
	if err := s.save(ctx, u, deed{actorOf(u), "user.totp_enrol", nil}); err != nil {
		return Enrolment{}, fmt.Errorf("enrol authenticator: %w", err)
	}
	return Enrolment{Secret: key.Secret(), URL: key.URL()}, nil
}

// ConfirmTOTP makes logins need the authenticator, after a first right code. A
// wrong one is a fault on "code".
func (s *Service) ConfirmTOTP(ctx context.Context, m id.Merchant, n id.User, code string) error {
	u, err := s.store.User(ctx, m, n)
	if err != nil {
		return fmt.Errorf("confirm authenticator: %w", err)
	}
	if u.TOTPActive || len(u.SealedTOTP) == 0 {
		return fault.New(fault.Conflict, fault.SecondFactorActive, "no authenticator is being set up")
	}
	step, ok, err := s.step(ctx, u, code)
	if err != nil {
		return fmt.Errorf("confirm authenticator: %w", err)
	}
	if !ok {
		return wrongCode()
	}
	u.TOTPActive, u.TOTPStep = true, step
	if err := s.save(ctx, u, deed{actorOf(u), "user.totp_on", nil}); err != nil {
		return fmt.Errorf("confirm authenticator: %w", err)
	}
	return nil
}

// RemoveTOTP ends the use of an authenticator, for whoever knows the password.
func (s *Service) RemoveTOTP(ctx context.Context, m id.Merchant, n id.User, password string) error {
	u, err := s.proven(ctx, m, n, password)
	if err != nil {
		return err
	}
	u.SealedTOTP, u.TOTPActive, u.TOTPStep = nil, false, 0
	if err := s.save(ctx, u, deed{actorOf(u), "user.totp_off", nil}); err != nil {
		return fmt.Errorf("remove authenticator: %w", err)
	}
	return nil
}

// totpSubject is what the authenticator's secret is sealed for.
func (u User) totpSubject() vault.Subject {
	return vault.Subject{MerchantID: u.MerchantID, Purpose: vault.PurposeTOTP, ID: int64(u.ID)}
}

// step returns the time step of a right code that is later than the last one
// taken: a code that somebody looked at over a shoulder is worth nothing. For whoever
// has no authenticator no code is right, after the same work.
func (s *Service) step(ctx context.Context, u User, code string) (int64, bool, error) {
	plain, last := []byte(noSecret), int64(math.MaxInt64)
	if len(u.SealedTOTP) > 0 {
		var err error
		if plain, err = s.sealer.Open(ctx, u.totpSubject(), u.SealedTOTP); err != nil {
			return 0, false, fmt.Errorf("open authenticator secret: %w", err)
		}
		last = u.TOTPStep
	}
	now := s.clock.Now().Unix() / totpPeriod
	found, ok := int64(0), 0
	for step := now - totpDrift; step <= now+totpDrift; step++ {
		want, err := hotp.GenerateCodeCustom(string(plain), uint64(step), hotp.ValidateOpts{ //nolint:gosec // a time after 1970
			Digits: otp.DigitsSix, Algorithm: otp.AlgorithmSHA1,
		})
		if err != nil {
			return 0, false, fmt.Errorf("compute code: %w", err)
		}
		if subtle.ConstantTimeCompare([]byte(want), []byte(code)) == 1 && step > last {
			found, ok = step, 1
		}
	}
	return found, ok == 1, nil
}

func wrongCode() error {
	return fault.Validation(fault.Field{Name: "code", Code: fault.FieldInvalid, Message: "is not the code of this moment"})
}
