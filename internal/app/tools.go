package app

import (
	"context"
	"errors"
	"fmt"
	"io"

	"github.com/vezne/vezne/internal/bin"
	"github.com/vezne/vezne/internal/clock"
	"github.com/vezne/vezne/internal/config"
	"github.com/vezne/vezne/internal/id"
	"github.com/vezne/vezne/internal/storage"
	"github.com/vezne/vezne/internal/storage/sqlstore"
)

// Migrate brings the schema of a database up to date. Several processes may do
// so at once.
func Migrate(ctx context.Context, database config.DSN) error {
	return storage.Migrate(ctx, database.Reveal())
}

// ImportBINs adds the good rows of a CSV file to those of the BIN table that all
// merchants share, and reports to w
// what became of each line. It fails if there was a bad one, after the good ones
// were saved.
func ImportBINs(ctx context.Context, database config.DSN, csv io.Reader, w io.Writer) error {
	report, err := importBINs(ctx, database, csv)
	if err != nil {
		return fmt.Errorf("read BINs: %w", err)
	}
	for _, b := range report.Refused {
		fmt.Fprintln(w, b)
	}
	fmt.Fprintln(w, report)
	if n := len(report.Refused); n > 0 {
		return fmt.Errorf("import BINs: %d rows refused", n)
	}
	return nil
}

func importBINs(ctx context.Context, database config.DSN, csv io.Reader) (bin.Report, error) {
	db, err := storage.Open(ctx, database.Reveal(), storage.Options{})
	if err != nil {
		return bin.Report{}, err
	}
	editor := bin.NewEditor(bin.Dependencies{
		Store: sqlstore.NewBINs(db), IDs: id.NewGenerator(sqlstore.NewSequences(db)), Clock: clock.System{},
		Invalidate: func() {}, // no node runs here
	})
	report, err := editor.Import(ctx, bin.Upload{MerchantID: bin.Shared, File: csv})
	return report, errors.Join(err, db.Close())
}
