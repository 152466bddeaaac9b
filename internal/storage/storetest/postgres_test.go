//go:build !quick

package storetest_test

import (
	"slices"
	"sync"
	"testing"

	"github.com/jackc/pgx/v5"

	"github.com/vezne/vezne/internal/storage/storetest"
	"github.com/vezne/vezne/test/postgrestest"
)

// TestTemplate has many packages ask one server for a database at the same time.
func TestTemplate(t *testing.T) {
	t.Parallel()
	s, err := postgrestest.Start(postgrestest.Fast)
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := s.Stop(); err != nil {
			t.Error(err)
		}
	}()
	const packages = 8
	var found [packages]string
	var all sync.WaitGroup
	for n := range packages {
		all.Go(func() {
			var err error
			if found[n], err = storetest.FindTemplate(s.Admin()); err != nil {
				t.Error(err)
			}
		})
	}
	all.Wait()
	conn, err := pgx.Connect(t.Context(), s.Admin().String())
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = conn.Close(t.Context()) }() // its answer is there
	rows, err := conn.Query(t.Context(), "SELECT datname FROM pg_database WHERE datname LIKE 'vezne%' ORDER BY datname")
	if err != nil {
		t.Fatal(err)
	}
	there, err := pgx.CollectRows(rows, pgx.RowTo[string])
	if err != nil {
		t.Fatal(err)
	}
	if len(there) != 1 || slices.ContainsFunc(found[:], func(name string) bool { return name != there[0] }) {
		t.Errorf("%d packages have the templates %q, on the server are %q: want one", packages, found, there)
	}
}
