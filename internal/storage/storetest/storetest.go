// Package storetest gives tests real databases of both engines, and holds the
// suite that every store must pass on each of them. SQLite lives in a file of
// the test; PostgreSQL is the server that TEST_POSTGRES names, which `make
// test` starts for all packages together, or else one that the test binary starts.
package storetest

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"sync"
	"testing"

	"github.com/vezne/vezne/internal/storage"
	"github.com/vezne/vezne/test/postgrestest"
)

// Main runs the tests of a package and stops the servers that they started. A
// package that opens databases has
//
//	func TestMain(m *testing.M) { os.Exit(storetest.Main(m)) }
func Main(m *testing.M) int {
	if dsn := os.Getenv(childVariable); dsn != "" {
		return runChild(dsn)
	}
	code := m.Run()
	if err := stopServers(); err != nil {
		fmt.Fprintln(os.Stderr, err)
		code = 1
	}
	return code
}

// Open returns a fresh, migrated database that is closed and dropped when the
// test ends.
func Open(t testing.TB, engine storage.Engine) *storage.DB {
	t.Helper()
	return OpenWith(t, DSN(t, engine), storage.Options{})
}

// OpenWith opens a migrated database and closes it when the test ends.
func OpenWith(t testing.TB, dsn string, o storage.Options) *storage.DB {
	t.Helper()
	db, err := storage.Open(t.Context(), dsn, o)
	if err != nil {
		t.Fatalf("open database: %v", err)
	}
	t.Cleanup(func() {
		if err := db.Close(); err != nil {
			t.Errorf("close database: %v", err)
		}
	})
	return db
}

// DSN returns a fresh, migrated database that nobody has opened. It is dropped
// when the test ends. PostgreSQL runs without fsync here.
func DSN(t testing.TB, engine storage.Engine) string {
	t.Helper()
	if engine == storage.PostgreSQL {
		return serverOf(t, postgrestest.Fast).database(t, true)
	}
	image, err := sqliteImage()
	if err != nil {
		t.Fatalf("migrate SQLite: %v", err)
	}
	path := filepath.Join(t.TempDir(), "vezne.db")
	if err := os.WriteFile(path, image, 0o600); err != nil {
		t.Fatalf("write database: %v", err)
	}
	return "sqlite:" + path
}

// EmptyDSN returns a database without a schema, which for SQLite is a file that
// does not exist yet.
func EmptyDSN(t testing.TB, engine storage.Engine) string {
	t.Helper()
	if engine == storage.PostgreSQL {
		return serverOf(t, postgrestest.Fast).database(t, false)
	}
	return "sqlite:" + filepath.Join(t.TempDir(), "vezne.db")
}

// DurableDSN is DSN with every commit on disk, for measurements and for tests of
// crashes.
func DurableDSN(t testing.TB, engine storage.Engine) string {
	t.Helper()
	if engine == storage.PostgreSQL {
		return serverOf(t, postgrestest.Durable).database(t, true)
	}
	return DSN(t, engine)
}

// sqliteImage is a migrated SQLite file, made once: a copy of it is much cheaper
// than migrating each test's.
var sqliteImage = sync.OnceValues(func() ([]byte, error) {
	dir, err := os.MkdirTemp("", "vezne-image")
	if err != nil {
		return nil, err
	}
	defer func() { _ = os.RemoveAll(dir) }() // in the system's temporary directory anyway
	path := filepath.Join(dir, "image.db")
	if err := storage.Migrate(context.Background(), "sqlite:"+path); err != nil {
		return nil, err
	}
	return os.ReadFile(path)
})
