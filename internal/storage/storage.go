// Package storage keeps everything that must survive a crash, in one SQLite file
// or in PostgreSQL. A write transaction is a value, a Batch, and many callers'
// batches are committed together (group commit): the next group is what queued
// up during the last commit, so nothing ever waits for a timer. Reads use a pool
// of their own and never block writes. What the statements are is for the
// package sqlstore to say.
package storage

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"time"

	"github.com/vezne/vezne/internal/clock"
	"github.com/vezne/vezne/internal/fault"
)

// Engine names a kind of database.
type Engine string

// The engines.
const (
	SQLite     Engine = "sqlite"
	PostgreSQL Engine = "postgres"
)

const sqlitePrefix = "sqlite:"

// ErrDSN is a DSN of neither engine. It does not repeat the DSN, which may hold
// a password.
var ErrDSN = errors.New("database must be sqlite:PATH or postgres://…")

// EngineOf tells the engine of a DSN; others than "sqlite:PATH" and
// "postgres://…" are ErrDSN.
func EngineOf(dsn string) (Engine, error) {
	switch {
	case strings.HasPrefix(dsn, sqlitePrefix) && len(dsn) > len(sqlitePrefix):
		return SQLite, nil
	case strings.HasPrefix(dsn, "postgres://"), strings.HasPrefix(dsn, "postgresql://"):
		return PostgreSQL, nil
	}
	return "", ErrDSN
}

// Options are how a database is used. The zero value is what a server needs.
type Options struct {
	// ReadOnly opens without writers and, on SQLite, without the lock that a
	// running server holds: for tools that look while it runs.
	ReadOnly bool
	// QueueLimit is how many commits may wait; more are refused as Unavailable.
	QueueLimit int
	// GroupLimit is how many commits may share a group; 1 turns grouping off.
	GroupLimit int
	// Readers is how many connections read.
	Readers int
	// OnGroup, when set, is called after each group by the goroutine that wrote
	// it, so it must be quick and safe for concurrent use.
	OnGroup func(Group)
	// OnCommit, when set, is called after each Commit by its caller, with the time
	// that the caller waited and what it was told. It must be quick.
	OnCommit func(took time.Duration, err error)
	// Clock times the groups and the commits.
	Clock clock.Clock
}

const (
	// defaultQueueLimit bounds the memory and the delay of an overload: at the
	// slowest disk worth running on (1,000 commits/s) it is four seconds.
	defaultQueueLimit = 4096
	// defaultGroupLimit is above what the callers of a busy node queue up during
	// one commit, and keeps a group far below the limits of both engines.
	defaultGroupLimit = 128
	defaultReaders    = 8
)

func (o Options) withDefaults() Options {
	if o.QueueLimit <= 0 {
		o.QueueLimit = defaultQueueLimit
	}
	if o.GroupLimit <= 0 {
		o.GroupLimit = defaultGroupLimit
	}
	if o.Readers <= 0 {
		o.Readers = defaultReaders
	}
	if o.Clock == nil {
		o.Clock = clock.System{}
	}
	return o
}

// DB is an open database. It is safe for concurrent use.
type DB struct {
	engine  Engine
	backend backend
	queue   *queue // nil when read-only
	stats   *stats
	close   func() error
	// onCommit and clock time the callers of Commit.
	onCommit func(time.Duration, error)
	clock    clock.Clock
}

// backend is what an engine does in its own way.
type backend interface {
	// query runs a reading statement on the read pool.
	query(ctx context.Context, sql string, args []any, row func(Scanner) error) error
	// view runs fn with one connection of the read pool in a transaction.
	view(ctx context.Context, fn func(Querier) error) error
	// writers returns the writers, each of which one goroutine will use.
	writers() []writer
	// mutate runs one writing statement by itself and hands out its rows.
	mutate(ctx context.Context, q *queue, sql string, args []any, row func(Scanner) error) error
	// kept is how many prepared statements this process keeps itself.
	kept() int
	// pool tells of the read pool.
	pool() Pool
	close() error
}

// writer commits groups over one connection. It is used by one goroutine.
type writer interface {
	// commit commits the group and answers each of its members.
	commit(group []*member)
	close() error
}

// Scanner reads the columns of one row. Destinations are *int64, *string,
// *[]byte and *bool.
type Scanner interface {
	Scan(dest ...any) error
}

