package storage

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"strconv"
	"strings"
	"sync"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgxpool"
)

// postgresWriters is how many writers share the queue: while one waits for the
// disk the other fills the next pipeline. A third gained nothing when measured.
const postgresWriters = 2

// readSettings plan each query for its own parameters: merchants are of very
// different sizes, and a plan from when a table was empty must not outlive that.
var readSettings = map[string]string{
	"application_name": "vezne",
	"plan_cache_mode":  "force_custom_plan",
}

// writeSettings keep plans, because each writing statement has one good plan, by
// the primary key of its table, and planning takes longer than executing.
var writeSettings = map[string]string{
	"enable_seqscan":  "off",
	"lock_timeout":    lockTimeout,
	"plan_cache_mode": "force_generic_plan",
}

// postgresBackend is a PostgreSQL database: two connections write, a pool reads.
type postgresBackend struct {
	reads   *pgxpool.Pool
	writing []*postgresWriter
}

func openPostgres(ctx context.Context, dsn string, o Options) (*postgresBackend, error) {
	config, err := pgxpool.ParseConfig(dsn)
	if err != nil {
		return nil, ErrDSN // pgx's own error may repeat the password
	}
	config.ConnConfig.StatementCacheCapacity = keptStatements
	config.MaxConns = int32(min(o.Readers, 1000)) //nolint:gosec // bounded
	maps.Copy(config.ConnConfig.RuntimeParams, readSettings)
	pool, err := pgxpool.NewWithConfig(ctx, config)
	if err != nil {
		return nil, fmt.Errorf("open pool: %w", err)
	}
	b := &postgresBackend{reads: pool}
	if err := pool.Ping(ctx); err != nil {
		return nil, errors.Join(fmt.Errorf("connect: %w", err), b.close())
	}
	if o.ReadOnly {
		return b, nil
	}
	turn := &sync.RWMutex{}
	for range postgresWriters {
		b.writing = append(b.writing, newPostgresWriter(config.ConnConfig.Copy(), turn))
	}
	return b, nil
}

func (b *postgresBackend) writers() []writer {
	writers := make([]writer, 0, len(b.writing))
	for _, w := range b.writing {
		writers = append(writers, w)
	}
	return writers
}

func (b *postgresBackend) query(ctx context.Context, sql string, args []any, row func(Scanner) error) error {
	return postgresView{b.reads}.Query(ctx, sql, args, row)
}

// view begins a transaction that sees what was there when it first read.
func (b *postgresBackend) view(ctx context.Context, fn func(Querier) error) error {
	tx, err := b.reads.BeginTx(ctx, pgx.TxOptions{IsoLevel: pgx.RepeatableRead, AccessMode: pgx.ReadOnly})
	if err != nil {
		return queryError(ctx, err)
	}
	defer func() { _ = tx.Rollback(context.WithoutCancel(ctx)) }() // it only read
	return fn(postgresView{tx})
}

// postgresView queries the pool or a transaction.
type postgresView struct {
	of interface {
		Query(ctx context.Context, sql string, args ...any) (pgx.Rows, error)
	}
}

// Query implements Querier.
func (v postgresView) Query(ctx context.Context, sql string, args []any, row func(Scanner) error) error {
	rows, err := v.of.Query(ctx, sql, args...)
	if err != nil {
		return queryError(ctx, err)
	}
	defer rows.Close()
	for rows.Next() {
		if err := row(rows); err != nil {
			return err
		}
	}
	if err := rows.Err(); err != nil {
		return queryError(ctx, err)
	}
	return nil
}

// mutate needs no turn among the groups: the pool has connections to spare, and
// the statement commits by itself.
func (b *postgresBackend) mutate(ctx context.Context, _ *queue, sql string, args []any, row func(Scanner) error) error {
	return b.query(ctx, sql, args, row)
}

// queryError tells a database that cannot be reached from a mistake of ours.
func queryError(ctx context.Context, err error) error {
	if _, told := errors.AsType[*pgconn.PgError](err); told {
		return classifyPostgres(&Statement{}, err)
	}
	err = fmt.Errorf("query: %w", err)
	if ctx.Err() != nil {
		return err
	}
	return unavailable(err)
}

// away reports whether a server that says this is going down, coming up or full,
// rather than refusing a statement (appendix A of its manual): connection
// exceptions, insufficient resources, and the shutdowns among the interventions.
func away(code string) bool {
	return strings.HasPrefix(code, "08") || strings.HasPrefix(code, "53") || strings.HasPrefix(code, "57P")
}

func (b *postgresBackend) pool() Pool {
	s := b.reads.Stat()
	return Pool{
		Limit: int(s.MaxConns()), Used: int(s.AcquiredConns()), Idle: int(s.IdleConns()),
		Waits: s.EmptyAcquireCount(), Waited: s.EmptyAcquireWaitTime(),
	}
}

// kept is 0: each connection keeps its own statements, and tells nobody.
func (b *postgresBackend) kept() int { return 0 }

func (b *postgresBackend) close() error {
	var errs []error
	for _, w := range b.writing {
		errs = append(errs, w.close())
	}
	b.reads.Close()
	return errors.Join(errs...)
}

// counted wraps a statement so that another number of rows than n fails inside
// the database: the pipeline's transaction ends with the pipeline, so a count
// that the client looked at would come too late to stop it. expect_rows is part
// of the schema.
func counted(sql string, n int64) string {
	return "WITH changed AS (" + sql + " RETURNING 1)" +
		" SELECT expect_rows(count(*), " + strconv.FormatInt(n, 10) + ") FROM changed"
}

// Error codes of PostgreSQL (appendix A of its manual) and our own.
const (
	stateUniqueViolation = "23505"
	stateSerialization   = "40001"
	stateDeadlock        = "40P01"
	stateLockTimeout     = "55P03"
	stateMissed          = "VZ001" // raised by expect_rows
)
