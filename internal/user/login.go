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
	// A session ends twelve hours after its login, a working day, or after two
	// hours without a request.
	sessionLife = 12 * time.Hour
	sessionIdle = 2 * time.Hour
	// seenEvery is how exactly the last use is known: a write a minute at most.
	seenEvery = time.Minute
	// After lockAfter wrong logins in a row an account is locked for lockFirst,
	// and twice as long each time up to lockMost.
	lockAfter = 5
	lockFirst = time.Minute
	lockMost  = time.Hour
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
// right password without a needed code is fault.SecondFactorRequired; too many
// wrong logins are fault.TooManyRequests.
func (s *Service) Login(ctx context.Context, p Proof, from audit.Origin) (User, Session, secret.Bytes, error) {
	email, _ := cleanEmail(p.Email)
	peer := "unknown"
	if from.Address.IsValid() {
		peer = from.Address.String()
		if wide, err := from.Address.Prefix(64); err == nil && from.Address.Is6() {
			peer = wide.String() // who has one IPv6 address has 2^64 of them
		}
	}
	now := s.clock.Now()
	for _, err := range []error{s.emails.Check(ctx, email, now), s.peers.Check(ctx, peer, now)} {
		if err != nil {
			return User{}, Session{}, secret.Bytes{}, err
		}
	}
	u, err := s.prove(ctx, email, p)
	if fault.CodeOf(err) == fault.Unauthorized && err != nil {
		_, _ = s.emails.Take(ctx, email, now), s.peers.Take(ctx, peer, now) // empty after tries that ran at once: the next one is refused anyway
	}
	if err != nil {
		return User{}, Session{}, secret.Bytes{}, err
	}
	s.emails.Forget(ctx, email)
	session, token, err := s.begin(ctx, u, from)
	return u, session, token, err
}

// prove returns the user whom the proof is of.
func (s *Service) prove(ctx context.Context, email string, p Proof) (User, error) {
	u, err := s.store.UserByEmail(ctx, email)
	if err != nil && fault.KindOf(err) != fault.NotFound {
		return User{}, fmt.Errorf("log in: %w", err)
	}
	now := s.clock.Now()
	if now.Before(u.LockedUntil) {
		return User{}, tooMany(u.LockedUntil.Sub(now))
	}
	matches, err := s.hasher.Matches(ctx, p.Password, u.PasswordHash)
	if err != nil {
		return User{}, fmt.Errorf("log in: %w", err)
	}
	if !matches || !u.Active {
		return User{}, s.refuse(ctx, u)
	}
	if !u.TOTPActive {
		return u, nil
	}
	if p.Code == "" {
		return User{}, fault.New(fault.Unauthenticated, fault.SecondFactorRequired, "the code of the authenticator is missing")
	}
	step, ok, err := s.step(ctx, u, p.Code)
	if err != nil {
		return User{}, fmt.Errorf("log in: %w", err)
	}
	if !ok {
		return User{}, s.refuse(ctx, u)
	}
	u.TOTPStep = step
	return u, nil
}

// refuse counts a wrong login and returns the refusal.
func (s *Service) refuse(ctx context.Context, u User) error {
	refusal := fault.New(fault.Unauthenticated, fault.Unauthorized, "the email address, the password or the code is wrong")
	if u.ID == 0 {
		return refusal
	}
	for range maxSaves {
		u.Failures++
		if u.Failures >= lockAfter {
			u.LockedUntil = s.clock.Now().Add(min(lockFirst<<min(u.Failures-lockAfter, 10), lockMost))
		}
		err := s.save(ctx, u, deed{actorOf(u), "user.login_refused", map[string]any{"failures": u.Failures}})
		if err == nil {
			return refusal
		}
		if fault.CodeOf(err) != fault.VersionMismatch {
			return fmt.Errorf("count wrong login: %w", err)
		}
		if u, err = s.store.User(ctx, u.MerchantID, u.ID); err != nil {
			return fmt.Errorf("count wrong login: %w", err)
		}
	}
	return refusal
}

