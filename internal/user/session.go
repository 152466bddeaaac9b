package user

import (
	"context"
	"crypto/sha256"
	"fmt"
	"time"

	"github.com/vezne/vezne/internal/fault"
	"github.com/vezne/vezne/internal/id"
)

const (
	// A session ends twelve hours after its login, a working day, or after two
	// hours without a request.
	sessionLife = 12 * time.Hour
	sessionIdle = 2 * time.Hour
	// seenEvery is how exactly the last use is known: a write a minute at most.
	seenEvery = time.Minute
)

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
