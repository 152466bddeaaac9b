package bench_test

import (
	"context"
	"database/sql"
	"fmt"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/vezne/vezne/internal/storage"
	"github.com/vezne/vezne/internal/storage/storetest"
)

// store is a database that is filled with payments faster than they could be
// made, by statements that write what a demo's payments write: the payment, its
// item, its operation, its ledger entries and its audit record.
type store struct {
	engine storage.Engine
	dir    string // of SQLite's file
	dsn    string
	filled int
	end    time.Time // when the newest payment of all was made
	run    func(ctx context.Context, statement string) error
	close  func()
}

// newStore returns a store that a demo has put its own data in.
func newStore(b *testing.B, binary string, engine storage.Engine) *store {
	b.Helper()
	s := &store{engine: engine, dir: b.TempDir(), end: time.Now()}
	s.dsn = "sqlite:" + filepath.Join(s.dir, "vezne.db")
	if engine == storage.PostgreSQL {
		s.dsn = storetest.DurableDSN(b, engine)
	}
	r := s.rig(b, binary)
	if err := r.pay(lines(b, r.server.URL, 1)[0]); err != nil { // a payment to be copied
		b.Fatal(err)
	}
	r.server.Stop()
	return s
}

// rig starts a server on the store. It must be stopped before the store is filled
// further.
func (s *store) rig(b *testing.B, binary string) *rig {
	b.Helper()
	r := newRigOn(b, binary, s.engine, s.dsn, s.dir)
	r.orders.last.Store(int64(s.filled) + time.Since(s.end).Milliseconds())
	return r
}

// years is the time over which payments are spread: 5 million a year.
const years = 365 * 24 * time.Hour / 5_000_000

// fill adds payments up to the number. What must be unique in a payment is made of
// its number; what filters select is drawn from it, unevenly: merchants, customers,
// BINs and amounts of which there are many and of which there are few.
func (s *store) fill(b *testing.B, upTo int) {
	b.Helper()
	if s.filled >= upTo {
		return
	}
	s.open(b)
	defer s.close()
	indexes := s.indexes(b)
	bulk := upTo-s.filled > s.filled // then building the indexes anew is faster
	if bulk {
		for _, x := range indexes {
			s.must(b, "DROP INDEX "+x.name)
		}
	}
	const step = 250_000
	for s.filled < upTo {
		to := min(upTo, s.filled+step)
		for _, statement := range s.statements(s.filled+1, to) {
			s.must(b, statement)
		}
		s.filled = to
	}
	if bulk {
		for _, x := range indexes {
			s.must(b, x.definition)
		}
	}
	if s.engine == storage.PostgreSQL {
		s.must(b, "VACUUM ANALYZE")
		s.must(b, "CHECKPOINT")
		return
	}
	s.must(b, "PRAGMA wal_checkpoint(TRUNCATE)")
}

func (s *store) must(b *testing.B, statement string) {
	b.Helper()
	if err := s.run(b.Context(), statement); err != nil {
		b.Fatalf("%.200s: %v", statement, err)
	}
}

func (s *store) open(b *testing.B) {
	b.Helper()
	if s.engine == storage.PostgreSQL {
		conn, err := pgx.Connect(b.Context(), s.dsn)
		if err != nil {
			b.Fatal(err)
		}
		s.run = func(ctx context.Context, statement string) error {
			_, err := conn.Exec(ctx, statement)
			return err
		}
		s.close = func() { _ = conn.Close(context.Background()) } // everything was answered
		s.must(b, "SET synchronous_commit = off")
		s.must(b, "SET maintenance_work_mem = '1GB'")
		return
	}
	db, err := sql.Open("sqlite", "file:"+strings.TrimPrefix(s.dsn, "sqlite:")+
		"?_pragma=synchronous(OFF)&_pragma=cache_size(-524288)&_pragma=temp_store(MEMORY)&_pragma=threads(2)")
	if err != nil {
		b.Fatal(err)
	}
	db.SetMaxOpenConns(1)
	s.run = func(ctx context.Context, statement string) error {
		_, err := db.ExecContext(ctx, statement)
		return err
	}
	s.close = func() { _ = db.Close() } // everything was answered
}

type index struct{ name, definition string }

// indexes returns those that are no key, of the tables that are filled.
func (s *store) indexes(b *testing.B) []index {
	b.Helper()
	query := `SELECT name, sql FROM sqlite_master WHERE type = 'index' AND sql IS NOT NULL AND tbl_name IN (%s) ORDER BY name`
	if s.engine == storage.PostgreSQL {
		query = `SELECT i.indexname::text, i.indexdef FROM pg_indexes i JOIN pg_class c ON c.relname = i.indexname
			JOIN pg_index x ON x.indexrelid = c.oid WHERE NOT x.indisprimary AND i.tablename IN (%s) ORDER BY 1`
	}
	query = fmt.Sprintf(query, "'payment', 'payment_item', 'operation', 'ledger_entry', 'audit_record'")
	db, err := storage.Open(b.Context(), s.dsn, storage.Options{ReadOnly: true})
	if err != nil {
		b.Fatal(err)
	}
	defer func() { _ = db.Close() }() // it was only read
	var all []index
	err = db.Query(b.Context(), query, nil, func(r storage.Scanner) error {
		var x index
		err := r.Scan(&x.name, &x.definition)
		all = append(all, x)
		return err
	})
	if err != nil {
		b.Fatal(err)
	}
	return all
}

// size returns how many bytes the store takes.
func (s *store) size(b *testing.B) int64 {
	b.Helper()
	query := `SELECT page_count * page_size FROM pragma_page_count(), pragma_page_size()`
	if s.engine == storage.PostgreSQL {
		query = `SELECT pg_database_size(current_database())`
	}
	db, err := storage.Open(b.Context(), s.dsn, storage.Options{ReadOnly: true})
	if err != nil {
		b.Fatal(err)
	}
	defer func() { _ = db.Close() }() // it was only read
	var bytes int64
	if err := db.Query(b.Context(), query, nil, func(r storage.Scanner) error { return r.Scan(&bytes) }); err != nil {
		b.Fatal(err)
	}
	return bytes
}

// firstSeeded keeps the numbers of filled payments apart from those of payments
// that are made.
const firstSeeded = 1_000_000_000