// Open opens a migrated database. It fails if the schema is older than this
// binary needs and, on SQLite, if another server holds the file.
func Open(ctx context.Context, dsn string, o Options) (*DB, error) {
	engine, err := EngineOf(dsn)
	if err != nil {
		return nil, err
	}
	o = o.withDefaults()
	var b backend
	switch engine {
	case SQLite:
		b, err = openSQLite(ctx, strings.TrimPrefix(dsn, sqlitePrefix), o)
	case PostgreSQL:
		b, err = openPostgres(ctx, dsn, o)
	}
	if err != nil {
		return nil, fmt.Errorf("open %s database: %w", engine, err)
	}
	d := &DB{engine: engine, backend: b, stats: &stats{}, onCommit: o.OnCommit, clock: o.Clock}
	d.close = sync.OnceValue(d.closeOnce)
	if err := d.checkSchema(ctx); err != nil {
		return nil, errors.Join(fmt.Errorf("open %s database: %w", engine, err), b.close())
	}
	if writers := b.writers(); len(writers) > 0 {
		d.queue = newQueue(o, d.stats)
		d.queue.start(writers)
	}
	return d, nil
}

// Engine returns the engine of the database.
func (d *DB) Engine() Engine { return d.engine }

// Stats returns what the writers have done so far.
func (d *DB) Stats() Stats {
	s := d.stats.read()
	s.Statements = d.backend.kept()
	if d.queue != nil {
		s.Waiting = len(d.queue.members)
	}
	return s
}

// Pool returns what the pool of reading connections does right now.
func (d *DB) Pool() Pool { return d.backend.pool() }

// Query runs a reading statement and calls row for each of its rows. An error of
// row ends the query and is returned as it is.
func (d *DB) Query(ctx context.Context, sql string, args []any, row func(Scanner) error) error {
	return d.backend.query(ctx, sql, args, row)
}

// Querier runs reading statements.
type Querier interface {
	// Query runs a reading statement and calls row for each of its rows. An error of
	// row ends the query and is returned as it is.
	Query(ctx context.Context, sql string, args []any, row func(Scanner) error) error
}

// View runs fn with a Querier whose queries all see the database as it was at one
// moment. It is good until fn returns, which should be soon: what the view sees
// must be kept by the database meanwhile.
func (d *DB) View(ctx context.Context, fn func(Querier) error) error { return d.backend.view(ctx, fn) }

// Commit executes the batch, all of it or nothing, together with what other
// callers commit at the same time, none of whom notices if it fails.
//
// A rule that fails is a *fault.Error of kind Conflict with the code that its
// statement names, and then nothing happened. An error of kind Unavailable
// leaves open whether the commit happened; any other error means it did not.
// When ctx ends first the error wraps ctx's: of kind Unavailable if the batch
// had been queued, for then it may still be executed as a whole.
func (d *DB) Commit(ctx context.Context, b Batch) error {
	if d.queue == nil {
		return errReadOnly
	}
	m := &member{batch: b, done: make(chan error, 1)}
	if d.onCommit == nil {
		return d.queue.do(ctx, m)
	}
	began := d.clock.Elapsed()
	err := d.queue.do(ctx, m)
	d.onCommit(d.clock.Elapsed()-began, err)
	return err
}

// Mutate runs one writing statement in a transaction of its own and calls row
// for each row that it returns: for takers of work and of id blocks, who must
// see what they got. Errors are those of Commit; row may still be called for a
// while after one that ctx caused.
func (d *DB) Mutate(ctx context.Context, sql string, args []any, row func(Scanner) error) error {
	if d.queue == nil {
		return errReadOnly
	}
	return d.backend.mutate(ctx, d.queue, sql, args, row)
}

var errReadOnly = errors.New("the database was opened for reading only")

// Close commits what is queued, refuses what comes later, and closes the
// database. Closing again does nothing.
func (d *DB) Close() error { return d.close() }

func (d *DB) closeOnce() error {
	if d.queue != nil {
		d.queue.stop()
	}
	if err := d.backend.close(); err != nil {
		return fmt.Errorf("close %s database: %w", d.engine, err)
	}
	return nil
}

// unavailable is a breakdown of the database that is expected to pass.
func unavailable(cause error) *fault.Error {
	return fault.Wrap(fault.Unavailable, fault.ServiceUnavailable, "the database is not available", cause)
}
