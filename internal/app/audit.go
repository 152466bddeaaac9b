package app

import (
	"context"
	"fmt"
	"io"
	"log/slog"

	"github.com/vezne/vezne/internal/audit"
	"github.com/vezne/vezne/internal/clock"
	"github.com/vezne/vezne/internal/config"
	"github.com/vezne/vezne/internal/id"
	"github.com/vezne/vezne/internal/storage"
	"github.com/vezne/vezne/internal/storage/sqlstore"
	"github.com/vezne/vezne/internal/vault"
)

// newAuditSealer returns the sealer of the audit log, whose key comes from the
// keyset: who has the database alone cannot seal.
func newAuditSealer(ctx context.Context, db *storage.DB, v *vault.Vault, c clock.Clock, log *slog.Logger) (*audit.Sealer, error) {
	key, err := v.HouseKey(ctx, "audit chain")
	if err != nil {
		return nil, err
	}
	return audit.NewSealer(sqlstore.NewAudit(db), key, c, log), nil
}

// VerifyAudit proves that no sealed audit record was changed, removed or added.
// It writes each merchant's newest block to w, to be noted down elsewhere, and
// returns an error if anything contradicts. A server may be running.
func VerifyAudit(ctx context.Context, c config.Config, w io.Writer) error {
	db, err := storage.Open(ctx, c.Database.Reveal(), storage.Options{ReadOnly: true})
	if err != nil {
		return err
	}
	defer func() { _ = db.Close() }() // it was only read
	keyset, err := loadKeyset(ctx, c)
	if err != nil {
		return err
	}
	ids := id.NewGenerator(sqlstore.NewSequences(db))
	safe := vault.New(vault.Options{Keyset: keyset, Store: sqlstore.NewVault(db), IDs: ids, Clock: clock.System{}})
	sealer, err := newAuditSealer(ctx, db, safe, clock.System{}, slog.New(slog.DiscardHandler))
	if err != nil {
		return err
	}
	broken := 0
	err = sealer.Verify(ctx, func(f audit.Finding) {
		fmt.Fprintf(w, "merchant %d: %d records in %d blocks, newest %x\n", f.MerchantID, f.Records, f.Head.Number, f.Head.Hash)
		for _, n := range f.Broken {
			fmt.Fprintf(w, "merchant %d: block %d does not agree with its records or the block before\n", f.MerchantID, n)
		}
		broken += len(f.Broken)
	})
	if err != nil {
		return err
	}
	if broken > 0 {
		return fmt.Errorf("verify audit log: %d blocks are broken", broken)
	}
	return nil
}
