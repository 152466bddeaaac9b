package sqlstore

import (
	"context"
	"fmt"
	"time"

	"github.com/vezne/vezne/internal/card"
	"github.com/vezne/vezne/internal/fault"
	"github.com/vezne/vezne/internal/id"
	"github.com/vezne/vezne/internal/storage"
	"github.com/vezne/vezne/internal/vault"
)

// Vault keeps data keys and stored cards. It implements vault.Store.
type Vault struct{ db *storage.DB }

var _ vault.Store = (*Vault)(nil)

// NewVault returns the vault tables of db.
func NewVault(db *storage.DB) *Vault { return &Vault{db: db} }

var dataKeyTable = newTable(&table[vault.DataKey]{
	name: "data_key",
	keys: []column[vault.DataKey]{
		number("merchant_id", func(k *vault.DataKey) *id.Merchant { return &k.MerchantID }),
		number("number", func(k *vault.DataKey) *int { return &k.Number }),
	},
	fixed: []column[vault.DataKey]{
		blob("sealed", func(k *vault.DataKey) *[]byte { return &k.Sealed }),
		moment("created_at", func(k *vault.DataKey) *time.Time { return &k.CreatedAt }),
	},
})

var cardTable = newTable(&table[vault.StoredCard]{
	name: "stored_card",
	keys: []column[vault.StoredCard]{
		number("merchant_id", func(c *vault.StoredCard) *id.Merchant { return &c.MerchantID }),
		number("id", func(c *vault.StoredCard) *id.Card { return &c.ID }),
	},
	fixed: []column[vault.StoredCard]{
		text("token", func(c *vault.StoredCard) *string { return &c.Token }),
		blob("sealed_pan", func(c *vault.StoredCard) *[]byte { return &c.SealedPAN }),
		text("fingerprint", func(c *vault.StoredCard) *string { return &c.Fingerprint }),
		text("bin", func(c *vault.StoredCard) *string { return &c.BIN }),
		text("last4", func(c *vault.StoredCard) *string { return &c.Last4 }),
		number("expiry_month", func(c *vault.StoredCard) *int { return &c.ExpiryMonth }),
		number("expiry_year", func(c *vault.StoredCard) *int { return &c.ExpiryYear }),
		text("holder", func(c *vault.StoredCard) *string { return &c.Holder }),
		moment("created_at", func(c *vault.StoredCard) *time.Time { return &c.CreatedAt }),
		text("customer_ref", func(c *vault.StoredCard) *string { return &c.CustomerRef }),
		text("sealed_for", func(c *vault.StoredCard) *string { return &c.SealedFor }),
	},
})

var (
	insertDataKey = dataKeyTable.insertion()
	// In one statement, so that a rotation cannot take the first data key away and
	// put the fingerprint key there between two.
	dataKeysOf = "SELECT merchant_id, 0 AS number, sealed, created_at FROM fingerprint_key WHERE merchant_id = $1" +
		" UNION ALL " + dataKeyTable.selecting("WHERE merchant_id = $1 ORDER BY number")

	insertCard    = cardTable.insertion()
	cardByToken   = cardTable.selecting("WHERE merchant_id = $1 AND token = $2")
	cardsOfPerson = cardTable.selecting("WHERE merchant_id = $1 AND customer_ref = $2" +
		" AND expiry_year * 12 + expiry_month >= $3 ORDER BY created_at DESC, id DESC LIMIT $4")
)

const deleteCard = `DELETE FROM stored_card WHERE merchant_id = $1 AND id = $2`

// DataKeys implements vault.Store.
func (v *Vault) DataKeys(ctx context.Context, m id.Merchant) ([]vault.DataKey, error) {
	all, err := many(ctx, v.db, dataKeyTable.reader(), dataKeysOf, int64(m))
	if err != nil {
		return nil, fmt.Errorf("data keys of merchant %d: %w", m, err)
	}
	return all, nil
}

