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

const saveMerchant = `INSERT INTO merchant (id, name, active, created_at, half_secure,
		hosts, checkout_without_3ds, checkout_frames, checkout_life, checkout_without_saved_cards, three_ds)
	VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)
	ON CONFLICT (id) DO UPDATE SET name = excluded.name, active = excluded.active, half_secure = excluded.half_secure,
		hosts = excluded.hosts, checkout_without_3ds = excluded.checkout_without_3ds,
		checkout_frames = excluded.checkout_frames, checkout_life = excluded.checkout_life,
		checkout_without_saved_cards = excluded.checkout_without_saved_cards, three_ds = excluded.three_ds,
		version = merchant.version + 1`

// SaveMerchant implements merchant.Tx. The time of creation stays what it was.
func (t *tx) SaveMerchant(m merchant.Merchant) {
	t.add(saveMerchant, int64(m.ID), m.Name, m.Active, micros(m.CreatedAt), m.HalfSecure,
		m.Hosts, m.Checkout.Without3DS, m.Checkout.Frames, m.Checkout.Life.Microseconds(),
		m.Checkout.WithoutSavedCards, string(m.ThreeDS))
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

const saveSettings = `UPDATE merchant SET name = $3, half_secure = $4, hosts = $5, checkout_without_3ds = $6, checkout_frames = $7,
		checkout_life = $8, checkout_without_saved_cards = $9, three_ds = $10, version = version + 1
	WHERE id = $1 AND version = $2`

// SaveSettings implements merchant.Tx.
func (t *tx) SaveSettings(m merchant.Merchant) {
	t.batch = append(t.batch, storage.Statement{
		SQL: saveSettings,
		Args: []any{
			int64(m.ID), int64(m.Version), m.Name, m.HalfSecure, m.Hosts, m.Checkout.Without3DS, m.Checkout.Frames,
			m.Checkout.Life.Microseconds(), m.Checkout.WithoutSavedCards, string(m.ThreeDS),
		},
		Rows: 1, Missed: fault.StaleVersion,
	})
	t.configured = true
}

const saveCredential = `INSERT INTO credential (merchant_id, id, name, key, sealed_secret, created_at, revoked_at)
	VALUES ($1, $2, $3, $4, $5, $6, $7)
	ON CONFLICT (merchant_id, id) DO UPDATE SET name = excluded.name, key = excluded.key,
		sealed_secret = excluded.sealed_secret, revoked_at = excluded.revoked_at, version = credential.version + 1`

const updateCredential = `UPDATE credential SET name = $3, key = $4, sealed_secret = $5, created_at = $6, revoked_at = $7, version = version + 1
	WHERE merchant_id = $1 AND id = $2 AND version = $8`

// SaveCredential implements merchant.Tx. The time of creation stays what it was.
func (t *tx) SaveCredential(c merchant.Credential) {
	t.addVersion(saveCredential, updateCredential, c.Version,
		int64(c.MerchantID), int64(c.ID), c.Name, c.Key, notNil(c.SealedSecret), micros(c.CreatedAt), micros(c.RevokedAt))
}

// saveAdminToken replaces a token of the same merchant only: whoever knows the
// hash of another merchant's token must not be able to take it over.
const saveAdminToken = `INSERT INTO admin_token (merchant_id, hash, name, role, created_at, revoked_at)
	VALUES ($1, $2, $3, $4, $5, $6)
	ON CONFLICT (hash) DO UPDATE SET name = excluded.name, role = excluded.role, revoked_at = excluded.revoked_at
	WHERE admin_token.merchant_id = excluded.merchant_id`

// SaveAdminToken implements merchant.Tx. A token of another merchant fails the
// commit with fault.DuplicateKey.
func (t *tx) SaveAdminToken(a merchant.AdminToken) {
	t.batch = append(t.batch, storage.Statement{
		SQL: saveAdminToken, Args: []any{int64(a.MerchantID), a.Hash[:], a.Name, string(a.Role), micros(a.CreatedAt), micros(a.RevokedAt)},
		Rows: 1, Missed: fault.DuplicateKey,
	})
	t.configured = true
}

const merchantByID = `SELECT id, name, active, created_at, half_secure,
		hosts, checkout_without_3ds, checkout_frames, checkout_life, checkout_without_saved_cards, three_ds,
		COALESCE((SELECT l.name FROM merchant_logo l WHERE l.merchant_id = merchant.id), ''), version
	FROM merchant WHERE id = $1`

// Merchant implements merchant.Store; an unknown id is fault.NoSuchThing.
func (m *Merchants) Merchant(ctx context.Context, n id.Merchant) (merchant.Merchant, error) {
	found, err := one(ctx, m.db, readMerchant, merchantByID, int64(n))
	if err != nil {
		return found, fmt.Errorf("merchant %d: %w", n, err)
	}
	return found, nil
}

func readMerchant(s storage.Scanner) (merchant.Merchant, error) {
	var n, createdAt, life, version int64
	var threeDS string
	var m merchant.Merchant
	err := s.Scan(&n, &m.Name, &m.Active, &createdAt, &m.HalfSecure,
		&m.Hosts, &m.Checkout.Without3DS, &m.Checkout.Frames, &life, &m.Checkout.WithoutSavedCards, &threeDS,
		&m.Logo, &version)
	m.ID, m.CreatedAt, m.Checkout.Life = id.Merchant(n), timeOf(createdAt), time.Duration(life)*time.Microsecond
	m.ThreeDS, m.Version = pos.ThreeDS(threeDS), int(version)
	return m, err
}

const (
	credentialColumns = `merchant_id, id, name, key, sealed_secret, created_at, revoked_at, version`
	credentialByKey   = `SELECT ` + credentialColumns + ` FROM credential WHERE key = $1`
	credentialsOf     = `SELECT ` + credentialColumns + ` FROM credential WHERE merchant_id = $1 ORDER BY created_at, id`
)

// CredentialByKey implements merchant.Store.
func (m *Merchants) CredentialByKey(ctx context.Context, key string) (merchant.Credential, error) {
	c, err := one(ctx, m.db, readCredential, credentialByKey, key)
	if err != nil {
		return c, fmt.Errorf("credential by key: %w", err)
	}
	return c, nil
}

// Credentials implements merchant.Store.
func (m *Merchants) Credentials(ctx context.Context, n id.Merchant) ([]merchant.Credential, error) {
	all, err := many(ctx, m.db, readCredential, credentialsOf, int64(n))
	if err != nil {
		return nil, fmt.Errorf("credentials of merchant %d: %w", n, err)
	}
	return all, nil
}

// CredentialPage implements merchant.Lister.
func (m *Merchants) CredentialPage(ctx context.Context, n id.Merchant, cursor string, limit int) ([]merchant.Credential, string, error) {
	return keyset[merchant.Credential]{
		name: "credentials", rows: `SELECT ` + credentialColumns + ` FROM credential WHERE merchant_id = $1`,
		order: []string{"created_at", "id"},
		place: func(c merchant.Credential) []any { return []any{micros(c.CreatedAt), int64(c.ID)} }, read: readCredential,
	}.page(ctx, m.db, cursor, limit, int64(n))
}

func readCredential(s storage.Scanner) (merchant.Credential, error) {
	var owner, n, createdAt, revokedAt, version int64
	var c merchant.Credential
	err := s.Scan(&owner, &n, &c.Name, &c.Key, &c.SealedSecret, &createdAt, &revokedAt, &version)
	c.MerchantID, c.ID, c.Version = id.Merchant(owner), id.Credential(n), int(version)
	c.CreatedAt, c.RevokedAt = timeOf(createdAt), timeOf(revokedAt)
	return c, err
}

const adminTokenColumns = `merchant_id, hash, name, role, created_at, revoked_at`

// AdminTokens implements merchant.Store.
func (m *Merchants) AdminTokens(ctx context.Context, n id.Merchant) ([]merchant.AdminToken, error) {
	all, err := many(ctx, m.db, readAdminToken,
		`SELECT `+adminTokenColumns+` FROM admin_token WHERE merchant_id = $1 ORDER BY created_at, hash`, int64(n))
	if err != nil {
		return nil, fmt.Errorf("admin tokens of merchant %d: %w", n, err)
	}
	return all, nil
}

// AdminTokenPage implements merchant.Lister.
func (m *Merchants) AdminTokenPage(ctx context.Context, n id.Merchant, cursor string, limit int) ([]merchant.AdminToken, string, error) {
	return keyset[merchant.AdminToken]{
		name: "tokens", rows: `SELECT ` + adminTokenColumns + ` FROM admin_token WHERE merchant_id = $1`,
		order: []string{"created_at", "hash"},
		place: func(t merchant.AdminToken) []any { return []any{micros(t.CreatedAt), t.Hash[:]} }, read: readAdminToken,
	}.page(ctx, m.db, cursor, limit, int64(n))
}

// AdminTokenByHash implements merchant.Store.
func (m *Merchants) AdminTokenByHash(ctx context.Context, hash [32]byte) (merchant.AdminToken, error) {
	a, err := one(ctx, m.db, readAdminToken, `SELECT `+adminTokenColumns+` FROM admin_token WHERE hash = $1`, hash[:])
	if err != nil {
		return a, fmt.Errorf("admin token: %w", err)
	}
	return a, nil
}

func readAdminToken(s storage.Scanner) (merchant.AdminToken, error) {
	var owner, createdAt, revokedAt int64
	var hash []byte
	var a merchant.AdminToken
	var role string
	if err := s.Scan(&owner, &hash, &a.Name, &role, &createdAt, &revokedAt); err != nil {
		return a, err
	}
	a.CreatedAt, a.RevokedAt = timeOf(createdAt), timeOf(revokedAt)
	a.MerchantID, a.Hash, a.Role = id.Merchant(owner), [32]byte(hash), merchant.Role(role)
	return a, nil
}

// notNil keeps an empty value from being stored as NULL.
func notNil(b []byte) []byte {
	if b == nil {
		return []byte{}
	}
	return b
}
