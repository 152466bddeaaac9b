package e2e_test

import (
	"context"
	"database/sql"
	"fmt"
	"slices"
	"strings"
	"testing"

	_ "github.com/jackc/pgx/v5/stdlib" // registers the driver
	_ "modernc.org/sqlite"             // registers the driver

	"github.com/vezne/vezne/internal/storage"
)

// database looks into a server's database from beside it.
type database struct {
	engine storage.Engine
	pool   *sql.DB
}

func openDatabase(t *testing.T, engine storage.Engine, dsn string) database {
	t.Helper()
	driver, name := "pgx", dsn
	if engine == storage.SQLite {
		driver, name = "sqlite", "file:"+strings.TrimPrefix(dsn, "sqlite:")+"?_pragma=busy_timeout(5000)"
	}
	pool, err := sql.Open(driver, name)
	if err != nil {
		t.Fatalf("open database: %v", err)
	}
	t.Cleanup(func() { _ = pool.Close() }) // it was only read
	return database{engine, pool}
}

// column returns the first column of a query as text.
func (d database) column(t *testing.T, query string) []string {
	t.Helper()
	var all []string
	for _, row := range d.rows(t, query) {
		all = append(all, row[0])
	}
	return all
}

// rows returns every cell of a query as text, NULL as nothing.
func (d database) rows(t *testing.T, query string) [][]string {
	t.Helper()
	rows, err := d.pool.QueryContext(context.WithoutCancel(t.Context()), query)
	if err != nil {
		t.Fatalf("%s: %v", query, err)
	}
	defer func() { _ = rows.Close() }() // rows.Err was asked
	columns, err := rows.Columns()
	if err != nil {
		t.Fatalf("%s: %v", query, err)
	}
	var all [][]string
	for rows.Next() {
		cells := make([]sql.RawBytes, len(columns))
		into := make([]any, len(columns))
		for i := range cells {
			into[i] = &cells[i]
		}
		if err := rows.Scan(into...); err != nil {
			t.Fatalf("%s: %v", query, err)
		}
		row := make([]string, len(columns))
		for i, c := range cells {
			row[i] = string(c)
		}
		all = append(all, row)
	}
	if err := rows.Err(); err != nil {
		t.Fatalf("%s: %v", query, err)
	}
	return all
}

// tables returns the names of all tables of the schema.
func (d database) tables(t *testing.T) []string {
	t.Helper()
	query := `SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite_%' ORDER BY name`
	if d.engine == storage.PostgreSQL {
		query = `SELECT quote_ident(tablename) FROM pg_tables WHERE schemaname = current_schema() ORDER BY tablename`
	}
	names := d.column(t, query)
	if !slices.Contains(names, "payment") {
		t.Fatalf("no table payment among %v: looking at the wrong database", names)
	}
	return names
}

// restless are the tables that the server's own tasks write to in their own time,
// whoever calls: they go on delivering and sealing what was done before.
var restless = []string{"job", "webhook_delivery", "audit_block", "credential_use", "sequence"}

// counts returns how many rows each table has that only requests write to.
func (d database) counts(t *testing.T) map[string]string {
	t.Helper()
	all := make(map[string]string)
	for _, name := range d.tables(t) {
		if slices.Contains(restless, name) {
			continue
		}
		all[name] = d.column(t, fmt.Sprintf(`SELECT count(*) FROM %s`, name))[0]
	}
	return all
}

// cells calls see with every cell of every table, as text.
func (d database) cells(t *testing.T, see func(table, cell string)) {
	t.Helper()
	for _, name := range d.tables(t) {
		for _, row := range d.rows(t, fmt.Sprintf(`SELECT * FROM %s`, name)) {
			for _, cell := range row {
				see(name, cell)
			}
		}
	}
}

// directory returns where PostgreSQL keeps its files, with everything written
// to them that was in its memory.
func (d database) directory(t *testing.T) string {
	t.Helper()
	if _, err := d.pool.ExecContext(context.WithoutCancel(t.Context()), `CHECKPOINT`); err != nil {
		t.Fatalf("checkpoint: %v", err)
	}
	return d.column(t, `SHOW data_directory`)[0]
}
