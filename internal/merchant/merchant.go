// Package merchant knows the tenants and the credentials with which their
// servers prove who they are.
package merchant

import (
	"time"

	"github.com/vezne/vezne/internal/id"
	"github.com/vezne/vezne/internal/pos"
	"github.com/vezne/vezne/internal/secret"
)

// Merchant is a tenant; every other record belongs to one.
type Merchant struct {
	ID id.Merchant
	// Version grows with every change.
	Version   int
	Name      string
	Active    bool
	CreatedAt time.Time
	// HalfSecure says that 3-D Secure authentications with an mdStatus of 2 to 4
	// (payer or bank not enrolled, or only attempted) are good enough.
	HalfSecure bool
	// ThreeDS says which cards are charged with 3-D Secure alone, whatever the POS.
	ThreeDS  pos.ThreeDS
	Checkout Checkout
	// Logo is the name of the merchant's Logo, empty for none. It is only read:
	// SaveLogo changes it.
	Logo string
	// Hosts are the only hosts to which shoppers and callbacks may be sent,
	// separated by spaces; empty means any.
	Hosts string
}

// Checkout is how the hosted page serves a merchant's shoppers.
type Checkout struct {
	// Without3DS charges cards at once, unless their bank asks for more.
	Without3DS bool
	// Frames are the origins whose pages may show the hosted page in a frame,
	// separated by spaces; empty means none.
	Frames string
	// WithoutSavedCards neither keeps cards of customers nor offers those that were
	// kept before.
	WithoutSavedCards bool
	// Life is how long a shopper may begin to pay; zero means a day.
	Life time.Duration
}

// Credential is an API key and its secret. A merchant may have several.
type Credential struct {
	ID         id.Credential
	MerchantID id.Merchant
	// Version grows with every change.
	Version int
	Name    string
	// Scopes are what the key may do.
	Scopes Scopes
	// Key is the public half, unique over all merchants.
	Key string
	// SealedSecret is the secret half at rest. It is sealed and not hashed,
	// because signed requests need the secret itself.
	SealedSecret []byte
	// Secret is the opened secret; it is never stored.
	Secret    secret.Bytes
	CreatedAt time.Time
	// RevokedAt is when it stopped working, or will: a credential that was rotated
	// goes on for a while. Zero while there is no such time.
	RevokedAt time.Time
}

// Working reports whether the credential works at a moment.
func (c Credential) Working(at time.Time) bool { return c.RevokedAt.IsZero() || at.Before(c.RevokedAt) }

// Principal is a caller who proved to be acting for a merchant.
type Principal struct {
	MerchantID   id.Merchant
	CredentialID id.Credential
	Scopes       Scopes
	// Actor names the caller in audit records: "credential:7".
	Actor string
}
