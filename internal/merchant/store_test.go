package merchant_test

import (
	"context"
	"crypto/sha256"
	"sync"
	"time"

	"github.com/vezne/vezne/internal/audit"
	"github.com/vezne/vezne/internal/fault"
	"github.com/vezne/vezne/internal/id"
	"github.com/vezne/vezne/internal/merchant"
	"github.com/vezne/vezne/internal/vault/vaulttest"
)

// memory is a merchant.Store in memory that also counts versions, reserves ids
// and, being its own queue of writes, is a merchant.Tx.
type memory struct {
	mu          sync.Mutex
	version     int64
	next        int64
	reads       int
	down        error
	merchants   map[id.Merchant]merchant.Merchant
	credentials []merchant.Credential
	tokens      map[[32]byte]merchant.AdminToken
	logos       map[id.Merchant]merchant.Logo
	records     []audit.Record
	broken      error // what the running commit fails with
}

func newMemory() *memory {
	return &memory{
		version: 1, next: 1000, logos: make(map[id.Merchant]merchant.Logo),
		merchants: map[id.Merchant]merchant.Merchant{
			1: {ID: 1, Name: "Demo Market", Active: true},
			2: {ID: 2, Name: "Other Market", Active: true},
			3: {ID: 3, Name: "Closed Market"},
		},
		credentials: []merchant.Credential{
			credential(1, 1, "main", "api-key", "secret-key"),
			credential(2, 2, "main", "other-api-key", "other-secret-key"),
			credential(3, 3, "main", "closed-api-key", "closed-secret-key"),
			credential(4, 1, "empty", "empty-api-key", ""),
		},
		tokens: map[[32]byte]merchant.AdminToken{
			sha256.Sum256([]byte("demo-admin-token")):   {MerchantID: 1, Name: "demo", Role: merchant.RoleOwner},
			sha256.Sum256([]byte("closed-admin-token")): {MerchantID: 3, Name: "closed", Role: merchant.RoleOwner},
		},
	}
}

func credential(n id.Credential, m id.Merchant, name, key, plain string) merchant.Credential {
	c := merchant.Credential{ID: n, MerchantID: m, Name: name, Key: key}
	c.SealedSecret, _ = vaulttest.Sealer{}.Seal(context.Background(), c.SecretSubject(), []byte(plain)) // never fails
	return c
}

func (s *memory) lock() func() {
	s.mu.Lock()
	return s.mu.Unlock
}

func (s *memory) ConfigVersion(context.Context) (int64, error) {
	defer s.lock()()
	return s.version, s.down
}

func (s *memory) Reserve(_ context.Context, _ id.Noun, n int) (int64, error) {
	defer s.lock()()
	s.next += int64(n)
	return s.next - int64(n), nil
}

func (s *memory) Merchant(_ context.Context, m id.Merchant) (merchant.Merchant, error) {
	defer s.lock()()
	found, ok := s.merchants[m]
	if !ok {
		return found, notFound()
	}
	return found, nil
}

func (s *memory) CredentialByKey(_ context.Context, key string) (merchant.Credential, error) {
	defer s.lock()()
	s.reads++
	if s.down != nil {
		return merchant.Credential{}, s.down
	}
	for _, c := range s.credentials {
		if c.Key == key {
			return c, nil
		}
	}
	return merchant.Credential{}, notFound()
}

func (s *memory) Credentials(_ context.Context, m id.Merchant) ([]merchant.Credential, error) {
	defer s.lock()()
	var out []merchant.Credential
	for _, c := range s.credentials {
		if c.MerchantID == m {
			out = append(out, c)
		}
	}
	return out, nil
}

func (s *memory) AdminTokenByHash(_ context.Context, hash [32]byte) (merchant.AdminToken, error) {
	defer s.lock()()
	t, ok := s.tokens[hash]
	if !ok {
		return t, notFound()
	}
	return t, nil
}

func (s *memory) InTx(_ context.Context, fn func(merchant.Tx)) error {
	defer s.lock()()
	s.broken = nil
	fn(s)
	s.version++
	return s.broken
}

func (s *memory) SaveMerchant(m merchant.Merchant) { s.merchants[m.ID] = m }

func (s *memory) SaveSettings(m merchant.Merchant) {
	if s.merchants[m.ID].Version != m.Version {
		s.broken = fault.New(fault.Conflict, fault.StaleVersion, "stale")
		return
	}
	m.Version++
	s.merchants[m.ID] = m
}

func (s *memory) SaveCredential(c merchant.Credential) {
	c.Secret = merchant.Credential{}.Secret // never stored
	for i, o := range s.credentials {
		if o.ID == c.ID {
			if c.Version > 0 && c.Version != o.Version {
				s.broken = fault.New(fault.Conflict, fault.StaleVersion, "stale")
				return
			}
			c.Version = o.Version + 1
			s.credentials[i] = c
			return
		}
		if o.MerchantID == c.MerchantID && o.Name == c.Name && o.RevokedAt.IsZero() {
			s.broken = fault.New(fault.Conflict, fault.DuplicateKey, "credential exists")
			return
		}
	}
	c.Version = 1
	s.credentials = append(s.credentials, c)
}

func (s *memory) AdminTokens(_ context.Context, m id.Merchant) ([]merchant.AdminToken, error) {
	defer s.lock()()
	var out []merchant.AdminToken
	for _, t := range s.tokens {
		if t.MerchantID == m {
			out = append(out, t)
		}
	}
	return out, nil
}

// CredentialPage and AdminTokenPage have one page; storetest has the others.
func (s *memory) CredentialPage(ctx context.Context, m id.Merchant, _ string, _ int) ([]merchant.Credential, string, error) {
	all, err := s.Credentials(ctx, m)
	return all, "", err
}

func (s *memory) AdminTokenPage(ctx context.Context, m id.Merchant, _ string, _ int) ([]merchant.AdminToken, string, error) {
	all, err := s.AdminTokens(ctx, m)
	return all, "", err
}

func (s *memory) CredentialUses(context.Context, id.Merchant) (map[id.Credential]time.Time, error) {
	return nil, nil
}

func (s *memory) SaveAdminToken(t merchant.AdminToken) { s.tokens[t.Hash] = t }

func (s *memory) Record(r audit.Record) {
	if s.broken == nil {
		s.records = append(s.records, r)
	}
}

func notFound() error { return fault.New(fault.NotFound, fault.NoSuchThing, "not found") }

func (s *memory) SaveLogo(m id.Merchant, l merchant.Logo) { s.logos[m] = l }
