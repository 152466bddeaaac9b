package vault

import (
	"context"
	"time"

	"github.com/vezne/vezne/internal/card"
	"github.com/vezne/vezne/internal/id"
)

// DataKey is a merchant's key, sealed by the keyset.
type DataKey struct {
	MerchantID id.Merchant
	// Number counts a merchant's keys from 1; new values are sealed under the
	// highest. FingerprintNumber is the fingerprint key.
	Number    int
	Sealed    []byte
	CreatedAt time.Time
}

// StoredCard is a card number at rest.
type StoredCard struct {
	ID         id.Card
	MerchantID id.Merchant
	// CustomerRef is whose card it is, in the merchant's words; empty for nobody's.
	CustomerRef string
	// SealedFor is whose card it was made to become: the number opens for nobody else.
	SealedFor string
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

// MaxCustomerCards is how many cards one customer of a merchant may have: more
// than a person carries, and a bound on what one page lists.
const MaxCustomerCards = 10

// Tx queues the writes of one commit about stored cards.
type Tx interface {
	// AddCard adds a stored card. A token or an id that exists fails the commit
	// with fault.DuplicateKey.
	AddCard(c StoredCard)
	// GiveCard makes a stored card that of a customer, in place of an older one
	// with the same number, and forgets all but the newest MaxCustomerCards of the
	// customer. A card that is not there is not given. The commit fails with
	// fault.StaleVersion if another gives the same card at the same moment.
	GiveCard(m id.Merchant, c id.Card, customerRef string)
	// ForgetCard deletes a stored card for good, if it is there.
	ForgetCard(m id.Merchant, c id.Card)
}

// Store keeps data keys and stored cards.
type Store interface {
	KeyStore
	CardStore
}

// KeyStore keeps data keys.
type KeyStore interface {
	// DataKeys returns a merchant's keys as of one moment, lowest number first.
	DataKeys(ctx context.Context, m id.Merchant) ([]DataKey, error)
	// AddDataKey adds a key; a number that exists is fault.DuplicateKey.
	AddDataKey(ctx context.Context, k DataKey) error
}

// CardStore keeps stored cards.
type CardStore interface {
	// AddCard adds a stored card.
	AddCard(ctx context.Context, c StoredCard) error
	// CardByToken returns a merchant's stored card; others are fault.NoSuchThing.
	CardByToken(ctx context.Context, m id.Merchant, token string) (StoredCard, error)
	// CustomerCards returns up to MaxCustomerCards cards of a merchant's customer
	// that are valid in the month, newest first.
	CustomerCards(ctx context.Context, m id.Merchant, customerRef string, valid card.Expiry) ([]StoredCard, error)
	// DeleteCard forgets a stored card for good.
	DeleteCard(ctx context.Context, m id.Merchant, c id.Card) error
}
