package sqlstore

import (
	"context"
	"fmt"

	"github.com/vezne/vezne/internal/bin"
	"github.com/vezne/vezne/internal/card"
	"github.com/vezne/vezne/internal/storage"
)

var binTable = newTable(&table[bin.Info]{
	name: "bin",
	keys: []column[bin.Info]{
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
	allBINs     = binTable.selecting("ORDER BY prefix")
)

// BINs keeps the BIN table. It implements bin.Store.
type BINs struct{ db *storage.DB }

var _ bin.Store = (*BINs)(nil)

// NewBINs returns the BIN table of db.
func NewBINs(db *storage.DB) *BINs { return &BINs{db: db} }

// BINs implements bin.Store.
func (b *BINs) BINs(ctx context.Context) ([]bin.Info, error) {
	all, err := many(ctx, b.db, binTable.reader(), allBINs)
	if err != nil {
		return nil, fmt.Errorf("BIN table: %w", err)
	}
	return all, nil
}

// SaveBINs implements bin.Store. Of rows with equal prefixes the last one stays.
func (b *BINs) SaveBINs(ctx context.Context, rows []bin.Info) error {
	rows = lastOfEach(rows)
	err := inTx(ctx, b.db, func(t *tx) {
		for ; len(rows) >= binRows; rows = rows[binRows:] {
			t.addBINs(replaceBINs, rows[:binRows])
		}
		for i := range rows {
			t.addBINs(replaceBIN, rows[i:i+1])
		}
	})
	if err != nil {
		return fmt.Errorf("save BIN table: %w", err)
	}
	return nil
}

// lastOfEach drops rows that a later one replaces: PostgreSQL refuses to replace
// a row twice in one statement.
func lastOfEach(rows []bin.Info) []bin.Info {
	place := make(map[string]int, len(rows))
	kept := make([]bin.Info, 0, len(rows))
	for _, r := range rows {
		if i, ok := place[r.Prefix]; ok {
			kept[i] = r
			continue
		}
		place[r.Prefix] = len(kept)
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
