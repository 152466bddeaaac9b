package merchant

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
	"github.com/vezne/vezne/internal/secret"
)

// tokenPrefix tells people, and scanners of leaked files, what they have found.
const tokenPrefix = "vzt_"

// CreateAdminToken issues an admin token. The token itself cannot be read again.
// An empty or unprintable name, or an unknown role, is a fault on that field.
func (s *Service) CreateAdminToken(
	ctx context.Context, m id.Merchant, name string, role Role, actor string,
) (AdminToken, secret.Bytes, error) {
	if err := checkName(name); err != nil {
		return AdminToken{}, secret.Bytes{}, err
	}
	if !role.Valid() {
		return AdminToken{}, secret.Bytes{}, fault.Validation(fault.Field{
			Name: "role", Code: fault.FieldInvalid, Message: "must be owner, developer, support or viewer",
		})
	}
	plain := []byte(tokenPrefix + rand.Text() + rand.Text())
	t := AdminToken{Hash: sha256.Sum256(plain), MerchantID: m, Name: name, Role: role, CreatedAt: s.clock.Now()}
	if err := s.saveToken(ctx, "token.create", actor, nil, t); err != nil {
		return AdminToken{}, secret.Bytes{}, fmt.Errorf("create admin token: %w", err)
	}
	return t, secret.New(plain), nil
}

// AdminTokenPage returns a page of the merchant's admin tokens, revoked ones too,
// oldest first, and the cursor of the next page, empty at the end. Bad cursors are
// faults on "cursor".
func (s *Service) AdminTokenPage(
	ctx context.Context, m id.Merchant, cursor string, limit int,
) ([]AdminToken, string, error) {
	found, next, err := s.store.AdminTokenPage(ctx, m, cursor, limit)
	if err != nil {
		return nil, "", fmt.Errorf("list admin tokens: %w", err)
	}
	return found, next, nil
}

// RevokeAdminToken ends an admin token of the merchant, named by its Handle: on
// this node at once, on the others within a second. An unknown one is
// fault.NoSuchThing; one that has ended already is left as it is.
func (s *Service) RevokeAdminToken(ctx context.Context, m id.Merchant, handle, actor string) error {
	all, err := s.store.AdminTokens(ctx, m)
	if err != nil {
		return fmt.Errorf("revoke admin token %s: %w", handle, err)
	}
	i := slices.IndexFunc(all, func(t AdminToken) bool { return t.Handle() == handle })
	if i < 0 {
		return fault.New(fault.NotFound, fault.NoSuchThing, "no such admin token")
	}
	if !all[i].RevokedAt.IsZero() {
		return nil
	}
	before := all[i].facts()
	all[i].RevokedAt = s.clock.Now()
	if err := s.saveToken(ctx, "token.revoke", actor, before, all[i]); err != nil {
		return fmt.Errorf("revoke admin token %s: %w", handle, err)
	}
	return nil
}

// facts are what an audit record tells of a token: nothing secret.
func (t AdminToken) facts() map[string]any {
	facts := map[string]any{"name": t.Name, "role": string(t.Role), "revoked_at": nil}
	if !t.RevokedAt.IsZero() {
		facts["revoked_at"] = t.RevokedAt.UTC().Format(time.RFC3339)
	}
	return facts
}

func (s *Service) saveToken(ctx context.Context, action, actor string, before map[string]any, t AdminToken) error {
	facts := audit.Change(before, t.facts())
	facts["name"], facts["role"] = t.Name, string(t.Role)
	r, err := audit.NewRecord(ctx, s.ids, s.clock, audit.Deed{
		MerchantID: t.MerchantID, Actor: actor, Action: action, Subject: "token:" + t.Handle(), Facts: facts,
	})
	if err != nil {
		return err
	}
	err = s.store.InTx(ctx, func(tx Tx) {
		tx.SaveAdminToken(t)
		tx.Record(r)
	})
	s.caches.Invalidate() // as in save
	return err
}
