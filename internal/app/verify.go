package app

import (
	"context"
	"fmt"
	"io"

	"github.com/vezne/vezne/internal/config"
	"github.com/vezne/vezne/internal/ledger"
	"github.com/vezne/vezne/internal/storage"
	"github.com/vezne/vezne/internal/storage/sqlstore"
)

// VerifyLedger proves the books of a database, beside which a server may be
// running. It writes each contradiction to w and returns an error if there is any.
func VerifyLedger(ctx context.Context, database config.DSN, w io.Writer) error {
	db, err := storage.Open(ctx, database.Reveal(), storage.Options{ReadOnly: true})
	if err != nil {
		return err
	}
	defer func() { _ = db.Close() }() // it was only read
	proof, err := ledger.Verify(ctx, sqlstore.NewLedger(db), func(f ledger.Finding) { fmt.Fprintln(w, f) })
	if err != nil {
		return err
	}
	fmt.Fprintf(w, "%d postings, %d payments, %d contradictions\n", proof.Postings, proof.Payments, proof.Findings)
	if proof.Findings > 0 {
		return fmt.Errorf("verify ledger: %d contradictions", proof.Findings)
	}
	return nil
}
