package sqlstore

import (
	"context"
	"fmt"

	"github.com/vezne/vezne/internal/fault"
	"github.com/vezne/vezne/internal/id"
	"github.com/vezne/vezne/internal/storage"
	"github.com/vezne/vezne/internal/vault"
)

// sealedColumn is a column whose values are sealed under data keys of the row's
// merchant, in a table whose key is the merchant and one number.
type sealedColumn struct {
	table, number, column string
	purpose               vault.Purpose
	// bound is the expression of vault.Subject's Bound, empty if the row says enough.
	bound string
	// optional says that the column is NULL where there is nothing; the index that
	// finds the others has the rows of the page's order.
	optional bool
	// cached says that nodes keep the row in memory.
	cached bool
}

// sealedColumns lists every such column. A test compares it with the schema.
func sealedColumns() []sealedColumn {
	return []sealedColumn{
		{table: "credential", number: "id", column: "sealed_secret", purpose: vault.PurposeCredential, bound: "key", cached: true},
		{table: "pos", number: "id", column: "sealed_settings", purpose: vault.PurposePOS, bound: "connector", cached: true},
		{table: "webhook_endpoint", number: "id", column: "sealed_secret", purpose: vault.PurposeWebhook},
		{table: "webhook_endpoint", number: "id", column: "sealed_previous", purpose: vault.PurposeWebhook},
		{table: "admin_user", number: "id", column: "sealed_totp", purpose: vault.PurposeTOTP},
		{table: "stored_card", number: "id", column: "sealed_pan", purpose: vault.PurposeCard, bound: "token || ' ' || sealed_for"},
		{table: "threeds_session", number: "payment_id", column: "sealed_form", purpose: vault.PurposeThreeDSForm},
		{table: "threeds_session", number: "payment_id", column: "sealed_proof", purpose: vault.PurposeThreeDSProof},
		{table: "threeds_session", number: "payment_id", column: "sealed_memo", purpose: vault.PurposeThreeDSMemo, optional: true},
		{table: "operation", number: "id", column: "sealed_memo", purpose: vault.PurposeMemo, optional: true},
	}
}

func (c sealedColumn) name() string { return c.table + "." + c.column }

// The statements of one column. Its names are constants of this file.
func (c sealedColumn) page() string {
	bound := "''"
	if c.bound != "" {
		bound = c.bound
	}
	return `SELECT merchant_id, ` + c.number + `, ` + bound + `, ` + c.column + ` FROM ` + c.table + `
	WHERE (merchant_id, ` + c.number + `) > ($1, $2)` + c.present(" AND ") + ` ORDER BY merchant_id, ` + c.number + ` LIMIT $3`
}

func (c sealedColumn) count() string { return `SELECT COUNT(*) FROM ` + c.table + c.present(" WHERE ") }

// present is the condition that there is a value, after the word that joins it.
func (c sealedColumn) present(word string) string {
	if !c.optional {
		return ""
	}
	return word + c.column + " IS NOT NULL"
}

func (c sealedColumn) replace() string {
	return `UPDATE ` + c.table + ` SET ` + c.column + ` = $4
	WHERE merchant_id = $1 AND ` + c.number + ` = $2 AND ` + c.column + ` = $3`
}

// Sealed reads and replaces sealed values, and adds and removes the keys that
// sealed them. It implements vault.SealedStore and vault.KeyringStore.
type Sealed struct{ db *storage.DB }

var (
	_ vault.SealedStore  = (*Sealed)(nil)
	_ vault.KeyringStore = (*Sealed)(nil)
)

// NewSealed returns the sealed values of db.
func NewSealed(db *storage.DB) *Sealed { return &Sealed{db: db} }

// SealedColumns implements vault.SealedStore.
func (s *Sealed) SealedColumns() []vault.SealedColumn {
	var all []vault.SealedColumn
	for _, c := range sealedColumns() {
		all = append(all, vault.SealedColumn{Name: c.name(), Purpose: c.purpose})
	}
	return all
}

// column panics for a name that SealedColumns does not have.
func (s *Sealed) column(name string) sealedColumn {
	for _, c := range sealedColumns() {
		if c.name() == name {
			return c
		}
	}
	panic("sqlstore: no sealed column " + name)
}

// CountSealed implements vault.SealedStore.
func (s *Sealed) CountSealed(ctx context.Context, column string) (int64, error) {
	n, err := one(ctx, s.db, readCount, s.column(column).count())
	return n, wrapped(err, "count "+column)
}