// AddDataKey implements vault.Store.
func (v *Vault) AddDataKey(ctx context.Context, k vault.DataKey) error {
	err := inTx(ctx, v.db, func(t *tx) { t.add(insertDataKey, dataKeyTable.inserting(k)...) })
	if err != nil {
		return fmt.Errorf("add data key %d of merchant %d: %w", k.Number, k.MerchantID, err)
	}
	return nil
}

// AddCard implements vault.Store. A token or an id that exists is
// fault.DuplicateKey.
func (v *Vault) AddCard(ctx context.Context, c vault.StoredCard) error {
	err := inTx(ctx, v.db, func(t *tx) { t.AddCard(c) })
	if err != nil {
		return fmt.Errorf("add stored card %d: %w", c.ID, err)
	}
	return nil
}

// AddCard implements vault.Tx.
func (t *tx) AddCard(c vault.StoredCard) { t.add(insertCard, cardTable.inserting(c)...) }

const (
	// forgetSameCard makes room for a card whose number the customer already has.
	forgetSameCard = `DELETE FROM stored_card WHERE merchant_id = $1 AND customer_ref = $2 AND id <> $3
	AND fingerprint = (SELECT fingerprint FROM stored_card WHERE merchant_id = $1 AND id = $3)`
	giveCard       = `UPDATE stored_card SET customer_ref = $2 WHERE merchant_id = $1 AND id = $3`
	forgetOldCards = `DELETE FROM stored_card WHERE merchant_id = $1 AND customer_ref = $2 AND id NOT IN (
		SELECT id FROM stored_card WHERE merchant_id = $1 AND customer_ref = $2 ORDER BY created_at DESC, id DESC LIMIT $3)`
)

// GiveCard implements vault.Tx.
func (t *tx) GiveCard(m id.Merchant, c id.Card, customerRef string) {
	t.add(forgetSameCard, int64(m), customerRef, int64(c))
	t.batch = append(t.batch, storage.Statement{
		SQL: giveCard, Args: []any{int64(m), customerRef, int64(c)}, Duplicate: fault.StaleVersion,
	})
	t.add(forgetOldCards, int64(m), customerRef, int64(vault.MaxCustomerCards))
}

// ForgetCard implements vault.Tx.
func (t *tx) ForgetCard(m id.Merchant, c id.Card) { t.add(deleteCard, int64(m), int64(c)) }

// CustomerCards implements vault.Store.
func (v *Vault) CustomerCards(
	ctx context.Context, m id.Merchant, customerRef string, valid card.Expiry,
) ([]vault.StoredCard, error) {
	const months = 12
	all, err := many(ctx, v.db, cardTable.reader(), cardsOfPerson, int64(m), customerRef,
		int64(valid.Year)*months+int64(valid.Month), int64(vault.MaxCustomerCards))
	if err != nil {
		return nil, fmt.Errorf("stored cards of customer: %w", err)
	}
	return all, nil
}

// CardByToken implements vault.Store.
func (v *Vault) CardByToken(ctx context.Context, m id.Merchant, token string) (vault.StoredCard, error) {
	c, err := one(ctx, v.db, cardTable.reader(), cardByToken, int64(m), token)
	if err != nil {
		return c, fmt.Errorf("stored card: %w", err)
	}
	return c, nil
}

// DeleteCard implements vault.Store; a card that the merchant does not have is
// fault.NoSuchThing.
func (v *Vault) DeleteCard(ctx context.Context, m id.Merchant, c id.Card) error {
	err := v.db.Commit(ctx, storage.Batch{{
		SQL: deleteCard, Args: []any{int64(m), int64(c)}, Rows: 1, Missed: fault.NoSuchThing,
	}})
	if err == nil {
		return nil
	}
	if fault.CodeOf(err) == fault.NoSuchThing {
		err = errNone() // nothing is in conflict: there is no such card
	}
	return fmt.Errorf("delete stored card %d: %w", c, err)
}
