package sqlstore

import (
	"context"
	"fmt"

	"github.com/vezne/vezne/internal/bin"
	"github.com/vezne/vezne/internal/card"
	"github.com/vezne/vezne/internal/id"
	"github.com/vezne/vezne/internal/storage"
)

var binTable = newTable(&table[bin.Info]{
	name: "bin",
	keys: []column[bin.Info]{
		number("merchant_id", func(r *bin.Info) *id.Merchant { return &r.MerchantID }),
		text("prefix", func(r *bin.Info) *string { return &r.Prefix }),
	},
	changing: []column[bin.Info]{
		text("bank_code", func(r *bin.Info) *string { return &r.BankCode }),
		text("bank", func(r *bin.Info) *string { return &r.Bank }),
		text("scheme", func(r *bin.Info) *card.Scheme { return &r.Scheme }),
		text("type", func(r *bin.Info) *card.Type { return &r.Type }),
		text("program", func(r *bin.Info) *string { return &r.Program }),
		text("brand", func(r *bin.Info) *string { return &r.Brand }),
		flag("commercial", func(r *bin.Info) *bool { return &r.Commercial }),
		flag("domestic", func(r *bin.Info) *bool { return &r.Domestic }),
	},
})

// binRows is how many rows one statement takes; tables have thousands.
const binRows = 100

var (
	replaceBIN  = binTable.replacement()
	replaceBINs = binTable.insertionOf(binRows) + binTable.onConflict()
	binsOf      = binTable.selecting("WHERE merchant_id = $1 ORDER BY prefix")
)

const removeBIN = `DELETE FROM bin WHERE merchant_id = $1 AND prefix = $2`

// BINs keeps the BIN table. It implements bin.Store.
type BINs struct{ db *storage.DB }

var _ bin.Store = (*BINs)(nil)

// NewBINs returns the BIN table of db.
func NewBINs(db *storage.DB) *BINs { return &BINs{db: db} }

// BINs implements bin.Store.
func (b *BINs) BINs(ctx context.Context, owner id.Merchant) ([]bin.Info, error) {
	all, err := many(ctx, b.db, binTable.reader(), binsOf, int64(owner))
	if err != nil {
		return nil, fmt.Errorf("BINs of merchant %d: %w", owner, err)
	}
	return all, nil
}

// pageBINs has the order of prefixes over both owners. The shared rows are half a
// million, so the plus keeps the condition from choosing an index that would have
// them sorted: the one of the order gives a page at once.
func pageBINs(own bool) keyset[bin.Info] {
	k := keyset[bin.Info]{
		name: "BINs", rows: binTable.selecting("WHERE +merchant_id IN (0, $1)"),
		order: []string{"prefix", "merchant_id"},
		place: func(i bin.Info) []any { return []any{i.Prefix, int64(i.MerchantID)} }, read: binTable.reader(),
	}
	if own {
		k.name, k.rows = "own BINs", binTable.selecting("WHERE merchant_id = $1")
	}
	return k
}

// BINPage implements bin.Store.
func (b *BINs) BINPage(ctx context.Context, m id.Merchant, p bin.PageOf) ([]bin.Info, string, error) {
	return pageBINs(p.Own).page(ctx, b.db, p.Cursor, p.Limit, int64(m))
}

// InTx implements bin.Store.
func (b *BINs) InTx(ctx context.Context, fn func(bin.Tx)) error {
	if err := inTx(ctx, b.db, func(t *tx) { fn(t) }); err != nil {
		return fmt.Errorf("save BIN table: %w", err)
	}
	return nil
}

// SaveBINs implements bin.Tx.
func (t *tx) SaveBINs(rows []bin.Info) {
	rows = lastOfEach(rows)
	for ; len(rows) >= binRows; rows = rows[binRows:] {
		t.addBINs(replaceBINs, rows[:binRows])
	}
	for i := range rows {
		t.addBINs(replaceBIN, rows[i:i+1])
	}
}

// RemoveBIN implements bin.Tx.
func (t *tx) RemoveBIN(owner id.Merchant, prefix string) {
	t.add(removeBIN, int64(owner), prefix)
	t.configured = true
}

// lastOfEach drops rows that a later one replaces: PostgreSQL refuses to replace
// a row twice in one statement.
func lastOfEach(rows []bin.Info) []bin.Info {
	type key struct {
		owner  id.Merchant
		prefix string
	}
	place := make(map[key]int, len(rows))
	kept := make([]bin.Info, 0, len(rows))
	for _, r := range rows {
		k := key{r.MerchantID, r.Prefix}
		if i, ok := place[k]; ok {
			kept[i] = r
			continue
		}
		place[k] = len(kept)
		kept = append(kept, r)
	}
	return kept
}

func (t *tx) addBINs(sql string, rows []bin.Info) {
	args := make([]any, 0, len(rows)*len(binTable.written))
	for _, r := range rows {
		args = binTable.arguments(args, r, binTable.written)
	}
	t.add(sql, args...)
	t.configured = true
}
