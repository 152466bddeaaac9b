package merchant

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"crypto/subtle"
	"fmt"
	"strconv"

	"github.com/vezne/vezne/internal/clock"
	"github.com/vezne/vezne/internal/fault"
	"github.com/vezne/vezne/internal/id"
	"github.com/vezne/vezne/internal/secret"
)

// maxProofLen bounds the API keys and tokens that are looked up. Ours are shorter;
// a longer one would only fill the memory that remembers unknown keys.
const maxProofLen = 128

// AdminPrincipal is a caller who proved to hold an admin token.
type AdminPrincipal struct {
	MerchantID id.Merchant
	Name       string
	Role       Role
	// Actor names the caller in audit records: "admin:Demo", "user:7".
	Actor string
	// UserID and SessionID are zero for a token.
	UserID    id.User
	SessionID id.AdminSession
}

// Accounts finds accounts by API keys. Implementations cache.
type Accounts interface {
	// Get returns the account of an API key; an unknown one is fault.NoSuchThing.
	Get(ctx context.Context, key string) (Account, error)
}

// AdminAccounts finds accounts by admin tokens. Implementations cache.
type AdminAccounts interface {
	// Get returns the account of the token with a SHA-256; an unknown one is
	// fault.NoSuchThing.
	Get(ctx context.Context, hash [32]byte) (AdminAccount, error)
}

// Directory proves who calls. It is safe for concurrent use. How soon it notices
// that a credential was revoked is its caches' affair.
type Directory struct {
	accounts Accounts
	admins   AdminAccounts
	clock    clock.Clock
	uses     *Uses
	// dummy takes the place of the secret when there is none.
	dummy secret.Bytes
}

// NewDirectory returns a Directory over caches that a Loader fills. It notes in
// uses which credentials are used.
func NewDirectory(a Accounts, admins AdminAccounts, c clock.Clock, uses *Uses) *Directory {
	return &Directory{accounts: a, admins: admins, clock: c, uses: uses, dummy: secret.FromString(rand.Text())}
}

// Authenticate returns the merchant's server that an API key and secret belong to.
// An unknown key, a wrong secret, a revoked credential and an inactive merchant
// are one and the same fault of kind Unauthenticated and take the same steps, so
// that nobody can find out which keys exist.
func (d *Directory) Authenticate(ctx context.Context, apiKey, apiSecret string) (Principal, error) {
	a, err := d.account(ctx, apiKey)
	if err != nil {
		return Principal{}, fmt.Errorf("authenticate: %w", err)
	}
	now := d.clock.Now()
	usable := a.Usable && (a.Until.IsZero() || now.Before(a.Until))
	want := a.Secret
	if !usable {
		want = d.dummy
	}
	if !equal(want, apiSecret) || !usable {
		return Principal{}, unauthorized()
	}
	d.uses.Note(a.MerchantID, a.CredentialID, now)
	return Principal{
		MerchantID:   a.MerchantID,
		CredentialID: a.CredentialID,
		Scopes:       a.Scopes,
		Actor:        "credential:" + strconv.FormatInt(int64(a.CredentialID), 10),
	}, nil
}

// equal compares hashes, because a comparison of the secrets themselves would
// tell their length.
func equal(want secret.Bytes, given string) bool {
	a, b := sha256.Sum256(want.Reveal()), sha256.Sum256([]byte(given))
	return subtle.ConstantTimeCompare(a[:], b[:]) == 1
}

// account returns an account that is not usable for a key that does not exist.
func (d *Directory) account(ctx context.Context, key string) (Account, error) {
	if key == "" || len(key) > maxProofLen {
		return Account{}, nil
	}
	a, err := d.accounts.Get(ctx, key)
	if fault.KindOf(err) == fault.NotFound {
		return Account{}, nil
	}
	return a, err
}

// AuthenticateAdmin returns whose admin token it is. Tokens are found by their
// SHA-256, so the time that it takes tells nothing about them. All refusals are
// one fault of kind Unauthenticated.
func (d *Directory) AuthenticateAdmin(ctx context.Context, token string) (AdminPrincipal, error) {
	if token == "" || len(token) > maxProofLen {
		return AdminPrincipal{}, unauthorized()
	}
	a, err := d.admins.Get(ctx, sha256.Sum256([]byte(token)))
	if err != nil && fault.KindOf(err) != fault.NotFound {
		return AdminPrincipal{}, fmt.Errorf("authenticate admin: %w", err)
	}
	if err != nil || !a.Usable {
		return AdminPrincipal{}, unauthorized()
	}
	t := a.Token
	return AdminPrincipal{MerchantID: t.MerchantID, Name: t.Name, Role: t.Role, Actor: "admin:" + t.Name}, nil
}

func unauthorized() *fault.Error {
	return fault.New(fault.Unauthenticated, fault.Unauthorized, "the credentials are missing or wrong")
}
