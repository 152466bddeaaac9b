package app

import (
	"context"
	"fmt"
	"io"

	"github.com/vezne/vezne/internal/bin"
	"github.com/vezne/vezne/internal/config"
	"github.com/vezne/vezne/internal/storage"
	"github.com/vezne/vezne/internal/storage/sqlstore"
)

// Migrate brings the schema of a database up to date. Several processes may do
// so at once.
func Migrate(ctx context.Context, database config.DSN) error {
	return storage.Migrate(ctx, database.Reveal())
}

// ImportBINs adds the good rows of a CSV file to the BIN table and reports the
// bad ones to w. It fails if there was a bad one, after the good ones were saved.
func ImportBINs(ctx context.Context, database config.DSN, csv io.Reader, w io.Writer) error {
	rows, bad, err := bin.ParseCSV(csv)
	if err != nil {
		return fmt.Errorf("read BINs: %w", err)
	}
	for _, b := range bad {
		fmt.Fprintln(w, b)
	}
	if err := saveBINs(ctx, database, rows); err != nil {
		return err
	}
	fmt.Fprintf(w, "%d BINs imported, %d rows refused\n", len(rows), len(bad))
	if len(bad) > 0 {
		return fmt.Errorf("import BINs: %d rows refused", len(bad))
	}
	return nil
}

func saveBINs(ctx context.Context, database config.DSN, rows []bin.Info) error {
	db, err := storage.Open(ctx, database.Reveal(), storage.Options{})
	if err != nil {
		return err
	}
	if err := sqlstore.NewBINs(db).SaveBINs(ctx, rows); err != nil {
		_ = db.Close() // the reason why the import failed is the one to tell
		return fmt.Errorf("save BINs: %w", err)
	}
	return db.Close()
}
