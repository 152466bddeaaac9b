package storage

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"fmt"
	"net/url"
	"os"
	"strconv"

	"modernc.org/sqlite" // registers the driver, too
	sqlite3 "modernc.org/sqlite/lib"
)

// walPages is how long the write-ahead log grows before a commit carries it over
// into the database: 16 MiB of pages of 4 KiB. A checkpoint syncs twice, so
// SQLite's own 1,000 pages would cost a busy server several a second.
const walPages = 4096

// What a connection keeps of the file in memory, as the pragmas take it: KiB, and
// negative. What is not kept here is in the system's own cache, so that more than
// this costs memory and gains no payments a second.
const (
	writerCache = "cache_size(-16384)"
	readerCache = "cache_size(-2048)"
)

// sqliteBackend is a SQLite file: one connection writes, a pool reads.
type sqliteBackend struct {
	lock    *fileLock // nil when read-only
	reads   *sql.DB
	writes  *sql.DB
	writing *sqliteWriter

	statements *statements // of the read pool
}

func openSQLite(ctx context.Context, path string, o Options) (*sqliteBackend, error) {
	if _, err := os.Stat(path); err != nil {
		return nil, fmt.Errorf("find database file: %w", err)
	}
	b := &sqliteBackend{}
	if !o.ReadOnly {
		l, err := tryLock(path + ".lock")
		if err != nil {
			return nil, err
		}
		b.lock = l
	}
	if err := b.open(ctx, path, o); err != nil {
		return nil, errors.Join(err, b.close())
	}
	return b, nil
}

func (b *sqliteBackend) open(ctx context.Context, path string, o Options) error {
	var err error
	if !o.ReadOnly {
		checkpoint := "wal_autocheckpoint(" + strconv.Itoa(walPages) + ")"
		if b.writes, err = openSQLitePool(path, 1, writerCache, checkpoint); err != nil {
			return err
		}
		if b.writing, err = newSQLiteWriter(ctx, b.writes); err != nil {
			return err
		}
	}
	// A pool of its own with query_only: a reader cannot write by mistake.
	b.reads, err = openSQLitePool(path, o.Readers, "query_only(1)", readerCache)
	if err != nil {
		return err
	}
	b.statements = newStatements(b.reads)
	return b.reads.PingContext(ctx)
}

// openSQLitePool opens up to size connections. synchronous=FULL makes a commit
// durable before it is answered.
func openSQLitePool(path string, size int, pragmas ...string) (*sql.DB, error) {
	query := url.Values{"mode": {"rw"}}
	all := []string{"busy_timeout(5000)", "journal_mode(WAL)", "synchronous(FULL)", "temp_store(MEMORY)"}
	query["_pragma"] = append(all, pragmas...)
	name := "file:" + (&url.URL{Path: path}).EscapedPath() + "?" + query.Encode()
	pool, err := sql.Open("sqlite", name)
	if err != nil {
		return nil, fmt.Errorf("open pool: %w", err)
	}
	pool.SetMaxOpenConns(size)
	pool.SetMaxIdleConns(size)
	return pool, nil
}

func (b *sqliteBackend) writers() []writer {
	if b.writing == nil {
		return nil
	}
	return []writer{b.writing}
}

func (b *sqliteBackend) query(ctx context.Context, sql string, args []any, row func(Scanner) error) error {
	stmt, err := b.statements.take(ctx, sql)
	if err != nil {
		return readError(err)
	}
	defer b.statements.giveBack(stmt)
	if args, err = stmt.arrange(args); err != nil {
		return fmt.Errorf("query: %w", err)
	}
	rows, err := stmt.QueryContext(ctx, args...)
	if err != nil {
		return readError(fmt.Errorf("query: %w", err))
	}
	return readError(eachRow(rows, row))
}

// readError tells a file that cannot be read for a while from a mistake of ours. An
// error of the reader's own stays as it is.
func readError(err error) error {
	if err == nil || !passing(err) {
		return err
	}
	return unavailable(err)
}

// passing reports whether an error is of the file or the machine rather than of a
// statement, and may pass (https://sqlite.org/rescode.html): a lock, memory, the
// disk, or a lost connection. Of a file that is damaged nobody says
// so.
func passing(err error) bool {
	if errors.Is(err, driver.ErrBadConn) || errors.Is(err, sql.ErrConnDone) {
		return true
	}
	e, ok := errors.AsType[*sqlite.Error](err)
	if !ok {
		return false
	}
	switch e.Code() & 0xff { // the primary result code
	case sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED, sqlite3.SQLITE_NOMEM, sqlite3.SQLITE_IOERR,
		sqlite3.SQLITE_FULL, sqlite3.SQLITE_CANTOPEN, sqlite3.SQLITE_PROTOCOL:
		return true
	}
	return false
}

// view begins a transaction that sees what was there when it first read.
func (b *sqliteBackend) view(ctx context.Context, fn func(Querier) error) error {
	tx, err := b.reads.BeginTx(ctx, nil)
	if err != nil {
		return fmt.Errorf("begin view: %w", err)
	}
	defer func() { _ = tx.Rollback() }() // it only read
	return fn(sqliteView{tx})
}

type sqliteView struct{ tx *sql.Tx }

// Query implements Querier.
func (v sqliteView) Query(ctx context.Context, text string, args []any, row func(Scanner) error) error {
	rows, err := v.tx.QueryContext(ctx, text, args...)
	if err != nil {
		return fmt.Errorf("query: %w", err)
	}
	return eachRow(rows, row)
}

// mutate takes its turn among the groups: there is one connection that writes.
func (b *sqliteBackend) mutate(ctx context.Context, q *queue, sql string, args []any, row func(Scanner) error) error {
	alone := func() error { return b.writing.mutate(sql, args, row) }
	return q.do(ctx, &member{alone: alone, done: make(chan error, 1)})
}

func eachRow(rows *sql.Rows, row func(Scanner) error) error {
	defer func() { _ = rows.Close() }() // Err has told already
	for rows.Next() {
		if err := row(rows); err != nil {
			return err
		}
	}
	if err := rows.Err(); err != nil {
		return fmt.Errorf("query: %w", err)
	}
	return nil
}

func (b *sqliteBackend) pool() Pool {
	s := b.reads.Stats()
	return Pool{Limit: s.MaxOpenConnections, Used: s.InUse, Idle: s.Idle, Waits: s.WaitCount, Waited: s.WaitDuration}
}

func (b *sqliteBackend) kept() int {
	n := b.statements.count()
	if b.writing != nil {
		n += int(b.writing.kept.Load())
	}
	return n
}

// close closes readers before the writer: the last connection to go removes the
// write-ahead log.
func (b *sqliteBackend) close() error {
	var errs []error
	if b.statements != nil {
		b.statements.close()
	}
	if b.reads != nil {
		errs = append(errs, b.reads.Close())
	}
	if b.writing != nil {
		errs = append(errs, b.writing.close())
	}
	if b.writes != nil {
		errs = append(errs, b.writes.Close())
	}
	if b.lock != nil {
		errs = append(errs, b.lock.unlock())
	}
	return errors.Join(errs...)
}
