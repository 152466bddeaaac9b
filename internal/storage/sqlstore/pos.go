package sqlstore

import (
	"context"
	"fmt"
	"time"

	"github.com/vezne/vezne/internal/fault"
	"github.com/vezne/vezne/internal/id"
	"github.com/vezne/vezne/internal/money"
	"github.com/vezne/vezne/internal/pos"
	"github.com/vezne/vezne/internal/storage"
)

// POSes keeps virtual POS accounts. It implements pos.Store.
type POSes struct{ db *storage.DB }

var _ pos.Store = (*POSes)(nil)

// NewPOSes returns the POSes of db.
func NewPOSes(db *storage.DB) *POSes { return &POSes{db: db} }

// InTx implements pos.Store.
func (p *POSes) InTx(ctx context.Context, fn func(pos.Tx)) error {
	return inTx(ctx, p.db, func(t *tx) { fn(t) })
}

// POSes implements pos.Store.
func (p *POSes) POSes(ctx context.Context, m id.Merchant) ([]pos.POS, error) {
	all, err := many(ctx, p.db, posTable.reader(), posesOf, int64(m))
	if err != nil {
		return nil, fmt.Errorf("POSes of merchant %d: %w", m, err)
	}
	return all, nil
}

// POSPage implements pos.Store.
func (p *POSes) POSPage(ctx context.Context, m id.Merchant, cursor string, limit int) ([]pos.POS, string, error) {
	return pagePOSes().page(ctx, p.db, cursor, limit, int64(m))
}

// pagePOSes has the order of POSes.
func pagePOSes() keyset[pos.POS] {
	return keyset[pos.POS]{
		name: "poses", rows: posTable.selecting("WHERE merchant_id = $1"), order: []string{"priority", "id"},
		place: func(p pos.POS) []any { return []any{int64(p.Priority), int64(p.ID)} }, read: posTable.reader(),
	}
}

// Whether a POS is used is inserted as it is, and changed by UsePOS alone.
var posTable = newTable(&table[pos.POS]{
	name: "pos",
	keys: []column[pos.POS]{
		number("merchant_id", func(p *pos.POS) *id.Merchant { return &p.MerchantID }),
		number("id", func(p *pos.POS) *id.POS { return &p.ID }),
	},
	version: func(p *pos.POS) *int { return &p.Version },
	changing: []column[pos.POS]{
		text("alias", func(p *pos.POS) *string { return &p.Alias }),
		text("name", func(p *pos.POS) *string { return &p.Name }),
		text("bank_code", func(p *pos.POS) *string { return &p.BankCode }),
		text("connector", func(p *pos.POS) *string { return &p.Connector }),
		blob("sealed_settings", func(p *pos.POS) *[]byte { return &p.SealedSettings }),
		text("status", func(p *pos.POS) *pos.Status { return &p.Status }),
		number("priority", func(p *pos.POS) *int { return &p.Priority }),
		textOf("currencies", putCurrencies, takeCurrencies),
		document("programs", func(p *pos.POS) *[]string { return &p.Programs }),
		flag("accepts_domestic", func(p *pos.POS) *bool { return &p.AcceptsDomestic }),
		flag("accepts_foreign", func(p *pos.POS) *bool { return &p.AcceptsForeign }),
		text("three_ds", func(p *pos.POS) *pos.ThreeDS { return &p.ThreeDS }),
		duration("timeout", func(p *pos.POS) *time.Duration { return &p.Timeout }),
		duration("capture_window", func(p *pos.POS) *time.Duration { return &p.CaptureWindow }),
	},
	fixed: []column[pos.POS]{
		flag("used", func(p *pos.POS) *bool { return &p.Used }),
	},
})

var (
	insertPOS = posTable.firstVersion() + " ON CONFLICT (merchant_id, id) DO NOTHING"
	// holdPOS asks for the version and keeps the row from others until the commit, so
	// that what updatePOS misses is the connector.
	holdPOS   = "UPDATE pos SET version = version WHERE " + posTable.sameKeys() + " AND " + posTable.sameVersion()
	updatePOS = posTable.update() + " AND (connector = " + posTable.parameterOf("connector") + " OR NOT used)"
	usePOS    = "UPDATE pos SET used = TRUE WHERE " + posTable.sameKeys() + " AND connector = $3"
	posesOf   = posTable.selecting("WHERE merchant_id = $1 ORDER BY priority, id")
)

// SavePOS implements pos.Tx.
func (t *tx) SavePOS(p pos.POS) {
	p.Used = false // of a new one
	t.configured = true
	if p.Version == 0 {
		t.batch = append(t.batch, storage.Statement{
			SQL: insertPOS, Args: posTable.inserting(p), Rows: 1, Missed: fault.StaleVersion, Duplicate: fault.DuplicateKey,
		})
		return
	}
	t.expect(holdPOS, posTable.naming(p)...)
	t.batch = append(t.batch, storage.Statement{
		SQL: updatePOS, Args: posTable.updating(p), Rows: 1, Missed: fault.POSConnectorFixed, Duplicate: fault.DuplicateKey,
	})
}

// UsePOS implements payment.Tx.
func (t *tx) UsePOS(p pos.POS) {
	if p.Used {
		return
	}
	t.expect(usePOS, int64(p.MerchantID), int64(p.ID), p.Connector)
	t.configured = true
}

func putCurrencies(p *pos.POS) string {
	codes := make([]string, 0, len(p.Currencies))
	for _, c := range p.Currencies {
		codes = append(codes, c.String())
	}
	return encode(codes)
}

func takeCurrencies(p *pos.POS, text string) (err error) {
	p.Currencies, err = decodeCurrencies(text)
	return err
}

func decodeCurrencies(text string) ([]money.Currency, error) {
	var codes []string
	if err := decode(text, &codes); err != nil {
		return nil, err
	}
	var all []money.Currency
	for _, code := range codes {
		c, err := currencyOf(code)
		if err != nil {
			return nil, err
		}
		all = append(all, c)
	}
	return all, nil
}
