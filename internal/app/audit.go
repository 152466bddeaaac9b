package app

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"

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
func newAuditSealer(
	ctx context.Context, db *storage.DB, v *vault.Vault, c clock.Clock, log *slog.Logger,
) (*audit.Sealer, error) {
	key, err := v.HouseKey(ctx, "audit chain")
	if err != nil {
		return nil, err
	}
	return audit.NewSealer(sqlstore.NewAudit(db), key, c, log), nil
}

// loneAuditSealer is newAuditSealer without a server around it.
func loneAuditSealer(ctx context.Context, db *storage.DB, c config.Config, now clock.Clock) (*audit.Sealer, error) {
	keyset, err := loadKeyset(ctx, c)
	if err != nil {
		return nil, err
	}
	ids := id.NewGenerator(sqlstore.NewSequences(db))
	safe := vault.New(vault.Options{Keyset: keyset, Store: sqlstore.NewVault(db), IDs: ids, Clock: now})
	return newAuditSealer(ctx, db, safe, now, slog.New(slog.DiscardHandler))
}

// VerifyAudit proves that no sealed audit record was changed, removed or added.
// It writes each merchant's newest block to w, and returns an error if anything
// contradicts. A server may be running.
//
// A path names a file of heads, kept apart from the database: what it says was
// there must be there still, so that blocks cut off the end are missed. A log that
// agrees replaces it, and writes it if there is none.
func VerifyAudit(ctx context.Context, c config.Config, path string, w io.Writer) error {
	db, err := storage.Open(ctx, c.Database.Reveal(), storage.Options{ReadOnly: true})
	if err != nil {
		return err
	}
	defer func() { _ = db.Close() }() // it was only read
	sealer, err := loneAuditSealer(ctx, db, c, clock.System{})
	if err != nil {
		return err
	}
	noted, err := readHeads(sealer, path, w)
	if err != nil {
		return err
	}
	heads, wrong := audit.Heads{}, 0
	err = sealer.Verify(ctx, noted, func(f audit.Finding) {
		heads[f.MerchantID] = audit.Head{Number: f.Head.Number, Hash: f.Head.Hash}
		tell(w, f)
		if !f.Whole() {
			wrong++
		}
	})
	if err != nil {
		return err
	}
	if wrong > 0 {
		return fmt.Errorf("verify audit log: the logs of %d merchants are not whole", wrong)
	}
	return writeHeads(path, sealer.Note(heads))
}

func tell(w io.Writer, f audit.Finding) {
	fmt.Fprintf(w, "merchant %d: %d records in %d blocks, newest %x\n",
		f.MerchantID, f.Records, f.Head.Number, f.Head.Hash)
	for _, n := range f.Broken {
		fmt.Fprintf(w, "merchant %d: block %d does not agree with its records or the block before\n", f.MerchantID, n)
	}
	if f.Cut {
		fmt.Fprintf(w, "merchant %d: the block that was noted as the newest is gone or another one\n", f.MerchantID)
	}
}

// readHeads reads a file of heads; none at all is none noted.
func readHeads(s *audit.Sealer, path string, w io.Writer) (audit.Heads, error) {
	if path == "" {
		return audit.Heads{}, nil
	}
	text, err := os.ReadFile(path) //nolint:gosec // the file that whoever runs the command has named
	if errors.Is(err, fs.ErrNotExist) {
		fmt.Fprintf(w, "%s is not there: only from now on it tells when the end of a log is cut off\n", path)
		return audit.Heads{}, nil
	}
	if err != nil {
		return nil, fmt.Errorf("read heads: %w", err)
	}
	heads, err := s.Noted(string(text))
	if err != nil {
		return nil, fmt.Errorf("read heads in %s: %w", path, err)
	}
	return heads, nil
}

// writeHeads replaces a file of heads as a whole.
func writeHeads(path, text string) error {
	if path == "" {
		return nil
	}
	f, err := os.CreateTemp(filepath.Dir(path), ".heads-*") // mode 0600
	if err != nil {
		return fmt.Errorf("write heads: %w", err)
	}
	_, err = f.WriteString(text)
	err = errors.Join(err, f.Sync(), f.Close())
	if err == nil {
		err = os.Rename(f.Name(), path)
	}
	if err != nil {
		_ = os.Remove(f.Name()) // the cause is what is told
		return fmt.Errorf("write heads: %w", err)
	}
	return nil
}
