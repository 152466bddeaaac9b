package merchant

import (
	"context"
	"encoding/hex"
	"time"

	"github.com/vezne/vezne/internal/audit"
	"github.com/vezne/vezne/internal/id"
)

// Tx queues the writes of one commit about merchants. Each bumps the
// configuration version in the same commit, which is how other nodes notice.
type Tx interface {
	audit.Tx
	// SaveMerchant adds a merchant or replaces the one with its id, whatever its
	// version, except its logo.
	SaveMerchant(m Merchant)
	// SaveSettings replaces what a merchant's people may change of the stored one of
	// the same Version, and stores Version+1; else the commit fails with
	// fault.StaleVersion.
	SaveSettings(m Merchant)
	// SaveCredential adds a credential or replaces the one with its id: of Version 0
	// whatever is stored, else only the same Version, or the commit fails with
	// fault.StaleVersion. The stored version grows by one. It fails the commit with
	// fault.DuplicateKey if another credential has its key, or another working one of
	// the merchant its name.
	SaveCredential(c Credential)
	// SaveAdminToken adds an admin token or replaces the one with its hash.
	SaveAdminToken(t AdminToken)
	// SaveLogo replaces the merchant's logo; the zero Logo removes it.
	SaveLogo(m id.Merchant, l Logo)
}

// Store keeps merchants and what they prove themselves with.
type Store interface {
	// InTx commits what fn queues, all or nothing.
	InTx(ctx context.Context, fn func(Tx)) error
	// Merchant returns a merchant; an unknown one is fault.NoSuchThing.
	Merchant(ctx context.Context, m id.Merchant) (Merchant, error)
	// CredentialByKey returns a credential, revoked or not, by its public key;
	// the secret is still sealed. Unknown keys are fault.NoSuchThing.
	CredentialByKey(ctx context.Context, key string) (Credential, error)
	// Credentials returns all credentials of a merchant, oldest first.
	Credentials(ctx context.Context, m id.Merchant) ([]Credential, error)
	// AdminTokenByHash returns an admin token; unknown ones are fault.NoSuchThing.
	AdminTokenByHash(ctx context.Context, hash [32]byte) (AdminToken, error)
	// AdminTokens returns all admin tokens of a merchant, oldest first.
	AdminTokens(ctx context.Context, m id.Merchant) ([]AdminToken, error)
	// CredentialUses returns when each credential of a merchant was last used, as
	// far as it is known.
	CredentialUses(ctx context.Context, m id.Merchant) (map[id.Credential]time.Time, error)
	Lister
}

// Lister reads a merchant's lists in pages of 1 to 100, each with the cursor of
// the next page, empty at the end. A cursor that the list did not hand out is
// fault.ValidationError on "cursor".
type Lister interface {
	// CredentialPage pages through credentials, oldest first.
	CredentialPage(ctx context.Context, m id.Merchant, cursor string, limit int) ([]Credential, string, error)
	// AdminTokenPage pages through admin tokens, oldest first.
	AdminTokenPage(ctx context.Context, m id.Merchant, cursor string, limit int) ([]AdminToken, string, error)
}

// AdminToken lets a person or a script of a merchant use the admin API. Only the
// SHA-256 of the token is kept: it is random, so a plain hash is enough.
type AdminToken struct {
	Hash       [32]byte
	MerchantID id.Merchant
	Name       string
	Role       Role
	// CreatedAt is zero for tokens that are older than this field.
	CreatedAt time.Time
	// RevokedAt is when it stopped working; zero while it works.
	RevokedAt time.Time
}

// Handle names the token without telling it: the first half of a UUID's worth of
// its hash.
func (t AdminToken) Handle() string { return hex.EncodeToString(t.Hash[:8]) }

// Role is what an admin token may do.
type Role string

// The roles, from all to least.
const (
	// RoleOwner may do everything.
	RoleOwner Role = "owner"
	// RoleDeveloper looks after what is built on the API: keys, POSes, webhooks.
	RoleDeveloper Role = "developer"
	// RoleSupport looks after payments.
	RoleSupport Role = "support"
	// RoleViewer only looks.
	RoleViewer Role = "viewer"
)
