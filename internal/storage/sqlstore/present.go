package sqlstore

import (
	"fmt"
	"strconv"
	"time"

	"github.com/vezne/vezne/internal/storage"
)

// databaseTime is PostgreSQL's own time in microseconds since 1970, as micros
// stores it. It is the same in all of a statement.
const databaseTime = `CAST(extract(epoch FROM statement_timestamp()) * 1000000 AS BIGINT)`

// present is the time by which a statement judges and writes leases: that of the
// database where several nodes share one, because their clocks may differ by more
// than a lease lasts, and otherwise the parameter, which holds this process's.
func present(db *storage.DB, parameter string) string {
	if db.Engine() == storage.PostgreSQL {
		return databaseTime
	}
	return parameter
}

// timed puts the present into a statement that has %[1]s for it. Its parameters
// are args, and now where the database has no clock of its own.
func timed(db *storage.DB, sql string, now time.Time, args ...any) (string, []any) {
	if db.Engine() == storage.SQLite {
		args = append(args, micros(now))
	}
	return fmt.Sprintf(sql, present(db, "$"+strconv.Itoa(len(args)))), args
}
