package sqlstore

import (
	"context"
	"fmt"
	"time"

	"github.com/vezne/vezne/internal/fault"
	"github.com/vezne/vezne/internal/id"
	"github.com/vezne/vezne/internal/merchant"
	"github.com/vezne/vezne/internal/pos"
	"github.com/vezne/vezne/internal/storage"
)

// Merchants keeps merchants, their credentials and admin tokens. It implements
// merchant.Store.
type Merchants struct{ db *storage.DB }

var _ merchant.Store = (*Merchants)(nil)

// NewMerchants returns the merchants of db.
func NewMerchants(db *storage.DB) *Merchants { return &Merchants{db: db} }

// InTx implements merchant.Store.
func (m *Merchants) InTx(ctx context.Context, fn func(merchant.Tx)) error {
	return inTx(ctx, m.db, func(t *tx) { fn(t) })
}

var merchantTable = newTable(&table[merchant.Merchant]{
	name: "merchant",
	keys: []column[merchant.Merchant]{
		number("id", func(m *merchant.Merchant) *id.Merchant { return &m.ID }),
	},
	version: func(m *merchant.Merchant) *int { return &m.Version },
	changing: []column[merchant.Merchant]{
		text("name", func(m *merchant.Merchant) *string { return &m.Name }),
		flag("active", func(m *merchant.Merchant) *bool { return &m.Active }),
		flag("half_secure", func(m *merchant.Merchant) *bool { return &m.HalfSecure }),
		text("hosts", func(m *merchant.Merchant) *string { return &m.Hosts }),
		flag("checkout_without_3ds", func(m *merchant.Merchant) *bool { return &m.Checkout.Without3DS }),
		text("checkout_frames", func(m *merchant.Merchant) *string { return &m.Checkout.Frames }),
		duration("checkout_life", func(m *merchant.Merchant) *time.Duration { return &m.Checkout.Life }),
		flag("checkout_without_saved_cards", func(m *merchant.Merchant) *bool { return &m.Checkout.WithoutSavedCards }),
		text("three_ds", func(m *merchant.Merchant) *pos.ThreeDS { return &m.ThreeDS }),
	},
	fixed: []column[merchant.Merchant]{
		moment("created_at", func(m *merchant.Merchant) *time.Time { return &m.CreatedAt }),
		readOnly(text(
			"COALESCE((SELECT l.name FROM merchant_logo l WHERE l.merchant_id = merchant.id), '')",
			func(m *merchant.Merchant) *string { return &m.Logo })),
	},
})

var (
	saveMerchant = merchantTable.replacement()
	saveSettings = merchantTable.update()
	merchantByID = merchantTable.selecting("WHERE id = $1")
)

// SaveMerchant implements merchant.Tx. The time of creation stays what it was.
func (t *tx) SaveMerchant(m merchant.Merchant) {
	t.add(saveMerchant, merchantTable.inserting(m)...)
	t.configured = true
}

// SaveSettings implements merchant.Tx.
func (t *tx) SaveSettings(m merchant.Merchant) {
	t.expect(saveSettings, merchantTable.updating(m)...)
	t.configured = true
}

const (
	saveLogo = `INSERT INTO merchant_logo (merchant_id, name, body) VALUES ($1, $2, $3)
	ON CONFLICT (merchant_id) DO UPDATE SET name = excluded.name, body = excluded.body`
	deleteLogo = `DELETE FROM merchant_logo WHERE merchant_id = $1`
	logoByName = `SELECT name, body FROM merchant_logo WHERE name = $1 ORDER BY merchant_id LIMIT 1`
)

// SaveLogo implements merchant.Tx.
func (t *tx) SaveLogo(m id.Merchant, l merchant.Logo) {
	t.configured = true
	if l.Name == "" {
		t.add(deleteLogo, int64(m))
		return
	}
	t.add(saveLogo, int64(m), l.Name, l.Body)
}

// Logo returns a logo by its name, which says what its content is: whose it is
// does not matter. An unknown one is fault.NoSuchThing.
func (m *Merchants) Logo(ctx context.Context, name string) (merchant.Logo, error) {
	l, err := one(ctx, m.db, readLogo, logoByName, name)
	if err != nil {
		return l, fmt.Errorf("logo: %w", err)
	}
	return l, nil
}

func readLogo(s storage.Scanner) (merchant.Logo, error) {
	var l merchant.Logo
	return l, s.Scan(&l.Name, &l.Body)
}

var credentialTable = newTable(&table[merchant.Credential]{
	name: "credential",
	keys: []column[merchant.Credential]{
		number("merchant_id", func(c *merchant.Credential) *id.Merchant { return &c.MerchantID }),
		number("id", func(c *merchant.Credential) *id.Credential { return &c.ID }),
	},
	version: func(c *merchant.Credential) *int { return &c.Version },
	changing: []column[merchant.Credential]{
		text("name", func(c *merchant.Credential) *string { return &c.Name }),
		text("scopes", func(c *merchant.Credential) *merchant.Scopes { return &c.Scopes }),
		text("key", func(c *merchant.Credential) *string { return &c.Key }),
		blob("sealed_secret", func(c *merchant.Credential) *[]byte { return &c.SealedSecret }),
		moment("revoked_at", func(c *merchant.Credential) *time.Time { return &c.RevokedAt }),
	},
	fixed: []column[merchant.Credential]{
		moment("created_at", func(c *merchant.Credential) *time.Time { return &c.CreatedAt }),
	},
})

