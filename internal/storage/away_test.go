package storage_test

import (
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
