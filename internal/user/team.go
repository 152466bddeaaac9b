package user

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"fmt"
	"slices"
	"time"

	"github.com/vezne/vezne/internal/audit"
	"github.com/vezne/vezne/internal/fault"
	"github.com/vezne/vezne/internal/id"
	"github.com/vezne/vezne/internal/merchant"
	"github.com/vezne/vezne/internal/secret"
)

// invitationLife is how long an invitation can be accepted.
const invitationLife = 7 * 24 * time.Hour

// invitationPrefix tells people, and scanners of leaked files, what they have found.
const invitationPrefix = "vzi_"

// Person is what is known of somebody who joins the team.
type Person struct {
	Email string
	Name  string
	Role  merchant.Role
}

// Invite adds somebody to the team, who chooses a password with the token in the
// result. Whatever is wrong is a fault on its field, and so is a taken email.
func (s *Service) Invite(ctx context.Context, m id.Merchant, p Person, actor string) (User, secret.Bytes, error) {
	u, err := s.newUser(ctx, m, p)
	if err != nil {
		return User{}, secret.Bytes{}, err
	}
	plain := []byte(invitationPrefix + rand.Text())
	hash := sha256.Sum256(plain)
	u.Invitation, u.InvitationUntil = hash[:], u.CreatedAt.Add(invitationLife)
	if err := s.add(ctx, u, actor, "user.invite"); err != nil {
		return User{}, secret.Bytes{}, err
	}
	u.Version++
	return u, secret.New(plain), nil
}

// Create adds somebody with a password, for demo data; a taken email is a fault
// on "email".
func (s *Service) Create(ctx context.Context, m id.Merchant, p Person, password, actor string) (User, error) {
	if err := validation(checkPassword(password)); err != nil {
		return User{}, err
	}
	u, err := s.newUser(ctx, m, p)
	if err != nil {
		return User{}, err
	}
	if u.PasswordHash, err = s.hasher.Hash(ctx, password); err != nil {
		return User{}, fmt.Errorf("create user: %w", err)
	}
	if err := s.add(ctx, u, actor, "user.create"); err != nil {
		return User{}, err
	}
	u.Version++
	return u, nil
}

func (s *Service) newUser(ctx context.Context, m id.Merchant, p Person) (User, error) {
	email, ok := cleanEmail(p.Email)
	wrong := slices.Concat(checkName(p.Name), checkRole(p.Role))
	if !ok {
		wrong = append(wrong, fault.Field{Name: "email", Code: fault.FieldInvalid, Message: "must be an email address"})
	}
	if err := validation(wrong); err != nil {
		return User{}, err
	}
	n, err := id.Next[id.User](ctx, s.ids, id.NounUser)
	if err != nil {
		return User{}, fmt.Errorf("new user: %w", err)
	}
	return User{ID: n, MerchantID: m, Email: email, Name: p.Name, Role: p.Role, Active: true, CreatedAt: s.clock.Now()}, nil
}

func (s *Service) add(ctx context.Context, u User, actor, action string) error {
	err := s.save(ctx, u, deed{actor, action, audit.Change(nil, u.facts())})
	if fault.CodeOf(err) == fault.DuplicateKey {
		return fault.Validation(fault.Field{Name: "email", Code: fault.FieldInvalid, Message: "is taken"})
	}
	if err != nil {
		return fmt.Errorf("add user: %w", err)
	}
	return nil
}

// Accept ends an invitation with a password. An unknown, used or expired one is
// fault.InvitationInvalid.
func (s *Service) Accept(ctx context.Context, token, password string) (User, error) {
	if err := validation(checkPassword(password)); err != nil {
		return User{}, err
	}
	hash := sha256.Sum256([]byte(token))
	u, err := s.store.UserByInvitation(ctx, hash[:])
	if err != nil && fault.KindOf(err) != fault.NotFound {
		return User{}, fmt.Errorf("accept invitation: %w", err)
	}
	if err != nil || !u.Active || !s.clock.Now().Before(u.InvitationUntil) {
		return User{}, fault.New(fault.Invalid, fault.InvitationInvalid, "the invitation is not valid")
	}
	if u.PasswordHash, err = s.hasher.Hash(ctx, password); err != nil {
		return User{}, fmt.Errorf("accept invitation: %w", err)
	}
	u.Invitation, u.InvitationUntil = nil, time.Time{}
	// Where the password was chosen is known from the start, so that no stranger can
	// keep the new user out.
	err = s.save(ctx, u, deed{actorOf(u), "user.accept", nil}, func(tx Tx) { see(tx, u, audit.OriginOf(ctx), s.clock.Now()) })
	if err != nil {
		return User{}, fmt.Errorf("accept invitation: %w", err)
	}
	u.Version++
	return u, nil
}

