package sqlstore

import (
	"context"
	"fmt"
	"time"

	"github.com/vezne/vezne/internal/fault"
	"github.com/vezne/vezne/internal/id"
	"github.com/vezne/vezne/internal/merchant"
	"github.com/vezne/vezne/internal/storage"
	"github.com/vezne/vezne/internal/user"
)

// Users keeps teams and their sessions. It implements user.Store.
type Users struct{ db *storage.DB }

var _ user.Store = (*Users)(nil)

// NewUsers returns the teams of db.
func NewUsers(db *storage.DB) *Users { return &Users{db: db} }

// InTx implements user.Store.
func (u *Users) InTx(ctx context.Context, fn func(user.Tx)) error {
	return inTx(ctx, u.db, func(t *tx) { fn(t) })
}

var userTable = newTable(&table[user.User]{
	name: "admin_user",
	keys: []column[user.User]{
		number("merchant_id", func(u *user.User) *id.Merchant { return &u.MerchantID }),
		number("id", func(u *user.User) *id.User { return &u.ID }),
	},
	version: func(u *user.User) *int { return &u.Version },
	changing: []column[user.User]{
		text("email", func(u *user.User) *string { return &u.Email }),
		text("name", func(u *user.User) *string { return &u.Name }),
		text("role", func(u *user.User) *merchant.Role { return &u.Role }),
		flag("active", func(u *user.User) *bool { return &u.Active }),
		text("password_hash", func(u *user.User) *string { return &u.PasswordHash }),
		blob("invitation", func(u *user.User) *[]byte { return &u.Invitation }),
		moment("invitation_until", func(u *user.User) *time.Time { return &u.InvitationUntil }),
		blob("sealed_totp", func(u *user.User) *[]byte { return &u.SealedTOTP }),
		flag("totp_active", func(u *user.User) *bool { return &u.TOTPActive }),
		number("totp_step", func(u *user.User) *int64 { return &u.TOTPStep }),
	},
	fixed: []column[user.User]{
		moment("created_at", func(u *user.User) *time.Time { return &u.CreatedAt }),
	},
})

var (
	insertUser       = userTable.firstVersion()
	updateUser       = userTable.update()
	userByID         = userTable.selecting("WHERE merchant_id = $1 AND id = $2")
	userByEmail      = userTable.selecting("WHERE email = $1")
	userByInvitation = userTable.selecting("WHERE invitation = $1 AND length(invitation) > 0")
	usersOf          = userTable.selecting("WHERE merchant_id = $1 ORDER BY id")
)

// SaveUser implements user.Tx.
func (t *tx) SaveUser(u user.User) {
	s := storage.Statement{
		SQL: updateUser, Args: userTable.updating(u), Rows: 1, Missed: fault.StaleVersion, Duplicate: fault.DuplicateKey,
	}
	if u.Version == 0 {
		s.SQL, s.Args = insertUser, userTable.inserting(u)
	}
	t.batch = append(t.batch, s)
}

const (
	lockTeam = `UPDATE merchant SET name = name WHERE id = $1`

	// hasOwner changes nothing; it counts, as every statement that asserts does.
	hasOwner = `UPDATE admin_user SET name = name WHERE merchant_id = $1 AND id = (SELECT MIN(id) FROM admin_user
		WHERE merchant_id = $1 AND role = $2 AND active AND password_hash <> '')`
)

// LockTeam implements user.Tx. A statement of PostgreSQL sees what was committed
// before it began, so whoever had to wait here sees the other's edit afterwards.
func (t *tx) LockTeam(m id.Merchant) { t.add(lockTeam, int64(m)) }

// HasOwner implements user.Tx.
func (t *tx) HasOwner(m id.Merchant) {
	t.batch = append(t.batch, storage.Statement{
		SQL: hasOwner, Args: []any{int64(m), string(merchant.RoleOwner)}, Rows: 1, Missed: fault.LastOwner,
	})
}

var loginTable = newTable(&table[user.Session]{
	name: "admin_session",
	keys: []column[user.Session]{
		hash("hash", func(s *user.Session) *[32]byte { return &s.Hash }),
	},
	fixed: []column[user.Session]{
		number("merchant_id", func(s *user.Session) *id.Merchant { return &s.MerchantID }),
		number("id", func(s *user.Session) *id.AdminSession { return &s.ID }),
		number("user_id", func(s *user.Session) *id.User { return &s.UserID }),
		moment("created_at", func(s *user.Session) *time.Time { return &s.CreatedAt }),
		moment("seen_at", func(s *user.Session) *time.Time { return &s.SeenAt }),
		moment("expires_at", func(s *user.Session) *time.Time { return &s.ExpiresAt }),
		text("address", func(s *user.Session) *string { return &s.Address }),
		text("agent", func(s *user.Session) *string { return &s.Agent }),
	},
})

var (
	insertLogin = loginTable.insertion()
	loginByHash = loginTable.selecting("WHERE hash = $1")
)

