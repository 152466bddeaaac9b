package merchant

import (
	"context"
	"fmt"
	"time"

	"github.com/vezne/vezne/internal/clock"
	"github.com/vezne/vezne/internal/id"
	"github.com/vezne/vezne/internal/secret"
	"github.com/vezne/vezne/internal/vault"
)

// Account is what a caller's API key leads to. It is shared by all who ask, so it
// is read-only.
type Account struct {
	MerchantID   id.Merchant
	CredentialID id.Credential
	Scopes       Scopes
	// Usable is false for a credential that was revoked before it was loaded, and
	// for an inactive merchant; there is no secret then.
	Usable bool
	// Until is when it stops working; zero if no such time was set.
	Until time.Time
	// Secret is the opened secret, for signatures.
	Secret secret.Bytes
}

// AdminAccount is what an admin token leads to.
type AdminAccount struct {
	Token AdminToken
	// Usable is false for a revoked token and an inactive merchant.
	Usable bool
}

// Reader is what a Loader needs from the Store.
type Reader interface {
	// Merchant returns a merchant.
	Merchant(ctx context.Context, m id.Merchant) (Merchant, error)
	// CredentialByKey returns a credential, revoked or not, by its public key.
	CredentialByKey(ctx context.Context, key string) (Credential, error)
	// AdminTokenByHash returns an admin token, revoked or not, by its SHA-256.
	AdminTokenByHash(ctx context.Context, hash [32]byte) (AdminToken, error)
}

// Loader reads accounts from the store, for the caches of a Directory.
type Loader struct {
	store  Reader
	sealer vault.Sealer
	clock  clock.Clock
}

// NewLoader returns a Loader.
func NewLoader(store Reader, sealer vault.Sealer, c clock.Clock) *Loader {
	return &Loader{store: store, sealer: sealer, clock: c}
}

// Account returns the account of an API key; an unknown one is fault.NoSuchThing.
func (l *Loader) Account(ctx context.Context, key string) (Account, error) {
	c, err := l.store.CredentialByKey(ctx, key)
	if err != nil {
		return Account{}, fmt.Errorf("load credential: %w", err)
	}
	a := Account{MerchantID: c.MerchantID, CredentialID: c.ID, Scopes: c.Scopes, Until: c.RevokedAt}
	m, err := l.store.Merchant(ctx, c.MerchantID)
	if err != nil {
		return Account{}, fmt.Errorf("load merchant %d: %w", c.MerchantID, err)
	}
	if !m.Active || !c.Working(l.clock.Now()) {
		return a, nil
	}
	opened, err := l.sealer.Open(ctx, c.SecretSubject(), c.SealedSecret)
	if err != nil {
		return Account{}, fmt.Errorf("load credential %d: %w", c.ID, err)
	}
	a.Secret = secret.New(opened)
	a.Usable = len(opened) > 0 // an empty secret would match an empty header
	return a, nil
}

// AdminAccount returns the account of an admin token, given its SHA-256; an
// unknown one is fault.NoSuchThing.
func (l *Loader) AdminAccount(ctx context.Context, hash [32]byte) (AdminAccount, error) {
	t, err := l.store.AdminTokenByHash(ctx, hash)
	if err != nil {
		return AdminAccount{}, fmt.Errorf("load admin token: %w", err)
	}
	m, err := l.store.Merchant(ctx, t.MerchantID)
	if err != nil {
		return AdminAccount{}, fmt.Errorf("load merchant %d: %w", t.MerchantID, err)
	}
	return AdminAccount{Token: t, Usable: m.Active && t.RevokedAt.IsZero()}, nil
}
