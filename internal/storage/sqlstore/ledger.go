package sqlstore

import (
	"context"
	"fmt"
	"time"

	"github.com/vezne/vezne/internal/fault"
	"github.com/vezne/vezne/internal/id"
	"github.com/vezne/vezne/internal/ledger"
	"github.com/vezne/vezne/internal/money"
	"github.com/vezne/vezne/internal/storage"
)

// entryRow is one stored entry.
type entryRow struct {
	posting  ledger.Posting // without entries
	position int
	entry    ledger.Entry
}

// entryTable has for its keys what the entries of a posting have in common.
var entryTable = newTable(&table[entryRow]{
	name:     "ledger_entry",
	currency: func(r *entryRow) money.Currency { return r.entry.Amount.Currency() },
	keys: []column[entryRow]{
		number("merchant_id", func(r *entryRow) *id.Merchant { return &r.posting.MerchantID }),
		number("payment_id", func(r *entryRow) *id.Payment { return &r.posting.PaymentID }),
		text("source_kind", func(r *entryRow) *ledger.SourceKind { return &r.posting.Source.Kind }),
		number("source_id", func(r *entryRow) *int64 { return &r.posting.Source.ID }),
		text("source_event", func(r *entryRow) *ledger.Event { return &r.posting.Source.Event }),
		number("posting_id", func(r *entryRow) *id.Posting { return &r.posting.ID }),
		moment("posted_at", func(r *entryRow) *time.Time { return &r.posting.At }),
	},
	fixed: []column[entryRow]{
		number("position", func(r *entryRow) *int { return &r.position }),
		text("account", func(r *entryRow) *ledger.Account { return &r.entry.Account }),
		currency[entryRow](),
		amount("amount", func(r *entryRow) *money.Amount { return &r.entry.Amount }),
	},
})

// insertingEntries has the statement for each usual number of entries, so that it
// is built once.
var insertingEntries = [...]string{
	2: entryTable.insertionOf(2),
	3: entryTable.insertionOf(3),
	4: entryTable.insertionOf(4),
}

func (t *tx) addPosting(p ledger.Posting) {
	shared := len(entryTable.keys)
	common := entryTable.arguments(nil, entryRow{posting: p}, entryTable.written[:shared])
	args := make([]any, 0, len(p.Entries)*len(entryTable.written))
	for i, e := range p.Entries {
		args = append(args, common...)
		args = entryTable.arguments(args, entryRow{position: i, entry: e}, entryTable.written[shared:])
	}
	var sql string
	if n := len(p.Entries); n < len(insertingEntries) {
		sql = insertingEntries[n]
	} else {
		sql = entryTable.insertionOf(n)
	}
	t.batch = append(t.batch, storage.Statement{SQL: sql, Args: args, Duplicate: fault.DuplicateKey})
}

// postingOrder keeps the entries of a posting together.
const postingOrder = `e.merchant_id, e.payment_id, e.source_kind, e.source_id, e.source_event, e.position`

// sameAs reports whether two rows are entries of one posting.
func (r *entryRow) sameAs(p *ledger.Posting) bool {
	own := &r.posting
	return own.ID == p.ID && own.MerchantID == p.MerchantID && own.PaymentID == p.PaymentID && own.Source == p.Source &&
		own.At.Equal(p.At)
}

// gather puts the entries of postings, which stand together, together again.
func gather(rows []entryRow) []ledger.Posting {
	var all []ledger.Posting
	for i := range rows {
		r := &rows[i]
		if n := len(all); n == 0 || !r.sameAs(&all[n-1]) {
			all = append(all, r.posting)
		}
		last := &all[len(all)-1]
		last.Entries = append(last.Entries, r.entry)
	}
	return all
}

var (
	postingsOfPayment = entryTable.selecting(`WHERE merchant_id = $1 AND payment_id = $2 ORDER BY posted_at, posting_id, position`)

	// SQLite keeps the order of a CROSS JOIN; left to choose, it would read all
	// entries of the merchant.
	postingsOfMerchant = `SELECT ` + entryTable.columns("e.") + `
	FROM (SELECT merchant_id, payment_id, source_kind, source_id, source_event, posting_id FROM ledger_entry
		WHERE merchant_id = $1 AND position = 0 AND (posted_at, posting_id) > ($2, $3) ORDER BY posted_at, posting_id LIMIT $4) p
	CROSS JOIN ledger_entry e WHERE e.merchant_id = p.merchant_id AND e.payment_id = p.payment_id
		AND e.source_kind = p.source_kind AND e.source_id = p.source_id AND e.source_event = p.source_event AND e.posting_id = p.posting_id
	ORDER BY e.posted_at, e.posting_id, e.position`
)

// Ledger reads the books. It implements ledger.Lister and, over all merchants,
// ledger.Reader.
type Ledger struct{ db *storage.DB }

var (
	_ ledger.Lister = (*Ledger)(nil)
	_ ledger.Reader = (*Ledger)(nil)
)

// NewLedger returns the books of db.
func NewLedger(db *storage.DB) *Ledger { return &Ledger{db: db} }

// PostingsOf implements ledger.Lister.
func (l *Ledger) PostingsOf(ctx context.Context, after ledger.PostingKey, limit int) ([]ledger.Posting, error) {
	rows, err := many(ctx, l.db, entryTable.reader(), postingsOfMerchant, int64(after.MerchantID), micros(after.At),
		int64(after.ID), int64(limit))
	if err != nil {
		return nil, fmt.Errorf("postings of merchant %d: %w", after.MerchantID, err)
	}
	return gather(rows), nil
}
