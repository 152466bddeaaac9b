package vault

import (
	"context"
	"crypto/rand"
	"crypto/subtle"
	"fmt"
	"time"

	"github.com/vezne/vezne/internal/card"
	"github.com/vezne/vezne/internal/id"
)

// tokenPrefix tells people and log scanners what a token is.
const tokenPrefix = "card_"

// Details are what may be stored of a card. There is no room for a security
// code: PCI DSS 3.3 forbids keeping it.
type Details struct {
	PAN    card.PAN
	Expiry card.Expiry
	Holder string
}

// Owner is whose card it is, or shall be once it was paid with.
type Owner struct {
	MerchantID id.Merchant
	// CustomerRef is the merchant's word for its customer, empty for nobody.
	CustomerRef string
}

// StoreCard seals a card for its owner and returns what was stored, with a
// new token of 130 random bits. Storing a card twice gives two tokens with
// one fingerprint.
func (v *Vault) StoreCard(ctx context.Context, o Owner, d Details) (StoredCard, error) {
	c, err := v.NewCard(ctx, o, d)
	if err != nil {
		return StoredCard{}, fmt.Errorf("store card: %w", err)
	}
	if err := v.store.AddCard(ctx, c); err != nil {
		return StoredCard{}, fmt.Errorf("store card: %w", err)
	}
	return c, nil
}

// NewCard is StoreCard for a commit of the caller's own, which adds the card by
// Tx: nothing is stored yet.
func (v *Vault) NewCard(ctx context.Context, o Owner, d Details) (StoredCard, error) {
	n, err := id.Next[id.Card](ctx, v.ids, id.NounCard)
	if err != nil {
		return StoredCard{}, fmt.Errorf("new card id: %w", err)
	}
	fingerprint, err := v.Fingerprint(ctx, o.MerchantID, d.PAN)
	if err != nil {
		return StoredCard{}, fmt.Errorf("seal card: %w", err)
	}
	c := StoredCard{
		ID:          n,
		MerchantID:  o.MerchantID,
		SealedFor:   o.CustomerRef,
		Token:       tokenPrefix + rand.Text(),
		Fingerprint: fingerprint,
		BIN:         d.PAN.StoredBIN(),
		Last4:       d.PAN.Last4(),
		ExpiryMonth: int(d.Expiry.Month),
		ExpiryYear:  d.Expiry.Year,
		Holder:      d.Holder,
		CreatedAt:   v.clock.Now(),
	}
	if c.SealedPAN, err = v.Seal(ctx, c.subject(), []byte(d.PAN.Reveal())); err != nil {
		return StoredCard{}, fmt.Errorf("seal card: %w", err)
	}
	return c, nil
}

// subject is what the card's number is sealed for: its row, its token, and whose it is.
func (c StoredCard) subject() Subject {
	return Subject{MerchantID: c.MerchantID, Purpose: PurposeCard, ID: int64(c.ID), Bound: c.Token + " " + c.SealedFor}
}

// OpenCard returns the merchant's stored card behind the token. An unknown token
// and another merchant's are fault.NoSuchThing; a row whose sealed number is not
// the one that its fingerprint tells of is ErrSealed.
func (v *Vault) OpenCard(ctx context.Context, m id.Merchant, token string) (Details, error) {
	c, err := v.store.CardByToken(ctx, m, token)
	if err != nil {
		return Details{}, fmt.Errorf("open card: %w", err)
	}
	return v.OpenStored(ctx, c)
}

// OpenStored returns what a row of the store holds; one whose sealed number is
// not the one that its fingerprint tells of is ErrSealed.
func (v *Vault) OpenStored(ctx context.Context, c StoredCard) (Details, error) {
	m := c.MerchantID
	if c.CustomerRef != "" && c.CustomerRef != c.SealedFor {
		return Details{}, fmt.Errorf("open card %d: %w", c.ID, ErrSealed)
	}
	plain, err := v.Open(ctx, c.subject(), c.SealedPAN)
	if err != nil {
		return Details{}, fmt.Errorf("open card %d: %w", c.ID, err)
	}
	defer clear(plain)
	pan, err := card.ParsePAN(string(plain))
	if err != nil {
		return Details{}, fmt.Errorf("open card %d: %w", c.ID, ErrSealed)
	}
	fingerprint, err := v.Fingerprint(ctx, m, pan)
	if err != nil {
		return Details{}, fmt.Errorf("open card %d: %w", c.ID, err)
	}
	if subtle.ConstantTimeCompare([]byte(fingerprint), []byte(c.Fingerprint)) != 1 {
		return Details{}, fmt.Errorf("open card %d: %w", c.ID, ErrSealed)
	}
	return Details{PAN: pan, Expiry: c.Expiry(), Holder: c.Holder}, nil
}

// Expiry returns the last month in which the card is valid.
func (c StoredCard) Expiry() card.Expiry {
	return card.Expiry{Year: c.ExpiryYear, Month: time.Month(c.ExpiryMonth)}
}

// DeleteCard forgets the merchant's stored card behind the token for good; an
// unknown token is fault.NoSuchThing.
func (v *Vault) DeleteCard(ctx context.Context, m id.Merchant, token string) error {
	c, err := v.store.CardByToken(ctx, m, token)
	if err != nil {
		return fmt.Errorf("delete card: %w", err)
	}
	if err := v.store.DeleteCard(ctx, m, c.ID); err != nil {
		return fmt.Errorf("delete card %d: %w", c.ID, err)
	}
	return nil
}
