package storetest

import (
	"strings"
	"testing"
	"time"

	"github.com/vezne/vezne/internal/storage"
)

// PassTime lets every lease of the database be older by d, as if so much time had
// passed. Nodes that share a database judge leases by its clock, which no test can
// move.
func PassTime(t testing.TB, db *storage.DB, d time.Duration) {
	t.Helper()
	age := func(column string) storage.Statement {
		table, name, _ := strings.Cut(column, ".")
		return storage.Statement{
			SQL:  `UPDATE ` + table + ` SET ` + name + ` = ` + name + ` - $1 WHERE ` + name + ` > 0`,
			Args: []any{d.Microseconds()},
		}
	}
	must(t, "pass time", db.Commit(t.Context(), storage.Batch{
		age("job.leased_until"), age("key_rotation.held_until"), age("keyset_node.seen_at"),
	}))
}
