//go:build !quick

package storage_test

import (
	"context"
	"errors"
	"testing"

	"github.com/vezne/vezne/test/wait"

	"github.com/jackc/pgx/v5"

	"github.com/vezne/vezne/internal/storage"
	"github.com/vezne/vezne/internal/storage/sqlstore"
	"github.com/vezne/vezne/internal/storage/storetest"
)

// listening listens for configuration changes until the test ends or the
// connection is lost.
func listening(t *testing.T, db *storage.DB) (up, heard chan struct{}, ended chan error) {
	t.Helper()
	up, heard, ended = make(chan struct{}, 1), make(chan struct{}, 100), make(chan error, 1)
	ctx, cancel := context.WithCancel(context.WithoutCancel(t.Context()))
	gone := make(chan struct{})
	go func() {
		defer close(gone)
		ended <- sqlstore.NewConfig(db).Listen(ctx, func() { up <- struct{}{} }, func() { heard <- struct{}{} })
	}()
	t.Cleanup(func() { cancel(); <-gone })
	return up, heard, ended
}

const bump = `UPDATE config_version SET version = version + 1 WHERE id = 1`

func TestListen(t *testing.T) {
	t.Parallel()
	t.Run("a_configuration_commit_of_another_node_is_heard", func(t *testing.T) {
		t.Parallel()
		dsn := storetest.DSN(t, storage.PostgreSQL)
		up, heard, _ := listening(t, storetest.OpenWith(t, dsn, storage.Options{}))
		wait.For(t, "listening", up)
		other := storetest.OpenWith(t, dsn, storage.Options{})
		if err := other.Commit(t.Context(), storage.Batch{{SQL: bump}}); err != nil {
			t.Fatal(err)
		}
		wait.For(t, "a notification", heard)
	})
	t.Run("a_commit_that_fails_or_changes_no_configuration_is_not", func(t *testing.T) {
		t.Parallel()
		dsn := storetest.DSN(t, storage.PostgreSQL)
		up, heard, _ := listening(t, storetest.OpenWith(t, dsn, storage.Options{}))
		wait.For(t, "listening", up)
		other := storetest.OpenWith(t, dsn, storage.Options{})
		const add = `INSERT INTO sequence (noun, next_id) VALUES ($1, 1)`
		if err := other.Commit(t.Context(), storage.Batch{{SQL: add, Args: []any{"one"}}}); err != nil {
			t.Fatal(err)
		}
		if err := other.Commit(t.Context(), storage.Batch{{SQL: bump}, {SQL: add, Args: []any{"one"}}}); err == nil {
			t.Fatal("the same row twice")
		}
		// Notifications come in the order of commits: what was before this one has come.
		if err := other.Commit(t.Context(), storage.Batch{{SQL: bump}}); err != nil {
			t.Fatal(err)
		}
		wait.For(t, "a notification", heard)
		if len(heard) != 0 {
			t.Errorf("%d more notifications", len(heard))
		}
	})
	t.Run("a_lost_connection_ends_it", func(t *testing.T) {
		t.Parallel()
		dsn := storetest.DSN(t, storage.PostgreSQL)
		up, _, ended := listening(t, storetest.OpenWith(t, dsn, storage.Options{}))
		wait.For(t, "listening", up)
		admin, err := pgx.Connect(t.Context(), dsn)
		if err != nil {
			t.Fatal(err)
		}
		defer func() { _ = admin.Close(t.Context()) }() // it did its work
		const end = `SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity
			WHERE datname = current_database() AND application_name = 'vezne listener'`
		var n int
		if err := admin.QueryRow(t.Context(), end).Scan(&n); err != nil || n != 1 {
			t.Fatalf("%d listeners ended, %v", n, err)
		}
		if err := wait.For(t, "the end", ended); err == nil {
			t.Error("no error")
		}
	})
	t.Run("SQLite_has_nobody_to_tell", func(t *testing.T) {
		t.Parallel()
		err := storetest.Open(t, storage.SQLite).Listen(t.Context(), "any", func() {}, func() {})
		if !errors.Is(err, storage.ErrNoNotifications) {
			t.Errorf("error = %v", err)
		}
	})
}
