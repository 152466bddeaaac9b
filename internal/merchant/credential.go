package merchant

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/go-json-experiment/json"

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

// Invalidator drops what this node has cached, so that it sees its own changes at
// once.
type Invalidator interface {
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
// The secret is in the result and cannot be read again.
func (s *Service) CreateCredential(ctx context.Context, m id.Merchant, name, actor string) (Credential, error) {
	if err := checkName(name); err != nil {
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
	err = s.save(ctx, "credential.create", actor, c)
	// Keys are random, so what is taken is the name: another caller was faster.
	if errors.Is(err, fault.New(fault.Conflict, fault.DuplicateKey, "")) {
		return Credential{}, nameTaken()
	}
	if err != nil {
		return Credential{}, fmt.Errorf("create credential: %w", err)
	}
	return c, nil
}

// RevokeCredential ends a credential of the merchant: on this node at once, on
// the others within a second. An unknown one is fault.NoSuchThing; one that has
// ended already is left as it is.
func (s *Service) RevokeCredential(ctx context.Context, m id.Merchant, c id.Credential, actor string) error {
	all, err := s.store.Credentials(ctx, m)
	if err != nil {
		return fmt.Errorf("revoke credential %d: %w", c, err)
	}
	i := slices.IndexFunc(all, func(o Credential) bool { return o.ID == c })
	if i < 0 {
		return fault.New(fault.NotFound, fault.NoSuchThing, "no such credential")
	}
	now := s.clock.Now()
	if !all[i].Working(now) {
		return nil
	}
	all[i].RevokedAt = now
	if err := s.save(ctx, "credential.revoke", actor, all[i]); err != nil {
		return fmt.Errorf("revoke credential %d: %w", c, err)
	}
	return nil
}

// Credentials returns all credentials of the merchant, revoked ones too, oldest
// first and without their secrets.
func (s *Service) Credentials(ctx context.Context, m id.Merchant) ([]Credential, error) {
	all, err := s.store.Credentials(ctx, m)
	if err != nil {
		return nil, fmt.Errorf("list credentials: %w", err)
	}
	for i := range all {
		all[i].SealedSecret = nil
	}
	return all, nil
}

// CredentialsWithUse is Credentials, and when each was last used as far as it is
// known: to the minute, and not at all if never.
func (s *Service) CredentialsWithUse(ctx context.Context, m id.Merchant) ([]Credential, map[id.Credential]time.Time, error) {
	all, err := s.Credentials(ctx, m)
	if err != nil {
		return nil, nil, err
	}
	uses, err := s.store.CredentialUses(ctx, m)
	if err != nil {
		return nil, nil, fmt.Errorf("list uses of credentials: %w", err)
	}
	return all, uses, nil
}

// HasCredential returns fault.NoSuchThing unless the credential is the merchant's.
func (s *Service) HasCredential(ctx context.Context, m id.Merchant, c id.Credential) error {
	all, err := s.store.Credentials(ctx, m)
	if err != nil {
		return fmt.Errorf("find credential %d: %w", c, err)
	}
	if !slices.ContainsFunc(all, func(o Credential) bool { return o.ID == c }) {
		return fault.New(fault.NotFound, fault.NoSuchThing, "no such credential")
	}
	return nil
}

// newCredential draws a key of 130 and a secret of 260 random bits.
func (s *Service) newCredential(ctx context.Context, m id.Merchant, name string) (Credential, error) {
	n, err := id.Next[id.Credential](ctx, s.ids, id.NounCredential)
	if err != nil {
		return Credential{}, err
	}
	plain := []byte(secretPrefix + rand.Text() + rand.Text())
	sealed, err := s.sealer.Seal(ctx, m, vault.PurposeCredential, plain)
	if err != nil {
		return Credential{}, err
	}
	return Credential{
		ID: n, MerchantID: m, Name: name, Key: keyPrefix + rand.Text(),
		SealedSecret: sealed, Secret: secret.New(plain), CreatedAt: s.clock.Now(),
	}, nil
}

// save stores credentials with an audit record each and makes this node see them.
func (s *Service) save(ctx context.Context, action, actor string, credentials ...Credential) error {
	records := make([]audit.Record, 0, len(credentials))
	for _, c := range credentials {
		facts := map[string]string{"name": c.Name, "key": c.Key}
		if !c.RevokedAt.IsZero() {
			facts["until"] = c.RevokedAt.UTC().Format(time.RFC3339)
		}
		r, err := s.record(ctx, c.MerchantID, actor, action, facts)
		if err != nil {
			return err
		}
		r.Subject = "credential:" + strconv.FormatInt(int64(c.ID), 10)
		records = append(records, r)
	}
	err := s.store.InTx(ctx, func(tx Tx) {
		for i, c := range credentials {
			tx.SaveCredential(c)
			tx.Record(records[i])
		}
	})
	// Whatever became of the commit: after an unclear one, reading again is right.
	s.caches.Invalidate()
	return err
}

// record returns an audit record without its subject.
func (s *Service) record(ctx context.Context, m id.Merchant, actor, action string, facts any) (audit.Record, error) {
	n, err := id.Next[id.AuditRecord](ctx, s.ids, id.NounAuditRecord)
	if err != nil {
		return audit.Record{}, err
	}
	detail, err := json.Marshal(facts, json.Deterministic(true))
	if err != nil {
		return audit.Record{}, err
	}
	return audit.Record{ID: n, MerchantID: m, At: s.clock.Now(), Actor: actor, Action: action, Detail: detail}, nil
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
