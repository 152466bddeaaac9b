package storage

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"strings"

	_ "github.com/jackc/pgx/v5/stdlib" // registers the driver for goose
	"github.com/pressly/goose/v3"
	"github.com/pressly/goose/v3/lock"

	"github.com/vezne/vezne/internal/storage/migration"
)

// ErrSchema is a database whose schema is older than this binary needs.
var ErrSchema = errors.New("the database schema is not up to date: run the migrations")

// Migrate brings the schema of a database up to date, creating a SQLite file
// that does not exist. Migrations only go forward and leave the schema usable by
// the previous binary. Several nodes may call it at once: one works, the others
// wait and find nothing to do.
func Migrate(ctx context.Context, dsn string) error {
	engine, err := EngineOf(dsn)
	if err != nil {
		return err
	}
	switch engine {
	case SQLite:
		err = migrateSQLite(ctx, strings.TrimPrefix(dsn, sqlitePrefix))
	case PostgreSQL:
		err = migratePostgres(ctx, dsn)
	}
	if err != nil {
		return fmt.Errorf("migrate %s database: %w", engine, err)
	}
	return nil
}

func migrateSQLite(ctx context.Context, path string) (err error) {
	l, err := awaitLock(ctx, path+".migrate.lock")
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, l.unlock()) }()
	// SQLite would create the file readable by everyone; its log files take over
	// the mode of the database.
	f, err := os.OpenFile(path, os.O_CREATE|os.O_RDWR, 0o600) //nolint:gosec // the operator names the database
	if err != nil {
		return fmt.Errorf("create database file: %w", err)
	}
	if err := f.Close(); err != nil {
		return fmt.Errorf("create database file: %w", err)
	}
	pool, err := openSQLitePool(path, 1)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, pool.Close()) }()
	return migrate(ctx, goose.DialectSQLite3, pool, migration.SQLite())
}

func migratePostgres(ctx context.Context, dsn string) (err error) {
	locker, err := lock.NewPostgresSessionLocker()
	if err != nil {
		return fmt.Errorf("session lock: %w", err)
	}
	pool, err := sql.Open("pgx", dsn)
	if err != nil {
		return ErrDSN // pgx's own error may repeat the password
	}
	defer func() { err = errors.Join(err, pool.Close()) }()
	return migrate(ctx, goose.DialectPostgres, pool, migration.PostgreSQL(), goose.WithSessionLocker(locker))
}

func migrate(ctx context.Context, dialect goose.Dialect, pool *sql.DB, files fs.FS, o ...goose.ProviderOption) error {
	o = append(o, goose.WithDisableGlobalRegistry(true), goose.WithAllowOutofOrder(true))
	p, err := goose.NewProvider(dialect, pool, files, o...)
	if err != nil {
		return fmt.Errorf("read migrations: %w", err)
	}
	if _, err := p.Up(ctx); err != nil {
		return fmt.Errorf("apply migrations: %w", err)
	}
	return nil
}

// checkSchema refuses a schema that lacks a step of this binary, be it the newest
// or one that was left out before others. One that has more is fine: during a
// rolling upgrade the previous binary may restart.
func (d *DB) checkSchema(ctx context.Context) error {
	const versions = `SELECT version_id FROM goose_db_version WHERE is_applied ORDER BY version_id`
	var applied []int64
	err := d.Query(ctx, versions, nil, func(s Scanner) error {
		var version int64
		err := s.Scan(&version)
		applied = append(applied, version)
		return err
	})
	if err != nil {
		return errors.Join(ErrSchema, err)
	}
	files := migration.SQLite()
	if d.engine == PostgreSQL {
		files = migration.PostgreSQL()
	}
	missing, err := migration.Missing(files, applied)
	if err != nil {
		return err
	}
	if len(missing) > 0 {
		return fmt.Errorf("%w (it lacks %s)", ErrSchema, strings.Join(missing, ", "))
	}
	return nil
}
