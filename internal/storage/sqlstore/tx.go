package sqlstore

import (
	"context"
	"fmt"
	"net/netip"

	"github.com/vezne/vezne/internal/audit"
	"github.com/vezne/vezne/internal/fault"
	"github.com/vezne/vezne/internal/job"
	"github.com/vezne/vezne/internal/ledger"
	"github.com/vezne/vezne/internal/storage"
)

// tx gathers the statements of one commit. It has the methods of every domain's
// Tx; each store hands it out as its own.
type tx struct {
	batch storage.Batch
	// origin is from where the commit is asked for, for its audit records.
	origin audit.Origin
	// configured is set once a statement changed what nodes keep in memory.
	configured bool
}

// batchSize is the number of statements for which a commit has room at once;
// the largest one of a payment has seven.
const batchSize = 8

// inTx queues what fn queues and commits it.
func inTx(ctx context.Context, db *storage.DB, fn func(*tx)) error {
	t := &tx{batch: make(storage.Batch, 0, batchSize), origin: audit.OriginOf(ctx)}
	fn(t)
	if t.configured {
		t.add(bumpConfigVersion)
	}
	if len(t.batch) == 0 {
		return nil
	}
	return db.Commit(ctx, t.batch)
}

// add queues a statement that may change any number of rows.
func (t *tx) add(sql string, args ...any) {
	t.batch = append(t.batch, storage.Statement{SQL: sql, Args: args})
}

// Enqueue implements job.Tx.
func (t *tx) Enqueue(j job.Job) { t.add(insertJob, jobTable.inserting(j)...) }

// Record implements audit.Tx.
func (t *tx) Record(r audit.Record) {
	r.Origin = t.origin
	t.add(insertAuditRecord, auditTable.inserting(r)...)
}

// addressText returns the text of an address, empty for none.
func addressText(a netip.Addr) string {
	if !a.IsValid() {
		return ""
	}
	return a.String()
}

// Post implements ledger.Tx.
func (t *tx) Post(p ledger.Posting) {
	if err := p.Check(); err != nil {
		panic(fmt.Sprintf("sqlstore: %v", err))
	}
	t.addPosting(p)
}

// expect queues a statement that must change one row; otherwise the row is
// another one than the caller has read.
func (t *tx) expect(sql string, args ...any) {
	t.batch = append(t.batch, storage.Statement{SQL: sql, Args: args, Rows: 1, Missed: fault.StaleVersion})
}

// edits are the statements by which people change what nodes keep in memory.
type edits[T any] struct {
	table               *table[T]
	whatever, versioned string
}

func editsOf[T any](t *table[T]) edits[T] {
	return edits[T]{table: t, whatever: t.replacement(), versioned: t.update()}
}

// save queues the statement that adds or replaces a row whatever its version if
// the value has none, and otherwise the one that replaces this version alone.
func (e edits[T]) save(t *tx, v T) {
	s := storage.Statement{SQL: e.whatever, Args: e.table.inserting(v), Duplicate: fault.DuplicateKey}
	if *e.table.version(&v) > 0 {
		s.SQL, s.Args, s.Rows, s.Missed = e.versioned, e.table.updating(v), 1, fault.StaleVersion
	}
	t.batch = append(t.batch, s)
	t.configured = true
}