func readCount(s storage.Scanner) (n int64, err error) { return n, s.Scan(&n) }

// SealedValues implements vault.SealedStore.
func (s *Sealed) SealedValues(
	ctx context.Context, column string, after vault.Row, limit int,
) ([]vault.SealedValue, error) {
	all, err := many(ctx, s.db, readSealed, s.column(column).page(), int64(after.MerchantID), after.ID, int64(limit))
	return all, wrapped(err, "read "+column)
}

func readSealed(s storage.Scanner) (vault.SealedValue, error) {
	var owner int64
	var v vault.SealedValue
	err := s.Scan(&owner, &v.ID, &v.Bound, &v.Sealed)
	v.MerchantID = id.Merchant(owner)
	return v, err
}

// ReplaceSealed implements vault.SealedStore.
func (s *Sealed) ReplaceSealed(ctx context.Context, column string, values []vault.Resealed) error {
	c := s.column(column)
	sql := c.replace()
	return wrapped(inTx(ctx, s.db, func(t *tx) {
		for _, v := range values {
			t.add(sql, int64(v.MerchantID), v.ID, v.Old, v.New)
		}
		t.configured = c.cached
	}), "replace "+column)
}

const (
	everyDataKey = `(SELECT merchant_id, sealed FROM data_key UNION ALL SELECT merchant_id, sealed FROM fingerprint_key) k`

	// The first five bytes name the key of the keyset.
	keyUses = `SELECT substr(k.sealed, 1, 5) AS prefix, COUNT(*), MIN(k.merchant_id) FROM ` + everyDataKey + `
	GROUP BY substr(k.sealed, 1, 5) ORDER BY prefix`
	keyedMerchants = `SELECT DISTINCT merchant_id FROM data_key WHERE merchant_id > $1 ORDER BY merchant_id LIMIT $2`

	retireDataKeys     = `DELETE FROM data_key WHERE merchant_id = $1 AND number < $2`
	saveFingerprintKey = `INSERT INTO fingerprint_key (merchant_id, sealed, created_at) VALUES ($1, $2, $3)
	ON CONFLICT (merchant_id) DO UPDATE SET sealed = excluded.sealed`
	holdsRotation = `UPDATE key_rotation SET updated_at = $1 WHERE id = 1 AND holder = $2 AND key_id = $3`
)

// KeyUses implements vault.KeyringStore.
func (s *Sealed) KeyUses(ctx context.Context) ([]vault.KeyUse, error) {
	all, err := many(ctx, s.db, func(row storage.Scanner) (u vault.KeyUse, err error) {
		var prefix []byte
		var sample int64
		err = row.Scan(&prefix, &u.DataKeys, &sample)
		u.KeyID, u.Sample = vault.SealedUnder(prefix), id.Merchant(sample)
		return u, err
	}, keyUses)
	return all, wrapped(err, "keys in use")
}

// Keyed implements vault.KeyringStore.
func (s *Sealed) Keyed(ctx context.Context, after id.Merchant, limit int) ([]id.Merchant, error) {
	all, err := many(ctx, s.db, readMerchantID, keyedMerchants, int64(after), int64(limit))
	return all, wrapped(err, "merchants with data keys")
}

// AddDataKeys implements vault.KeyringStore.
func (s *Sealed) AddDataKeys(ctx context.Context, keys []vault.DataKey) error {
	return wrapped(inTx(ctx, s.db, func(t *tx) {
		for _, k := range keys {
			t.add(insertDataKey, dataKeyTable.inserting(k)...)
		}
		t.configured = true
	}), fmt.Sprintf("add %d data keys", len(keys)))
}

// RetireDataKeys implements vault.KeyringStore.
func (s *Sealed) RetireDataKeys(ctx context.Context, r vault.Rotation, fresh, fingerprint vault.DataKey) error {
	return wrapped(inTx(ctx, s.db, func(t *tx) {
		t.batch = append(t.batch, storage.Statement{
			SQL: holdsRotation, Args: []any{micros(r.UpdatedAt), r.Holder, int64(r.KeyID)}, Rows: 1, Missed: fault.StaleVersion,
		})
		t.add(saveFingerprintKey, int64(fingerprint.MerchantID), notNil(fingerprint.Sealed), micros(fingerprint.CreatedAt))
		t.add(retireDataKeys, int64(fresh.MerchantID), int64(fresh.Number))
		t.configured = true
	}), fmt.Sprintf("retire data keys of merchant %d", fresh.MerchantID))
}
