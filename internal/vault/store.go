package vault

import (
	"context"
	"time"

	"github.com/vezne/vezne/internal/id"
)

// DataKey is a merchant's key, sealed by the keyset.
type DataKey struct {
	MerchantID id.Merchant
	// Number counts a merchant's keys from 1; new values are sealed under the
	// highest.
	Number    int
	Sealed    []byte
	CreatedAt time.Time
}

// StoredCard is a card number at rest.
type StoredCard struct {
	ID         id.Card
	MerchantID id.Merchant
	// Token is how the outside names the card: random, and useless elsewhere.
	Token string
	// SealedPAN is the card number under PurposeCard.
	SealedPAN   []byte
	Fingerprint string
	BIN         string // up to eight leading digits
	Last4       string
	ExpiryMonth int
	ExpiryYear  int // four digits
	Holder      string
	CreatedAt   time.Time
}

// Store keeps data keys and stored cards.
type Store interface {
	// DataKeys returns a merchant's keys, lowest number first.
	DataKeys(ctx context.Context, m id.Merchant) ([]DataKey, error)
	// AddDataKey adds a key; a number that exists is fault.DuplicateKey.
	AddDataKey(ctx context.Context, k DataKey) error
	// AddCard adds a stored card.
	AddCard(ctx context.Context, c StoredCard) error
	// CardByToken returns a merchant's stored card; others are fault.NoSuchThing.
	CardByToken(ctx context.Context, m id.Merchant, token string) (StoredCard, error)
	// DeleteCard forgets a stored card for good.
	DeleteCard(ctx context.Context, m id.Merchant, c id.Card) error
}
