package sqlstore

import (
	"context"
	"fmt"
	"time"

	"github.com/vezne/vezne/internal/audit"
	"github.com/vezne/vezne/internal/fault"
	"github.com/vezne/vezne/internal/id"
	"github.com/vezne/vezne/internal/storage"
)

var _ audit.BlockStore = (*Audit)(nil)

var blockTable = newTable(&table[audit.Block]{
	name: "audit_block",
	keys: []column[audit.Block]{
		number("merchant_id", func(b *audit.Block) *id.Merchant { return &b.MerchantID }),
		number("number", func(b *audit.Block) *int64 { return &b.Number }),
	},
	fixed: []column[audit.Block]{
		moment("from_at", func(b *audit.Block) *time.Time { return &b.From.At }),
		number("from_id", func(b *audit.Block) *id.AuditRecord { return &b.From.ID }),
		moment("until_at", func(b *audit.Block) *time.Time { return &b.Until.At }),
		number("until_id", func(b *audit.Block) *id.AuditRecord { return &b.Until.ID }),
		number("records", func(b *audit.Block) *int { return &b.Records }),
		hash("hash", func(b *audit.Block) *[32]byte { return &b.Hash }),
		moment("sealed_at", func(b *audit.Block) *time.Time { return &b.SealedAt }),
	},
})

var (
	insertBlock = blockTable.insertion()
	headOf      = blockTable.selecting("WHERE merchant_id = $1 ORDER BY number DESC LIMIT 1")
	blocksOf    = blockTable.selecting("WHERE merchant_id = $1 AND number > $2 ORDER BY number LIMIT $3")

	recordsBetween = auditTable.selecting(
		"WHERE merchant_id = $1 AND (at, id) > ($2, $3) AND (at, id) <= ($4, $5) ORDER BY at, id LIMIT $6")
)

const (
	// Each merchant's part is one look into the index of its blocks and one into
	// that of its records.
	unsealed = `SELECT m.id FROM merchant m WHERE m.id > $1 AND EXISTS (
		SELECT 1 FROM audit_record r WHERE r.merchant_id = m.id AND r.at <= $2 AND (r.at, r.id) > (
			COALESCE((SELECT b.until_at FROM audit_block b WHERE b.merchant_id = m.id ORDER BY b.number DESC LIMIT 1), 0),
			COALESCE((SELECT b.until_id FROM audit_block b WHERE b.merchant_id = m.id ORDER BY b.number DESC LIMIT 1), 0)))
	ORDER BY m.id LIMIT $3`

	sealed = `SELECT DISTINCT merchant_id FROM audit_block WHERE merchant_id > $1 ORDER BY merchant_id LIMIT $2`
)

// Unsealed implements audit.BlockStore.
func (a *Audit) Unsealed(ctx context.Context, after id.Merchant, until time.Time, limit int) ([]id.Merchant, error) {
	all, err := many(ctx, a.db, readMerchantID, unsealed, int64(after), micros(until), int64(limit))
	if err != nil {
		return nil, fmt.Errorf("merchants with unsealed audit records: %w", err)
	}
	return all, nil
}

// Sealed implements audit.BlockStore.
func (a *Audit) Sealed(ctx context.Context, after id.Merchant, limit int) ([]id.Merchant, error) {
	all, err := many(ctx, a.db, readMerchantID, sealed, int64(after), int64(limit))
	if err != nil {
		return nil, fmt.Errorf("merchants with audit blocks: %w", err)
	}
	return all, nil
}

func readMerchantID(s storage.Scanner) (id.Merchant, error) {
	var n int64
	err := s.Scan(&n)
	return id.Merchant(n), err
}

// Head implements audit.BlockStore.
func (a *Audit) Head(ctx context.Context, m id.Merchant) (audit.Block, error) {
	b, err := one(ctx, a.db, blockTable.reader(), headOf, int64(m))
	if err != nil && fault.KindOf(err) != fault.NotFound {
		return b, fmt.Errorf("newest audit block of merchant %d: %w", m, err)
	}
	return b, nil
}

// Blocks implements audit.BlockStore.
func (a *Audit) Blocks(ctx context.Context, m id.Merchant, after int64, limit int) ([]audit.Block, error) {
	all, err := many(ctx, a.db, blockTable.reader(), blocksOf, int64(m), after, int64(limit))
	if err != nil {
		return nil, fmt.Errorf("audit blocks of merchant %d: %w", m, err)
	}
	return all, nil
}

// Between implements audit.BlockStore.
func (a *Audit) Between(
	ctx context.Context, m id.Merchant, from, until audit.Place, limit int,
) ([]audit.Record, error) {
	all, err := many(ctx, a.db, auditTable.reader(), recordsBetween, int64(m),
		micros(from.At), int64(from.ID), micros(until.At), int64(until.ID), int64(limit))
	if err != nil {
		return nil, fmt.Errorf("audit records of merchant %d: %w", m, err)
	}
	return all, nil
}

// SaveBlock implements audit.BlockStore.
func (a *Audit) SaveBlock(ctx context.Context, b audit.Block) error {
	err := inTx(ctx, a.db, func(t *tx) { t.add(insertBlock, blockTable.inserting(b)...) })
	if err != nil {
		return fmt.Errorf("save audit block %d of merchant %d: %w", b.Number, b.MerchantID, err)
	}
	return nil
}
