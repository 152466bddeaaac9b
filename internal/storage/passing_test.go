package storage_test

import (
	"database/sql"
	"errors"
	"path/filepath"
	"testing"

	"github.com/vezne/vezne/internal/fault"
	"github.com/vezne/vezne/internal/storage"
)

// What passes by itself is Unavailable, so that a caller asks again; what does not
// stays a mistake of ours.
func TestSQLiteErrors(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	open := func(t *testing.T, options string) *sql.DB {
		t.Helper()
		db, err := sql.Open("sqlite", "file:"+filepath.Join(dir, filepath.Base(t.Name()))+options)
		if err != nil {
			t.Fatal(err)
		}
		db.SetMaxOpenConns(1)
		t.Cleanup(func() { _ = db.Close() })
		return db
	}
	run := func(t *testing.T, db *sql.DB, statements ...string) error {
		t.Helper()
		for i, s := range statements {
			if _, err := db.ExecContext(t.Context(), s); err != nil {
				if i < len(statements)-1 {
					t.Fatal(err)
				}
				return err
			}
		}
		return nil
	}
	for name, tt := range map[string]struct {
		fail    func(t *testing.T) error
		passing bool
	}{
		"full_disk": {func(t *testing.T) error {
			t.Helper()
			return run(t, open(t, ""), "CREATE TABLE t (b BLOB)", "PRAGMA max_page_count = 2", "INSERT INTO t VALUES (zeroblob(1000000))")
		}, true},
		"locked_file": {func(t *testing.T) error {
			t.Helper()
			if err := run(t, open(t, ""), "CREATE TABLE t (b BLOB)", "BEGIN EXCLUSIVE"); err != nil {
				t.Fatal(err)
			}
			return run(t, open(t, ""), "SELECT 1 FROM t")
		}, true},
		"file_that_cannot_be_opened": {func(t *testing.T) error {
			t.Helper()
			return run(t, open(t, "?mode=ro"), "SELECT 1")
		}, true},
		"connection_that_is_gone": {func(t *testing.T) error {
			t.Helper()
			conn, err := open(t, "").Conn(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			_ = conn.Close() // that is what is tried
			return conn.PingContext(t.Context())
		}, true},
		"statement_that_is_none": {func(t *testing.T) error {
			t.Helper()
			return run(t, open(t, ""), "SELEKT")
		}, false},
		"broken_rule": {func(t *testing.T) error {
			t.Helper()
			return run(t, open(t, ""), "CREATE TABLE t (b INT CHECK (b > 0))", "INSERT INTO t VALUES (0)")
		}, false},
		"error_of_a_reader": {func(*testing.T) error { return errors.New("enough") }, false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			err := tt.fail(t)
			if err == nil {
				t.Fatal("nothing failed")
			}
			kind := fault.KindOf(storage.ReadError(err))
			if tt.passing != (kind == fault.Unavailable) || !errors.Is(storage.ReadError(err), err) {
				t.Errorf("%v is of kind %d", err, kind)
			}
		})
	}
}
