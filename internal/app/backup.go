package app

import (
	"context"
	"io"

	"github.com/vezne/vezne/internal/config"
	"github.com/vezne/vezne/internal/storage"
)

// Backup copies a SQLite database to a new file while a server may be writing,
// and proves the copy: its pages, and the books in it.
func Backup(ctx context.Context, database config.DSN, path string, w io.Writer) error {
	return storage.Backup(ctx, database.Reveal(), path, func(ctx context.Context, dsn string) error {
		return VerifyLedger(ctx, config.NewDSN(dsn), w)
	})
}