// Users returns the whole team of a merchant, oldest first.
func (s *Service) Users(ctx context.Context, m id.Merchant) ([]User, error) {
	all, err := s.store.Users(ctx, m)
	if err != nil {
		return nil, fmt.Errorf("list users: %w", err)
	}
	return all, nil
}

// UserPage returns a page of the team of a merchant, oldest first, and the cursor
// of the next page, empty at the end. Bad cursors are faults on "cursor".
func (s *Service) UserPage(ctx context.Context, m id.Merchant, cursor string, limit int) ([]User, string, error) {
	found, next, err := s.store.UserPage(ctx, m, cursor, limit)
	if err != nil {
		return nil, "", fmt.Errorf("list users: %w", err)
	}
	return found, next, nil
}

// User returns a user of a merchant; any other is fault.NoSuchThing.
func (s *Service) User(ctx context.Context, m id.Merchant, n id.User) (User, error) {
	u, err := s.store.User(ctx, m, n)
	if err != nil {
		return User{}, fmt.Errorf("find user: %w", err)
	}
	return u, nil
}

// Change is what an edit makes of a user; nil members stay.
type Change struct {
	Name   *string
	Role   *merchant.Role
	Active *bool
	// ForgetTOTP ends the use of an authenticator that was lost.
	ForgetTOTP bool
}

// Update edits a user of the version given, which must be the newest
// (fault.VersionMismatch). Whoever loses rights or is disabled is logged out. The
// last owner who can log in stays one (fault.LastOwner).
func (s *Service) Update(ctx context.Context, of User, c Change, actor string) (User, error) {
	u := of
	var wrong []fault.Field
	if c.Name != nil && *c.Name != u.Name {
		wrong = append(wrong, checkName(*c.Name)...)
		u.Name = *c.Name
	}
	if c.Role != nil && *c.Role != u.Role {
		wrong = append(wrong, checkRole(*c.Role)...)
		u.Role = *c.Role
	}
	if c.Active != nil && *c.Active != u.Active {
		u.Active = *c.Active
	}
	if c.ForgetTOTP && len(u.SealedTOTP) > 0 {
		u.SealedTOTP, u.TOTPActive, u.TOTPStep = nil, false, 0
	}
	if err := validation(wrong); err != nil {
		return User{}, err
	}
	leaves := of.owns() && !u.owns()
	err := s.commit(ctx, u, deed{actor, "user.update", audit.Change(of.facts(), u.facts())}, func(tx Tx) {
		if leaves {
			tx.LockTeam(u.MerchantID)
		}
		tx.SaveUser(u)
		if leaves {
			tx.HasOwner(u.MerchantID)
		}
		if u.Role != of.Role || !u.Active {
			tx.EndSessions(u.MerchantID, u.ID, 0)
		}
	})
	if fault.CodeOf(err) == fault.LastOwner {
		return User{}, fault.Wrap(fault.Conflict, fault.LastOwner, "the team needs an owner", err)
	}
	if err != nil {
		return User{}, fmt.Errorf("update user %d: %w", u.ID, err)
	}
	u.Version++
	return u, nil
}

// facts are what an audit record tells of a user: nothing secret.
func (u User) facts() map[string]any {
	return map[string]any{
		"email": u.Email, "name": u.Name, "role": string(u.Role), "active": u.Active, "totp": u.TOTPActive,
	}
}

// owns reports whether the user can log in and change the team.
func (u User) owns() bool { return u.Active && u.Role == merchant.RoleOwner && !u.Invited() }
