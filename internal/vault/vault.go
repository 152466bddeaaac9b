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
	// PurposeThreeDSForm is the way to the bank, PurposeThreeDSProof what the bank vouched
	// for, PurposeThreeDSMemo what it wants back with its return.
	PurposeThreeDSForm  Purpose = "threeds_form"
	PurposeThreeDSProof Purpose = "threeds_proof"
	PurposeThreeDSMemo  Purpose = "threeds_memo"
	// PurposeMemo is what a bank wants back with follow-ups of an operation.
	PurposeMemo      Purpose = "memo"
	PurposeTOTP      Purpose = "totp"
	PurposeWebhook   Purpose = "webhook"
	PurposeEphemeral Purpose = "ephemeral"
)

// Subject is what a sealed value belongs to. It is part of the authenticated data, so
// that whoever may write to the database can pass no value off as another one's: not
// another merchant's, another kind's, nor another row's.
type Subject struct {
	MerchantID id.Merchant
	Purpose    Purpose
	// ID is the number of the row, zero for what is in no table.
	ID int64
	// Bound is what else in the row says whose the value is, empty if nothing does: of
	// an API secret its key, of a card its token and customer, of settings their
	// connector. It must be sealed anew when that changes.
	Bound string
}

// Sealer seals and opens values. Opening a value that was sealed for another subject
// fails.
type Sealer interface {
	Seal(ctx context.Context, s Subject, plain []byte) ([]byte, error)
	Open(ctx context.Context, s Subject, sealed []byte) ([]byte, error)
}

// Fingerprinter tells equal cards of one merchant apart from others by a keyed
// hash; equal cards of two merchants have different fingerprints.
type Fingerprinter interface {
	Fingerprint(ctx context.Context, m id.Merchant, p card.PAN) (string, error)
}
