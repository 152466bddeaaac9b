package user

import (
	"context"
	"time"

	"github.com/vezne/vezne/internal/audit"
	"github.com/vezne/vezne/internal/id"
)

// Tx queues the writes of one commit about users.
type Tx interface {
	audit.Tx
	// SaveUser adds a user (Version 0) or replaces the stored one of the same
	// Version, and stores Version+1; else the commit fails with fault.StaleVersion.
	// An email address that is taken fails it with fault.DuplicateKey.
	SaveUser(u User)
	// LockTeam makes this commit wait for others that lock the merchant's team. It
	// goes before what HasOwner shall judge.
	LockTeam(m id.Merchant)
	// HasOwner fails the commit with fault.LastOwner if by now the team has no owner
	// who can log in.
	HasOwner(m id.Merchant)
	// AddSession adds a session.
	AddSession(s Session)
	// SeeSource notes that a user was let in from a source.
	SeeSource(m id.Merchant, u id.User, source string, at time.Time)
	// TouchSession notes when a session was last used.
	TouchSession(hash [32]byte, at time.Time)
	// EndSession ends a session of a user, and nothing if there is none.
	EndSession(m id.Merchant, u id.User, s id.AdminSession)
	// EndSessions ends all sessions of a user but the one given, which may be zero.
	EndSessions(m id.Merchant, u id.User, but id.AdminSession)
}

// Store keeps users and sessions. What is not there is fault.NoSuchThing.
type Store interface {
	InTx(ctx context.Context, fn func(Tx)) error
	User(ctx context.Context, m id.Merchant, u id.User) (User, error)
	UserByEmail(ctx context.Context, email string) (User, error)
	UserByInvitation(ctx context.Context, hash []byte) (User, error)
	// Users returns the team of a merchant, oldest first.
	Users(ctx context.Context, m id.Merchant) ([]User, error)
	Session(ctx context.Context, hash [32]byte) (Session, error)
	Lister
	Sources
}

// Sources knows where people log in from.
type Sources interface {
	// KnowsSource reports whether the user with an email address was let in from the
	// source since a moment. An address that nobody has knows none.
	KnowsSource(ctx context.Context, email, source string, since time.Time) (bool, error)
}

// Lister reads lists in pages of 1 to 100, each with the cursor of the next page,
// empty at the end. A cursor that the list did not hand out is
// fault.ValidationError on "cursor".
type Lister interface {
	// UserPage pages through the team of a merchant, oldest first.
	UserPage(ctx context.Context, m id.Merchant, cursor string, limit int) ([]User, string, error)
	// SessionPage pages through sessions of a user, oldest first.
	SessionPage(ctx context.Context, m id.Merchant, f SessionFilter) ([]Session, string, error)
}

// SessionFilter selects a page of a user's sessions: those that end after LiveAt
// and were used after SeenAfter.
type SessionFilter struct {
	UserID    id.User
	LiveAt    time.Time
	SeenAfter time.Time
	Limit     int
	Cursor    string
}
