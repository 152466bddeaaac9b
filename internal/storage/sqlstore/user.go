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

const (
	userColumns = `merchant_id, id, version, email, name, role, active, password_hash, invitation, invitation_until,
	sealed_totp, totp_active, totp_step, failures, locked_until, created_at`

	insertUser = `INSERT INTO admin_user (` + userColumns + `)
	VALUES ($1, $2, CAST($3 AS BIGINT) + 1, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16)`

	updateUser = `UPDATE admin_user SET version = CAST($3 AS BIGINT) + 1, email = $4, name = $5, role = $6, active = $7,
		password_hash = $8, invitation = $9, invitation_until = $10, sealed_totp = $11, totp_active = $12, totp_step = $13,
		failures = $14, locked_until = $15
	WHERE merchant_id = $1 AND id = $2 AND version = $3`
)

// SaveUser implements user.Tx.
func (t *tx) SaveUser(u user.User) {
	args := []any{
		int64(u.MerchantID), int64(u.ID), int64(u.Version), u.Email, u.Name, string(u.Role), u.Active, u.PasswordHash,
		notNil(u.Invitation), micros(u.InvitationUntil), notNil(u.SealedTOTP), u.TOTPActive, u.TOTPStep,
		int64(u.Failures), micros(u.LockedUntil),
	}
	s := storage.Statement{SQL: updateUser, Args: args, Rows: 1, Missed: fault.StaleVersion, Duplicate: fault.DuplicateKey}
	if u.Version == 0 {
		s.SQL, s.Args = insertUser, append(args, micros(u.CreatedAt))
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

const (
	loginColumns = `hash, merchant_id, id, user_id, created_at, seen_at, expires_at, address, agent`

	insertLogin  = `INSERT INTO admin_session (` + loginColumns + `) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)`
	touchSession = `UPDATE admin_session SET seen_at = $2 WHERE hash = $1 AND seen_at < $2`
	endSession   = `DELETE FROM admin_session WHERE merchant_id = $1 AND user_id = $2 AND id = $3`
	endSessions  = `DELETE FROM admin_session WHERE merchant_id = $1 AND user_id = $2 AND id <> $3`
)

// AddSession implements user.Tx.
func (t *tx) AddSession(s user.Session) {
	t.add(insertLogin, s.Hash[:], int64(s.MerchantID), int64(s.ID), int64(s.UserID),
		micros(s.CreatedAt), micros(s.SeenAt), micros(s.ExpiresAt), s.Address, s.Agent)
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
	return u.find(ctx, `WHERE merchant_id = $1 AND id = $2`, int64(m), int64(n))
}

// UserByEmail implements user.Store.
func (u *Users) UserByEmail(ctx context.Context, email string) (user.User, error) {
	return u.find(ctx, `WHERE email = $1`, email)
}

// UserByInvitation implements user.Store.
func (u *Users) UserByInvitation(ctx context.Context, hash []byte) (user.User, error) {
	return u.find(ctx, `WHERE invitation = $1 AND length(invitation) > 0`, notNil(hash))
}

func (u *Users) find(ctx context.Context, where string, args ...any) (user.User, error) {
	found, err := one(ctx, u.db, readUser, `SELECT `+userColumns+` FROM admin_user `+where, args...)
	if err != nil {
		return found, fmt.Errorf("find user: %w", err)
	}
	return found, nil
}

// Users implements user.Store.
func (u *Users) Users(ctx context.Context, m id.Merchant) ([]user.User, error) {
	all, err := many(ctx, u.db, readUser, `SELECT `+userColumns+` FROM admin_user WHERE merchant_id = $1 ORDER BY id`, int64(m))
	if err != nil {
		return nil, fmt.Errorf("users of merchant %d: %w", m, err)
	}
	return all, nil
}

// UserPage implements user.Lister.
func (u *Users) UserPage(ctx context.Context, m id.Merchant, cursor string, limit int) ([]user.User, string, error) {
	return keyset[user.User]{
		name: "team", rows: `SELECT ` + userColumns + ` FROM admin_user WHERE merchant_id = $1`, order: []string{"id"},
		place: func(u user.User) []any { return []any{int64(u.ID)} }, read: readUser,
	}.page(ctx, u.db, cursor, limit, int64(m))
}

// SessionPage implements user.Lister.
func (u *Users) SessionPage(ctx context.Context, m id.Merchant, f user.SessionFilter) ([]user.Session, string, error) {
	return keyset[user.Session]{
		name: "sessions", rows: `SELECT ` + loginColumns + ` FROM admin_session
	WHERE merchant_id = $1 AND user_id = $2 AND expires_at > $3 AND seen_at > $4`, order: []string{"id"},
		place: func(s user.Session) []any { return []any{int64(s.ID)} }, read: readUserSession,
	}.page(ctx, u.db, f.Cursor, f.Limit, int64(m), int64(f.UserID), micros(f.LiveAt), micros(f.SeenAfter))
}

// Session implements user.Store.
func (u *Users) Session(ctx context.Context, hash [32]byte) (user.Session, error) {
	s, err := one(ctx, u.db, readUserSession, `SELECT `+loginColumns+` FROM admin_session WHERE hash = $1`, hash[:])
	if err != nil {
		return s, fmt.Errorf("find session: %w", err)
	}
	return s, nil
}

func readUser(s storage.Scanner) (user.User, error) {
	var (
		u                                                                user.User
		owner, n, version, until, step, failures, lockedUntil, createdAt int64
		role                                                             string
	)
	err := s.Scan(&owner, &n, &version, &u.Email, &u.Name, &role, &u.Active, &u.PasswordHash, &u.Invitation, &until,
		&u.SealedTOTP, &u.TOTPActive, &step, &failures, &lockedUntil, &createdAt)
	u.MerchantID, u.ID, u.Version, u.Role = id.Merchant(owner), id.User(n), int(version), merchant.Role(role)
	u.InvitationUntil, u.TOTPStep, u.Failures = timeOf(until), step, int(failures)
	u.LockedUntil, u.CreatedAt = timeOf(lockedUntil), timeOf(createdAt)
	return u, err
}

func readUserSession(s storage.Scanner) (user.Session, error) {
	var (
		session                                      user.Session
		hash                                         []byte
		owner, n, userID, createdAt, seenAt, expires int64
	)
	if err := s.Scan(&hash, &owner, &n, &userID, &createdAt, &seenAt, &expires, &session.Address, &session.Agent); err != nil {
		return session, err
	}
	session.Hash, session.MerchantID, session.ID = [32]byte(hash), id.Merchant(owner), id.AdminSession(n)
	session.UserID, session.CreatedAt = id.User(userID), timeOf(createdAt)
	session.SeenAt, session.ExpiresAt = timeOf(seenAt), timeOf(expires)
	return session, nil
}
