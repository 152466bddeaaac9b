// Package migration holds the schema of each engine as a list of steps that only
// go forward. A step leaves the schema usable by the previous binary, because
// during an upgrade both run.
package migration

import (
	"embed"
	"fmt"
	"io/fs"
	"slices"

	"github.com/pressly/goose/v3"
)

//go:embed sqlite/*.sql postgres/*.sql
var files embed.FS

// SQLite returns the steps for SQLite.
func SQLite() fs.FS { return folder("sqlite") }

// PostgreSQL returns the steps for PostgreSQL.
func PostgreSQL() fs.FS { return folder("postgres") }

func folder(name string) fs.FS {
	sub, err := fs.Sub(files, name)
	if err != nil {
		panic("migration: " + err.Error()) // the name is a constant
	}
	return sub
}

// Missing returns the file names of the steps that are not among the applied
// versions, in their order.
func Missing(steps fs.FS, applied []int64) ([]string, error) {
	names, err := fs.Glob(steps, "*.sql") // sorted
	if err != nil {
		return nil, fmt.Errorf("list migrations: %w", err)
	}
	var missing []string
	for _, name := range names {
		version, err := goose.NumericComponent(name)
		if err != nil {
			return nil, fmt.Errorf("migration %s: %w", name, err)
		}
		if !slices.Contains(applied, version) {
			missing = append(missing, name)
		}
	}
	return missing, nil
}
