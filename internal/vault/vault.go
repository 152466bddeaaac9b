// Package vault seals what must not be readable at rest: card numbers, API
// secrets and bank settings, each merchant's under data keys of its own, which
// are themselves sealed by a Tink keyset. Security codes never come here.
package vault

import (
	"context"

	"github.com/vezne/vezne/internal/card"
	"github.com/vezne/vezne/internal/id"
)

// Purpose separates what is sealed, so that a sealed value of one kind cannot be
// passed off as another (it is part of the authenticated data).
type Purpose string

// The purposes.
const (
	PurposeCredential Purpose = "credential"
	PurposePOS        Purpose = "pos"
	PurposeCard       Purpose = "card"
	PurposeThreeDS    Purpose = "threeds"
	PurposeMemo       Purpose = "memo" // what a bank wants back later
	PurposeTOTP       Purpose = "totp"
	PurposeWebhook    Purpose = "webhook"
	PurposeEphemeral  Purpose = "ephemeral"
)

// Sealer seals and opens values of one merchant. Opening a value that was sealed
// for another merchant or purpose fails.
type Sealer interface {
	Seal(ctx context.Context, m id.Merchant, p Purpose, plain []byte) ([]byte, error)
	Open(ctx context.Context, m id.Merchant, p Purpose, sealed []byte) ([]byte, error)
}

// Fingerprinter tells equal cards of one merchant apart from others by a keyed
// hash; equal cards of two merchants have different fingerprints.
type Fingerprinter interface {
	Fingerprint(ctx context.Context, m id.Merchant, p card.PAN) (string, error)
}
