package storage_test

import (
	"context"
	"errors"
	"testing"

	"github.com/vezne/vezne/internal/storage"
	"github.com/vezne/vezne/internal/storage/storetest"
)

func TestView(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, engine storage.Engine) {
		db := storetest.Open(t, engine)
		commit(t, db, set("seen", 1))
		t.Run("all_queries_of_a_view_see_one_moment", func(t *testing.T) {
			err := db.View(t.Context(), func(q storage.Querier) error {
				if n := valueOf(t, q, "seen"); n != 1 {
					t.Errorf("first %d", n)
				}
				commit(t, db, count("seen"))
				if n := valueOf(t, q, "seen"); n != 1 {
					t.Errorf("after a commit of somebody else %d", n)
				}
				return nil
			})
			if err != nil || value(t, db, "seen") != 2 {
				t.Errorf("%d afterwards, %v", value(t, db, "seen"), err)
			}
		})
		t.Run("a_view_does_not_write", func(t *testing.T) {
			err := db.View(t.Context(), func(q storage.Querier) error {
				return q.Query(t.Context(), countNoun, []any{"seen"}, func(storage.Scanner) error { return nil })
			})
			if err == nil || value(t, db, "seen") != 2 {
				t.Errorf("%d afterwards, %v", value(t, db, "seen"), err)
			}
		})
		t.Run("an_error_ends_the_view_and_is_returned", func(t *testing.T) {
			enough := errors.New("enough")
			for range 20 { // more often than there are connections
				if err := db.View(t.Context(), func(storage.Querier) error { return enough }); !errors.Is(err, enough) {
					t.Fatalf("got %v", err)
				}
			}
		})
		t.Run("a_context_that_has_ended_opens_no_view", func(t *testing.T) {
			ctx, cancel := context.WithCancel(t.Context())
			cancel()
			if err := db.View(ctx, func(storage.Querier) error { return nil }); !errors.Is(err, context.Canceled) {
				t.Errorf("got %v", err)
			}
		})
	})
}

func commit(t *testing.T, db *storage.DB, s storage.Statement) {
	t.Helper()
	if err := db.Commit(t.Context(), storage.Batch{s}); err != nil {
		t.Fatal(err)
	}
}

// valueOf is value as a view sees it.
func valueOf(t *testing.T, q storage.Querier, noun string) (n int64) {
	t.Helper()
	err := q.Query(t.Context(), `SELECT next_id FROM sequence WHERE noun = $1`, []any{noun}, func(s storage.Scanner) error { return s.Scan(&n) })
	if err != nil {
		t.Fatal(err)
	}
	return n
}
