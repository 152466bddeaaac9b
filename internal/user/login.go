package user

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"fmt"
	"time"

	"github.com/vezne/vezne/internal/audit"
	"github.com/vezne/vezne/internal/fault"
	"github.com/vezne/vezne/internal/id"
	"github.com/vezne/vezne/internal/secret"
)

const (
	// sourceLife is how long a source is known after a login from it.
	sourceLife = 90 * 24 * time.Hour
	// maxSaves is how often a login is tried again that lost against another one.
	maxSaves = 3
)

// Proof is what somebody logs in with.
type Proof struct {
	Email    string
	Password string
	Code     string // of the authenticator; empty if none was sent
}

// Login lets somebody in and returns the token of the session, which cannot be
// read again. An unknown address, a wrong password, a wrong code and a disabled
// user are one fault of kind Unauthenticated and take as long as each other; a
// right password without a needed code is fault.SecondFactorRequired, and counts as a
// wrong one until the code comes. Beyond the limits whatever is not let in is
// fault.TooManyRequests; so is a login that found too many others waiting, or it is
// fault.ServiceUnavailable. Nothing is hashed for a caller whose ctx has ended.
func (s *Service) Login(ctx context.Context, p Proof, from audit.Origin) (User, Session, secret.Bytes, error) {
	email, _ := cleanEmail(p.Email)
	source := sourceOf(from.Address)
	known, err := s.store.KnowsSource(ctx, email, source, s.clock.Now().Add(-sourceLife))
	if err != nil {
		return User{}, Session{}, secret.Bytes{}, fmt.Errorf("log in: %w", err)
	}
	t, err := s.gate.enter(ctx, email, source, known && source != "")
	if err != nil {
		return User{}, Session{}, secret.Bytes{}, err
	}
	u, err := s.prove(ctx, t, p)
	// What a caller has learned counts, though the caller may be gone by now.
	counting := context.WithoutCancel(ctx)
	switch {
	case err == nil:
		t.right(counting)
	case fault.KindOf(err) == fault.Unauthenticated:
		s.refusals.note(u, from)
		return User{}, Session{}, secret.Bytes{}, t.wrong(counting, err)
	default:
		t.unjudged(counting)
		return User{}, Session{}, secret.Bytes{}, err
	}
	session, token, err := s.begin(ctx, u, from)
	return u, session, token, err
}

// refusal is the one of all logins that are not let in.
func refusal() error {
	return fault.New(fault.Unauthenticated, fault.Unauthorized, "the email address, the password or the code is wrong")
}

// prove returns the user whom the proof is of, and with a refusal the one who has the
// address, if there is one. It does the same work whoever that is.
func (s *Service) prove(ctx context.Context, t *try, p Proof) (User, error) {
	u, err := s.store.UserByEmail(ctx, t.account)
	if err != nil && fault.KindOf(err) != fault.NotFound {
		return User{}, fmt.Errorf("log in: %w", err)
	}
	matches, err := s.matches(ctx, t, p.Password, u.PasswordHash)
	if err != nil {
		return User{}, fmt.Errorf("log in: %w", err)
	}
	step, fits := int64(0), false
	if p.Code != "" {
		if step, fits, err = s.step(ctx, u, p.Code); err != nil {
			return User{}, fmt.Errorf("log in: %w", err)
		}
	}
	switch {
	case !matches || !u.Active || t.barred:
		return u, refusal()
	case !u.TOTPActive:
		return u, nil
	case p.Code == "":
		return u, fault.New(fault.Unauthenticated, fault.SecondFactorRequired, "the code of the authenticator is missing")
	case !t.mayTryCode(ctx) || !fits:
		return u, refusal()
	}
	u.TOTPStep = step
	return u, nil
}

func (s *Service) matches(ctx context.Context, t *try, password, hash string) (bool, error) {
	if t.known {
		return s.hasher.Matches(ctx, password, hash)
	}
	return s.hasher.MatchesOf(ctx, t.source, password, hash)
}

