package merchant

import (
	"cmp"
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/vezne/vezne/internal/audit"
	"github.com/vezne/vezne/internal/clock"
	"github.com/vezne/vezne/internal/fault"
	"github.com/vezne/vezne/internal/id"
	"github.com/vezne/vezne/internal/secret"
	"github.com/vezne/vezne/internal/vault"
)

// The prefixes tell people, and scanners of leaked files, what they have found.
const (
	keyPrefix    = "vzk_"
	secretPrefix = "vzs_"
)

// maxNameLen bounds a credential's name, in characters: it stands in lists.
const maxNameLen = 64

// Invalidator is what this node's caches belong to.
type Invalidator interface {
	// Invalidate drops what this node has cached, so that it sees its own changes at
	// once.
	Invalidate()
}

// Options are what a Service works with. All are required.
type Options struct {
	Store  Store
	Sealer vault.Sealer
	IDs    *id.Generator
	Clock  clock.Clock
	Caches Invalidator
}

// Service issues and revokes credentials. It is safe for concurrent use.
type Service struct {
	store  Store
	sealer vault.Sealer
	ids    *id.Generator
	clock  clock.Clock
	caches Invalidator
}

// NewService returns a Service.
func NewService(o Options) *Service {
	return &Service{store: o.Store, sealer: o.Sealer, ids: o.IDs, clock: o.Clock, caches: o.Caches}
}

// CreateCredential issues a credential under a name that no working credential
// of the merchant has; a taken, empty or unprintable name is a fault on "name".
// It has the scopes given, or without any all that the editor may give; wider ones are
// fault.ForbiddenAction. The secret is in the result and cannot be read again.
func (s *Service) CreateCredential(
	ctx context.Context, m id.Merchant, name string, scopes Scopes, by Editor,
) (Credential, error) {
	if err := checkName(name); err != nil {
		return Credential{}, err
	}
	scopes = cmp.Or(scopes, by.grants())
	if err := by.mayGive(scopes); err != nil {
		return Credential{}, err
	}
	existing, err := s.store.Credentials(ctx, m)
	if err != nil {
		return Credential{}, fmt.Errorf("create credential: %w", err)
	}
	if slices.ContainsFunc(existing, func(c Credential) bool { return c.Name == name && c.RevokedAt.IsZero() }) {
		return Credential{}, nameTaken()
	}
	c, err := s.newCredential(ctx, m, name)
	if err != nil {
		return Credential{}, fmt.Errorf("create credential: %w", err)
	}
	c.Scopes = scopes
	err = s.save(ctx, "credential.create", by.Actor, step{shall: c})
	// Keys are random, so what is taken is the name: another caller was faster.
	if errors.Is(err, fault.New(fault.Conflict, fault.DuplicateKey, "")) {
		return Credential{}, nameTaken()
	}
	if err != nil {
		return Credential{}, fmt.Errorf("create credential: %w", err)
	}
	c.Version++
	return c, nil
}

// Credential returns a credential of the merchant without its secret; any other
// is fault.NoSuchThing.
func (s *Service) Credential(ctx context.Context, m id.Merchant, c id.Credential) (Credential, error) {
	found, err := s.find(ctx, m, c)
	found.SealedSecret = nil
	return found, err
}

// find returns a credential of the merchant as it is stored.
func (s *Service) find(ctx context.Context, m id.Merchant, c id.Credential) (Credential, error) {
	all, err := s.store.Credentials(ctx, m)
	if err != nil {
		return Credential{}, fmt.Errorf("find credential %d: %w", c, err)
	}
	i := slices.IndexFunc(all, func(o Credential) bool { return o.ID == c })
	if i < 0 {
		return Credential{}, fault.New(fault.NotFound, fault.NoSuchThing, "no such credential")
	}
	return all[i], nil
}

// CredentialEdit is what an edit makes of a credential; no name and no scopes stay.
type CredentialEdit struct {
	Name   *string
	Scopes Scopes
}

// EditCredential gives a credential another name or other scopes. It must be of the
// newest version (fault.VersionMismatch). A taken or unprintable name is a fault on
// "name"; a scope that the credential has not and the editor may not give is
// fault.ForbiddenAction.
func (s *Service) EditCredential(ctx context.Context, of Credential, e CredentialEdit, by Editor) (Credential, error) {
	was, err := s.find(ctx, of.MerchantID, of.ID)
	if err != nil {
		return Credential{}, err
	}
	shall := was
	shall.Scopes, shall.Version = cmp.Or(e.Scopes, was.Scopes), of.Version
	if e.Name != nil {
		shall.Name = *e.Name
	}
	if err := checkName(shall.Name); err != nil {
		return Credential{}, err
	}
	if err := by.mayGive(shall.Scopes.without(was.Scopes)); err != nil {
		return Credential{}, err
	}
	if was.Version == of.Version && was.Name == shall.Name && was.Scopes == shall.Scopes {
		return of, nil
	}
	action := "credential.rename"
	if shall.Scopes != was.Scopes {
		action = "credential.update"
	}
	err = s.save(ctx, action, by.Actor, step{was: &was, shall: shall})
	switch fault.CodeOf(err) {
	case fault.StaleVersion:
		return Credential{}, fault.Wrap(fault.PreconditionFailed, fault.VersionMismatch,
			"the credential was changed meanwhile", err)
	case fault.DuplicateKey:
		return Credential{}, nameTaken()
	}
	if err != nil {
		return Credential{}, fmt.Errorf("edit credential %d: %w", of.ID, err)
	}
	shall.Version++
	shall.SealedSecret = nil
	return shall, nil
}

