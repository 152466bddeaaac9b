package sqlstore

import (
	"context"
	"fmt"

	"github.com/vezne/vezne/internal/bin"
	"github.com/vezne/vezne/internal/card"
	"github.com/vezne/vezne/internal/storage"
)

const (
	binColumns = `prefix, bank_code, bank, scheme, type, program, brand, commercial, domestic`
	binWidth   = 9
	// binRows is how many rows one statement takes; tables have thousands.
	binRows = 100

	insertBINs = `INSERT INTO bin (` + binColumns + `)
	VALUES `
	replaceBINs = `
	ON CONFLICT (prefix) DO UPDATE SET bank_code = excluded.bank_code, bank = excluded.bank, scheme = excluded.scheme,
		type = excluded.type, program = excluded.program, brand = excluded.brand, commercial = excluded.commercial,
		domestic = excluded.domestic`
)

// BINs keeps the BIN table. It implements bin.Store.
type BINs struct{ db *storage.DB }

var _ bin.Store = (*BINs)(nil)

// NewBINs returns the BIN table of db.
func NewBINs(db *storage.DB) *BINs { return &BINs{db: db} }

// BINs implements bin.Store.
func (b *BINs) BINs(ctx context.Context) ([]bin.Info, error) {
	all, err := many(ctx, b.db, readBIN, `SELECT `+binColumns+` FROM bin ORDER BY prefix`)
	if err != nil {
		return nil, fmt.Errorf("BIN table: %w", err)
	}
	return all, nil
}

// SaveBINs implements bin.Store. Of rows with equal prefixes the last one stays.
func (b *BINs) SaveBINs(ctx context.Context, rows []bin.Info) error {
	rows = lastOfEach(rows)
	err := inTx(ctx, b.db, func(t *tx) {
		for len(rows) > 0 {
			n := min(len(rows), binRows)
			t.addBINs(rows[:n])
			rows = rows[n:]
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

func (t *tx) addBINs(rows []bin.Info) {
	args := make([]any, 0, len(rows)*binWidth)
	for _, r := range rows {
		args = append(args, r.Prefix, r.BankCode, r.Bank, string(r.Scheme), string(r.Type), r.Program, r.Brand, r.Commercial, r.Domestic)
	}
	t.add(insertBINs+rowsOf(len(rows), binWidth)+replaceBINs, args...)
	t.configured = true
}

func readBIN(s storage.Scanner) (bin.Info, error) {
	var r bin.Info
	var scheme, kind string
	err := s.Scan(&r.Prefix, &r.BankCode, &r.Bank, &scheme, &kind, &r.Program, &r.Brand, &r.Commercial, &r.Domestic)
	r.Scheme, r.Type = card.Scheme(scheme), card.Type(kind)
	return r, err
}
