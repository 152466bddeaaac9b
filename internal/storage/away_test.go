//go:build !quick

package storage_test

import (
	"context"
	"fmt"
	"testing"

	"github.com/jackc/pgx/v5"

	"github.com/vezne/vezne/internal/fault"
	"github.com/vezne/vezne/internal/storage"
	"github.com/vezne/vezne/internal/storage/storetest"
)

// A server that ends a connection because it goes down says so in an error of
// its own. It is no mistake of the statement, and passes.
func TestServerGoesDown(t *testing.T) {
	t.Parallel()
	t.Run("query_is_unavailable", func(t *testing.T) {
		t.Parallel()
		dsn := storetest.DSN(t, storage.PostgreSQL)
		db := storetest.OpenWith(t, dsn, storage.Options{})
		admin, err := pgx.Connect(t.Context(), dsn)
		if err != nil {
			t.Fatal(err)
		}
		defer func() { _ = admin.Close(t.Context()) }() // it did its work
		asked := make(chan error, 1)
		go func() {
			asked <- db.Query(t.Context(), `SELECT 1 FROM pg_sleep(60)`, nil, func(storage.Scanner) error { return nil })
		}()
		const end = `SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity
			WHERE datname = current_database() AND pid <> pg_backend_pid() AND query LIKE '%pg_sleep%'`
		for ended := 0; ended == 0; {
			if err := admin.QueryRow(t.Context(), end).Scan(&ended); err != nil {
				t.Fatal(err)
			}
		}
		if err := <-asked; fault.KindOf(err) != fault.Unavailable {
			t.Errorf("error = %v", err)
		}
	})
}

// A lost connection is made anew, and what was acknowledged stays.
func TestLostConnection(t *testing.T) {
	t.Parallel()
	dsn := storetest.DSN(t, storage.PostgreSQL)
	db := storetest.OpenWith(t, dsn, storage.Options{})
	acknowledged := 0
	for n := range 20 {
		err := db.Commit(t.Context(), storage.Batch{set(fmt.Sprintf("n%d", n), 1)})
		switch {
		case err == nil:
			acknowledged++
		case fault.KindOf(err) != fault.Unavailable:
			t.Errorf("got %v, want Unavailable", err)
		}
		if n%5 == 0 {
			loseConnections(t, dsn)
		}
	}
	stored := 0
	err := db.Query(t.Context(), `SELECT noun FROM sequence ORDER BY noun`, nil, func(storage.Scanner) error { stored++; return nil })
	if fault.KindOf(err) == fault.Unavailable { // the reading connection had been lost too
		stored = 0
		err = db.Query(t.Context(), `SELECT noun FROM sequence ORDER BY noun`, nil, func(storage.Scanner) error { stored++; return nil })
	}
	if err != nil || stored < acknowledged || acknowledged < 10 {
		t.Errorf("%d commits acknowledged, %d stored: %v", acknowledged, stored, err)
	}
}

// loseConnections has the server end every other connection to the database.
func loseConnections(t *testing.T, dsn string) {
	t.Helper()
	conn, err := pgx.Connect(t.Context(), dsn)
	if err != nil {
		t.Fatalf("connect: %v", err)
	}
	defer func() { _ = conn.Close(context.Background()) }() // nothing is left to do over it
	_, err = conn.Exec(t.Context(), `SELECT pg_terminate_backend(pid) FROM pg_stat_activity
		WHERE datname = current_database() AND pid <> pg_backend_pid()`)
	if err != nil {
		t.Fatalf("terminate: %v", err)
	}
}