var (
	credentialByKey = credentialTable.selecting("WHERE key = $1")
	credentialsOf   = credentialTable.selecting("WHERE merchant_id = $1 ORDER BY created_at, id")
)

var credentialEdits = editsOf(credentialTable)

// SaveCredential implements merchant.Tx. The time of creation stays what it was.
func (t *tx) SaveCredential(c merchant.Credential) { credentialEdits.save(t, c) }

var tokenTable = newTable(&table[merchant.AdminToken]{
	name: "admin_token",
	keys: []column[merchant.AdminToken]{
		hash("hash", func(a *merchant.AdminToken) *[32]byte { return &a.Hash }),
	},
	changing: []column[merchant.AdminToken]{
		text("name", func(a *merchant.AdminToken) *string { return &a.Name }),
		text("role", func(a *merchant.AdminToken) *merchant.Role { return &a.Role }),
		moment("revoked_at", func(a *merchant.AdminToken) *time.Time { return &a.RevokedAt }),
	},
	fixed: []column[merchant.AdminToken]{
		number("merchant_id", func(a *merchant.AdminToken) *id.Merchant { return &a.MerchantID }),
		moment("created_at", func(a *merchant.AdminToken) *time.Time { return &a.CreatedAt }),
	},
})

// saveAdminToken replaces a token of the same merchant only: whoever knows the
// hash of another merchant's token must not be able to take it over.
var saveAdminToken = tokenTable.replacement() + " WHERE admin_token.merchant_id = excluded.merchant_id"

// SaveAdminToken implements merchant.Tx. A token of another merchant fails the
// commit with fault.DuplicateKey.
func (t *tx) SaveAdminToken(a merchant.AdminToken) {
	t.batch = append(t.batch, storage.Statement{
		SQL: saveAdminToken, Args: tokenTable.inserting(a), Rows: 1, Missed: fault.DuplicateKey,
	})
	t.configured = true
}

// Merchant implements merchant.Store; an unknown id is fault.NoSuchThing.
func (m *Merchants) Merchant(ctx context.Context, n id.Merchant) (merchant.Merchant, error) {
	found, err := one(ctx, m.db, merchantTable.reader(), merchantByID, int64(n))
	if err != nil {
		return found, fmt.Errorf("merchant %d: %w", n, err)
	}
	return found, nil
}

// CredentialByKey implements merchant.Store.
func (m *Merchants) CredentialByKey(ctx context.Context, key string) (merchant.Credential, error) {
	c, err := one(ctx, m.db, credentialTable.reader(), credentialByKey, key)
	if err != nil {
		return c, fmt.Errorf("credential by key: %w", err)
	}
	return c, nil
}

// Credentials implements merchant.Store.
func (m *Merchants) Credentials(ctx context.Context, n id.Merchant) ([]merchant.Credential, error) {
	all, err := many(ctx, m.db, credentialTable.reader(), credentialsOf, int64(n))
	if err != nil {
		return nil, fmt.Errorf("credentials of merchant %d: %w", n, err)
	}
	return all, nil
}

// CredentialPage implements merchant.Lister.
func (m *Merchants) CredentialPage(
	ctx context.Context, n id.Merchant, cursor string, limit int,
) ([]merchant.Credential, string, error) {
	return keyset[merchant.Credential]{
		name: "credentials", rows: credentialTable.selecting("WHERE merchant_id = $1"),
		order: []string{"created_at", "id"},
		place: func(c merchant.Credential) []any { return []any{micros(c.CreatedAt), int64(c.ID)} },
		read:  credentialTable.reader(),
	}.page(ctx, m.db, cursor, limit, int64(n))
}

var (
	tokensOf    = tokenTable.selecting("WHERE merchant_id = $1 ORDER BY created_at, hash")
	tokenByHash = tokenTable.selecting("WHERE hash = $1")
)

// AdminTokens implements merchant.Store.
func (m *Merchants) AdminTokens(ctx context.Context, n id.Merchant) ([]merchant.AdminToken, error) {
	all, err := many(ctx, m.db, tokenTable.reader(), tokensOf, int64(n))
	if err != nil {
		return nil, fmt.Errorf("admin tokens of merchant %d: %w", n, err)
	}
	return all, nil
}

// AdminTokenPage implements merchant.Lister.
func (m *Merchants) AdminTokenPage(
	ctx context.Context, n id.Merchant, cursor string, limit int,
) ([]merchant.AdminToken, string, error) {
	return keyset[merchant.AdminToken]{
		name: "tokens", rows: tokenTable.selecting("WHERE merchant_id = $1"),
		order: []string{"created_at", "hash"},
		place: func(t merchant.AdminToken) []any { return []any{micros(t.CreatedAt), t.Hash[:]} }, read: tokenTable.reader(),
	}.page(ctx, m.db, cursor, limit, int64(n))
}

// AdminTokenByHash implements merchant.Store.
func (m *Merchants) AdminTokenByHash(ctx context.Context, hash [32]byte) (merchant.AdminToken, error) {
	a, err := one(ctx, m.db, tokenTable.reader(), tokenByHash, hash[:])
	if err != nil {
		return a, fmt.Errorf("admin token: %w", err)
	}
	return a, nil
}

// notNil keeps an empty value from being stored as NULL.
func notNil(b []byte) []byte {
	if b == nil {
		return []byte{}
	}
	return b
}