const (
	seeSource = `INSERT INTO admin_source (merchant_id, user_id, source, seen_at) VALUES ($1, $2, $3, $4)
	ON CONFLICT (merchant_id, user_id, source) DO UPDATE SET seen_at = excluded.seen_at`
	knowsSource = `SELECT EXISTS (SELECT 1 FROM admin_user u
		JOIN admin_source s ON s.merchant_id = u.merchant_id AND s.user_id = u.id
	WHERE u.email = $1 AND s.source = $2 AND s.seen_at >= $3)`

	touchSession = `UPDATE admin_session SET seen_at = $2 WHERE hash = $1 AND seen_at < $2`
	endSession   = `DELETE FROM admin_session WHERE merchant_id = $1 AND user_id = $2 AND id = $3`
	endSessions  = `DELETE FROM admin_session WHERE merchant_id = $1 AND user_id = $2 AND id <> $3`
)

// AddSession implements user.Tx.
func (t *tx) AddSession(s user.Session) {
	t.add(insertLogin, loginTable.inserting(s)...)
}

// SeeSource implements user.Tx.
func (t *tx) SeeSource(m id.Merchant, u id.User, source string, at time.Time) {
	t.add(seeSource, int64(m), int64(u), source, micros(at))
}

// TouchSession implements user.Tx.
func (t *tx) TouchSession(hash [32]byte, at time.Time) { t.add(touchSession, hash[:], micros(at)) }

// EndSession implements user.Tx.
func (t *tx) EndSession(m id.Merchant, u id.User, s id.AdminSession) {
	t.add(endSession, int64(m), int64(u), int64(s))
}

// EndSessions implements user.Tx.
func (t *tx) EndSessions(m id.Merchant, u id.User, but id.AdminSession) {
	t.add(endSessions, int64(m), int64(u), int64(but))
}

// User implements user.Store.
func (u *Users) User(ctx context.Context, m id.Merchant, n id.User) (user.User, error) {
	return u.find(ctx, userByID, int64(m), int64(n))
}

// UserByEmail implements user.Store.
func (u *Users) UserByEmail(ctx context.Context, email string) (user.User, error) {
	return u.find(ctx, userByEmail, email)
}

// UserByInvitation implements user.Store.
func (u *Users) UserByInvitation(ctx context.Context, hash []byte) (user.User, error) {
	return u.find(ctx, userByInvitation, notNil(hash))
}

func (u *Users) find(ctx context.Context, sql string, args ...any) (user.User, error) {
	found, err := one(ctx, u.db, userTable.reader(), sql, args...)
	if err != nil {
		return found, fmt.Errorf("find user: %w", err)
	}
	return found, nil
}

// KnowsSource implements user.Sources.
func (u *Users) KnowsSource(ctx context.Context, email, source string, since time.Time) (bool, error) {
	known, err := one(ctx, u.db, readFlag, knowsSource, email, source, micros(since))
	if err != nil {
		return false, fmt.Errorf("find source: %w", err)
	}
	return known, nil
}

func readFlag(s storage.Scanner) (bool, error) {
	var b bool
	return b, s.Scan(&b)
}

// Users implements user.Store.
func (u *Users) Users(ctx context.Context, m id.Merchant) ([]user.User, error) {
	all, err := many(ctx, u.db, userTable.reader(), usersOf, int64(m))
	if err != nil {
		return nil, fmt.Errorf("users of merchant %d: %w", m, err)
	}
	return all, nil
}

// UserPage implements user.Lister.
func (u *Users) UserPage(ctx context.Context, m id.Merchant, cursor string, limit int) ([]user.User, string, error) {
	return keyset[user.User]{
		name: "team", rows: userTable.selecting("WHERE merchant_id = $1"), order: []string{"id"},
		place: func(u user.User) []any { return []any{int64(u.ID)} }, read: userTable.reader(),
	}.page(ctx, u.db, cursor, limit, int64(m))
}

// SessionPage implements user.Lister.
func (u *Users) SessionPage(ctx context.Context, m id.Merchant, f user.SessionFilter) ([]user.Session, string, error) {
	return keyset[user.Session]{
		name: "sessions", rows: loginTable.selecting(
			"WHERE merchant_id = $1 AND user_id = $2 AND expires_at > $3 AND seen_at > $4"),
		order: []string{"id"},
		place: func(s user.Session) []any { return []any{int64(s.ID)} }, read: loginTable.reader(),
	}.page(ctx, u.db, f.Cursor, f.Limit, int64(m), int64(f.UserID), micros(f.LiveAt), micros(f.SeenAfter))
}

// Session implements user.Store.
func (u *Users) Session(ctx context.Context, hash [32]byte) (user.Session, error) {
	s, err := one(ctx, u.db, loginTable.reader(), loginByHash, hash[:])
	if err != nil {
		return s, fmt.Errorf("find session: %w", err)
	}
	return s, nil
}