// begin stores the session. The user is saved with it, so that of two logins with
// one code only one succeeds.
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
	u.Failures, u.LockedUntil = 0, time.Time{}
	err = s.save(ctx, u, deed{actorOf(u), "user.login", map[string]any{"session": int64(n)}}, func(tx Tx) { tx.AddSession(session) })
	if fault.CodeOf(err) == fault.VersionMismatch {
		return Session{}, secret.Bytes{}, fault.New(fault.Unauthenticated, fault.Unauthorized, "another login was faster")
	}
	if err != nil {
		return Session{}, secret.Bytes{}, fmt.Errorf("begin session: %w", err)
	}
	return session, secret.New(plain), nil
}

// Authenticate returns who is logged in with a token. All refusals are one fault
// of kind Unauthenticated. It reads the store each time, so that a session that
// was ended is over at once, on all nodes.
func (s *Service) Authenticate(ctx context.Context, token string) (User, Session, error) {
	refusal := fault.New(fault.Unauthenticated, fault.Unauthorized, "the session is over")
	session, err := s.store.Session(ctx, sha256.Sum256([]byte(token)))
	if fault.KindOf(err) == fault.NotFound && err != nil {
		return User{}, Session{}, refusal
	}
	if err != nil {
		return User{}, Session{}, fmt.Errorf("authenticate session: %w", err)
	}
	now := s.clock.Now()
	if !now.Before(session.ExpiresAt) || now.Sub(session.SeenAt) >= sessionIdle {
		return User{}, Session{}, refusal
	}
	u, err := s.store.User(ctx, session.MerchantID, session.UserID)
	if err != nil {
		return User{}, Session{}, fmt.Errorf("authenticate session: %w", err)
	}
	if !u.Active {
		return User{}, Session{}, refusal
	}
	if now.Sub(session.SeenAt) >= seenEvery {
		if err := s.store.InTx(ctx, func(tx Tx) { tx.TouchSession(session.Hash, now) }); err != nil {
			return User{}, Session{}, fmt.Errorf("authenticate session: %w", err)
		}
	}
	return u, session, nil
}

// SessionPage returns a page of the logins of a user that are not over, oldest
// first, and the cursor of the next page, empty at the end. Bad cursors are faults
// on "cursor".
func (s *Service) SessionPage(ctx context.Context, m id.Merchant, u id.User, cursor string, limit int) ([]Session, string, error) {
	now := s.clock.Now()
	f := SessionFilter{UserID: u, LiveAt: now, SeenAfter: now.Add(-sessionIdle), Cursor: cursor, Limit: limit}
	found, next, err := s.store.SessionPage(ctx, m, f)
	if err != nil {
		return nil, "", fmt.Errorf("list sessions: %w", err)
	}
	return found, next, nil
}

// EndSession ends a login of a user; zero ends all of them. Ending what is over
// already is no error.
func (s *Service) EndSession(ctx context.Context, m id.Merchant, n id.User, session id.AdminSession, actor string) error {
	u, err := s.store.User(ctx, m, n)
	if err != nil {
		return fmt.Errorf("end session: %w", err)
	}
	r, err := s.record(ctx, u, actor, "user.logout", map[string]any{"session": int64(session)})
	if err != nil {
		return fmt.Errorf("end session: %w", err)
	}
	err = s.store.InTx(ctx, func(tx Tx) {
		if session == 0 {
			tx.EndSessions(m, n, 0)
		} else {
			tx.EndSession(m, n, session)
		}
		tx.Record(r)
	})
	if err != nil {
		return fmt.Errorf("end session: %w", err)
	}
	return nil
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

// proven returns a user who knows the password. Wrong ones count as wrong logins.
func (s *Service) proven(ctx context.Context, m id.Merchant, n id.User, password string) (User, error) {
	u, err := s.store.User(ctx, m, n)
	if err != nil {
		return User{}, fmt.Errorf("prove user: %w", err)
	}
	now := s.clock.Now()
	if err := s.emails.Check(ctx, u.Email, now); err != nil {
		return User{}, err
	}
	matches, err := s.hasher.Matches(ctx, password, u.PasswordHash)
	if err != nil {
		return User{}, fmt.Errorf("prove user: %w", err)
	}
	if !matches {
		_ = s.emails.Take(ctx, u.Email, now) // as for a login
		return User{}, fault.Validation(fault.Field{Name: "current", Code: fault.FieldInvalid, Message: "is not the password"})
	}
	return u, nil
}