// RevokeCredential ends a credential of the merchant: on this node at once, on
// the others within a second. An unknown one is fault.NoSuchThing; one that has
// ended already is left as it is.
func (s *Service) RevokeCredential(ctx context.Context, m id.Merchant, c id.Credential, actor string) error {
	for {
		was, err := s.find(ctx, m, c)
		if err != nil {
			return err
		}
		now := s.clock.Now()
		if !was.Working(now) {
			return nil
		}
		shall := was
		shall.RevokedAt = now
		err = s.save(ctx, "credential.revoke", actor, step{was: &was, shall: shall})
		if err == nil {
			return nil
		}
		// It ends whatever else became of it: each turn is one that somebody else won.
		if fault.CodeOf(err) != fault.StaleVersion || ctx.Err() != nil {
			return fmt.Errorf("revoke credential %d: %w", c, err)
		}
	}
}

// CredentialPage returns a page of the merchant's credentials, revoked ones too,
// oldest first and without their secrets, and the cursor of the next page, empty
// at the end. Bad cursors are faults on "cursor".
func (s *Service) CredentialPage(
	ctx context.Context, m id.Merchant, cursor string, limit int,
) ([]Credential, string, error) {
	found, next, err := s.store.CredentialPage(ctx, m, cursor, limit)
	if err != nil {
		return nil, "", fmt.Errorf("list credentials: %w", err)
	}
	for i := range found {
		found[i].SealedSecret = nil
	}
	return found, next, nil
}

// CredentialUses returns when each credential of the merchant was last used as far
// as it is known: to the minute, and not at all if never.
func (s *Service) CredentialUses(ctx context.Context, m id.Merchant) (map[id.Credential]time.Time, error) {
	uses, err := s.store.CredentialUses(ctx, m)
	if err != nil {
		return nil, fmt.Errorf("list uses of credentials: %w", err)
	}
	return uses, nil
}

// newCredential draws a key of 130 and a secret of 260 random bits.
func (s *Service) newCredential(ctx context.Context, m id.Merchant, name string) (Credential, error) {
	n, err := id.Next[id.Credential](ctx, s.ids, id.NounCredential)
	if err != nil {
		return Credential{}, err
	}
	plain := []byte(secretPrefix + rand.Text() + rand.Text())
	c := Credential{
		ID: n, MerchantID: m, Name: name, Key: keyPrefix + rand.Text(), Secret: secret.New(plain), CreatedAt: s.clock.Now(),
	}
	c.SealedSecret, err = s.sealer.Seal(ctx, c.SecretSubject(), plain)
	return c, err
}

// SecretSubject is what the secret is sealed for: its row, and the key that it proves.
func (c Credential) SecretSubject() vault.Subject {
	return vault.Subject{MerchantID: c.MerchantID, Purpose: vault.PurposeCredential, ID: int64(c.ID), Bound: c.Key}
}

// step is what a credential becomes; was is nil for a new one.
type step struct {
	was   *Credential
	shall Credential
}

// facts are what an audit record tells of a credential: nothing secret.
func (c Credential) facts() map[string]any {
	facts := map[string]any{"name": c.Name, "key": c.Key, "scopes": c.Scopes.Names(), "until": nil}
	if !c.RevokedAt.IsZero() {
		facts["until"] = c.RevokedAt.UTC().Format(time.RFC3339)
	}
	return facts
}

// save stores credentials with an audit record each and makes this node see them.
func (s *Service) save(ctx context.Context, action, actor string, steps ...step) error {
	records := make([]audit.Record, 0, len(steps))
	for _, w := range steps {
		var before map[string]any
		if w.was != nil {
			before = w.was.facts()
		}
		facts := audit.Change(before, w.shall.facts())
		facts["name"], facts["key"] = w.shall.Name, w.shall.Key
		r, err := audit.NewRecord(ctx, s.ids, s.clock, audit.Deed{
			MerchantID: w.shall.MerchantID, Actor: actor, Action: action,
			Subject: "credential:" + strconv.FormatInt(int64(w.shall.ID), 10), Facts: facts,
		})
		if err != nil {
			return err
		}
		records = append(records, r)
	}
	err := s.store.InTx(ctx, func(tx Tx) {
		for i, w := range steps {
			tx.SaveCredential(w.shall)
			tx.Record(records[i])
		}
	})
	// Whatever became of the commit: after an unclear one, reading again is right.
	s.caches.Invalidate()
	return err
}

// recordMerchant returns the audit record of an edit of a merchant itself.
func (s *Service) recordMerchant(
	ctx context.Context, m id.Merchant, actor, action string, facts any,
) (audit.Record, error) {
	return audit.NewRecord(ctx, s.ids, s.clock, audit.Deed{
		MerchantID: m, Actor: actor, Action: action, Subject: "merchant:" + strconv.FormatInt(int64(m), 10), Facts: facts,
	})
}

func checkName(name string) error {
	bad := func(code fault.FieldCode, message string) error {
		return fault.Validation(fault.Field{Name: "name", Code: code, Message: message})
	}
	switch {
	case name == "":
		return bad(fault.FieldRequired, "must not be empty")
	case !utf8.ValidString(name), slices.ContainsFunc([]rune(name), func(r rune) bool { return !unicode.IsPrint(r) }):
		return bad(fault.FieldInvalid, "must be printable text")
	case utf8.RuneCountInString(name) > maxNameLen:
		return bad(fault.FieldTooLong, "must not be longer than 64 characters")
	}
	return nil
}

func nameTaken() error {
	return fault.Validation(fault.Field{
		Name: "name", Code: fault.FieldInvalid, Message: "is the name of another working credential",
	})
}