// begin stores the session and that the source is known. The user is saved with it, so
// that of two logins with one code only one succeeds, and that none succeeds with a
// password that was changed meanwhile.
func (s *Service) begin(ctx context.Context, u User, from audit.Origin) (Session, secret.Bytes, error) {
	n, err := id.Next[id.AdminSession](ctx, s.ids, id.NounSession)
	if err != nil {
		return Session{}, secret.Bytes{}, fmt.Errorf("begin session: %w", err)
	}
	plain := []byte(rand.Text() + rand.Text())
	now := s.clock.Now()
	session := Session{
		Hash: sha256.Sum256(plain), ID: n, MerchantID: u.MerchantID, UserID: u.ID,
		CreatedAt: now, SeenAt: now, ExpiresAt: now.Add(sessionLife), Agent: from.Agent,
	}
	if from.Address.IsValid() {
		session.Address = from.Address.String()
	}
	for range maxSaves {
		err = s.save(ctx, u, deed{actorOf(u), "user.login", map[string]any{"session": int64(n)}}, func(tx Tx) {
			tx.AddSession(session)
			see(tx, u, from, now)
		})
		if err == nil {
			return session, secret.New(plain), nil
		}
		if fault.CodeOf(err) != fault.VersionMismatch {
			return Session{}, secret.Bytes{}, fmt.Errorf("begin session: %w", err)
		}
		newest, err := s.store.User(ctx, u.MerchantID, u.ID)
		if err != nil {
			return Session{}, secret.Bytes{}, fmt.Errorf("begin session: %w", err)
		}
		if !newest.Active || newest.PasswordHash != u.PasswordHash || newest.TOTPActive {
			break // what was proven may not be enough any more
		}
		u = newest
	}
	return Session{}, secret.Bytes{}, refusal()
}

// see queues that a user has been let in from a source.
func see(tx Tx, u User, from audit.Origin, at time.Time) {
	if source := sourceOf(from.Address); source != "" {
		tx.SeeSource(u.MerchantID, u.ID, source, at)
	}
}

// ChangePassword replaces the password of whoever knows it, and ends all their
// other sessions. A wrong one is a fault on "current".
func (s *Service) ChangePassword(ctx context.Context, u User, keep id.AdminSession, current, password string) error {
	if err := validation(checkPassword(password)); err != nil {
		return err
	}
	u, err := s.proven(ctx, u.MerchantID, u.ID, current)
	if err != nil {
		return err
	}
	if u.PasswordHash, err = s.hasher.Hash(ctx, password); err != nil {
		return fmt.Errorf("change password: %w", err)
	}
	err = s.save(ctx, u, deed{actorOf(u), "user.password", nil}, func(tx Tx) { tx.EndSessions(u.MerchantID, u.ID, keep) })
	if err != nil {
		return fmt.Errorf("change password: %w", err)
	}
	return nil
}

// proven returns a user who knows the password. It is asked of people who are logged in
// already, so their limit is their own: nobody else's guesses count towards it. A wrong
// password is a fault on "current", too many are fault.TooManyRequests.
func (s *Service) proven(ctx context.Context, m id.Merchant, n id.User, password string) (User, error) {
	u, err := s.store.User(ctx, m, n)
	if err != nil {
		return User{}, fmt.Errorf("prove user: %w", err)
	}
	proofs, key := s.gate.proofs, actorOf(u)
	if err := proofs.Take(ctx, key, s.clock.Now()); err != nil {
		return User{}, err
	}
	matches, err := s.hasher.Matches(ctx, password, u.PasswordHash)
	if err != nil {
		proofs.Give(ctx, key, s.clock.Now())
		return User{}, fmt.Errorf("prove user: %w", err)
	}
	if !matches {
		return User{}, fault.Validation(fault.Field{Name: "current", Code: fault.FieldInvalid, Message: "is not the password"})
	}
	proofs.Forget(ctx, key)
	return u, nil
}
