package storage

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
)

// ErrBackupEngine is a database that this program does not copy.
var ErrBackupEngine = errors.New("only SQLite is copied here; PostgreSQL has pg_basebackup and its write-ahead log")

// Backup copies a SQLite database to a new file, as of one moment, while a server
// may be writing: it reads within one transaction, which write-ahead logging lets
// go on beside every writer. The copy is checked page by page by SQLite, and then
// by check, before it appears under its name, durable, readable by its owner
// alone. An existing path is fs.ErrExist.
func Backup(ctx context.Context, dsn, path string, check func(ctx context.Context, dsn string) error) (err error) {
	engine, err := EngineOf(dsn)
	if err != nil {
		return err
	}
	if engine != SQLite {
		return ErrBackupEngine
	}
	if _, err := os.Lstat(path); err == nil { // before a long copy; put makes sure
		return fmt.Errorf("back up: %s: %w", path, fs.ErrExist)
	}
	dir, err := os.MkdirTemp(filepath.Dir(path), ".backup-*") // mode 0700
	if err != nil {
		return fmt.Errorf("back up: %w", err)
	}
	defer func() { _ = os.RemoveAll(dir) }() // at worst a private directory stays behind
	tmp := filepath.Join(dir, "vezne.db")
	if err := copyInto(ctx, strings.TrimPrefix(dsn, sqlitePrefix), tmp); err != nil {
		return fmt.Errorf("back up: %w", err)
	}
	if err := check(ctx, sqlitePrefix+tmp); err != nil {
		return fmt.Errorf("check the copy: %w", err)
	}
	return put(tmp, path)
}

// copyInto creates the file first: SQLite would create it readable by everyone.
func copyInto(ctx context.Context, from, to string) (err error) {
	if _, err := os.Stat(from); err != nil {
		return fmt.Errorf("find database file: %w", err)
	}
	if err := os.WriteFile(to, nil, 0o600); err != nil {
		return err
	}
	source, err := openSQLitePool(from, 1, "query_only(0)")
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, source.Close()) }()
	if _, err := source.ExecContext(ctx, `VACUUM INTO $1`, to); err != nil {
		return fmt.Errorf("copy: %w", err)
	}
	target, err := openSQLitePool(to, 1)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, target.Close()) }()
	return intact(ctx, target)
}

func intact(ctx context.Context, db *sql.DB) error {
	var said string
	if err := db.QueryRowContext(ctx, `PRAGMA integrity_check(1)`).Scan(&said); err != nil {
		return fmt.Errorf("check integrity: %w", err)
	}
	if said != "ok" {
		return fmt.Errorf("check integrity: %s", said)
	}
	return nil
}

// put makes the copy durable and gives it its name. A link, unlike a rename, fails
// if the path exists.
func put(tmp, path string) error {
	f, err := os.OpenFile(tmp, os.O_RDWR, 0) //nolint:gosec // our own temporary file
	if err != nil {
		return fmt.Errorf("keep the copy: %w", err)
	}
	if err := errors.Join(f.Sync(), f.Close()); err != nil {
		return fmt.Errorf("keep the copy: %w", err)
	}
	if err := os.Link(tmp, path); err != nil {
		return fmt.Errorf("keep the copy: %w", err)
	}
	d, err := os.Open(filepath.Dir(path))
	if err != nil {
		return fmt.Errorf("keep the copy: %w", err)
	}
	return errors.Join(d.Sync(), d.Close())
}
