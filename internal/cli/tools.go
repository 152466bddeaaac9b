package cli

import (
	"context"
	"fmt"
	"os"
	"path/filepath"

	"github.com/vezne/vezne/internal/app"
	"github.com/vezne/vezne/internal/config"
)

type migrateCommand struct {
	settings
}

// Run brings the schema up to date; doing so again does nothing.
func (c migrateCommand) Run(ctx context.Context, w World) error {
	cfg, err := c.load(w, nil)
	if err != nil {
		return err
	}
	if err := app.Migrate(ctx, cfg.Database); err != nil {
		return err
	}
	fmt.Fprintf(w.Stdout, "%s is up to date\n", cfg.Database)
	return nil
}

type ledgerCommand struct {
	Verify  ledgerVerifyCommand  `cmd:"" help:"Prove that the books balance and agree with the payments."`
	Compare ledgerCompareCommand `cmd:"" help:"List what a bank reports as approved and the database does not have so."`
}

type ledgerVerifyCommand struct {
	settings
	Data string `type:"path" xor:"place" placeholder:"DIR" help:"Data directory of a demo, instead of a database."`
}

// Run reads all books; it fails if anything does not add up. The database may
// be in use by a server meanwhile.
func (c ledgerVerifyCommand) Run(ctx context.Context, w World) error {
	cfg, err := c.loadIn(w, c.Data)
	if err != nil {
		return err
	}
	return app.VerifyLedger(ctx, cfg.Database, w.Stdout)
}

type ledgerCompareCommand struct {
	settings
	Data   string `type:"path" xor:"place" placeholder:"DIR" help:"Data directory of a demo, instead of a database."`
	Column string `default:"reference" help:"The column that holds our references (${default})."`
	CSV    string `arg:"" name:"file" type:"existingfile" help:"The bank's report of what it approved, as CSV with a header."`
}

// Run fails if the bank knows more than the database. The database may be in use
// by a server meanwhile.
func (c ledgerCompareCommand) Run(ctx context.Context, w World) error {
	cfg, err := c.loadIn(w, c.Data)
	if err != nil {
		return err
	}
	f, err := os.Open(c.CSV)
	if err != nil {
		return err
	}
	defer func() { _ = f.Close() }() // it was only read
	return app.CompareBank(ctx, cfg.Database, f, c.Column, w.Stdout)
}

// inData returns the settings with database and keyset in the data directory of a
// demo, or as they are without one. A demo on PostgreSQL has its keyset alone
// there, so a database that is given stays.
func (s settings) inData(dir string) settings {
	if dir == "" {
		return s
	}
	keyset := filepath.Join(dir, demoKeyset)
	s.Keyset = &keyset
	if s.Database == nil {
		dsn := "sqlite:" + filepath.Join(dir, demoDatabase)
		s.Database = &dsn
	}
	return s
}

// loadIn reads the settings of a tool that may be pointed at a demo's directory.
func (s settings) loadIn(w World, dir string) (config.Config, error) {
	return s.inData(dir).load(w, nil)
}

type auditCommand struct {
	Verify auditVerifyCommand `cmd:"" help:"Prove that no sealed record of the audit log was changed, removed or added."`
}

type auditVerifyCommand struct {
	settings
	Data  string `type:"path" xor:"place" placeholder:"DIR" help:"Data directory of a demo, instead of a database and a keyset."`
	Heads string `type:"path" placeholder:"FILE" help:"File, kept apart from the database, that notes where each log ends: it is checked, and brought up to date if all agrees."`
}

// Run reads the whole log; it fails if anything does not agree. The database may
// be in use by a server meanwhile.
func (c auditVerifyCommand) Run(ctx context.Context, w World) error {
	cfg, err := c.loadIn(w, c.Data)
	if err != nil {
		return err
	}
	return app.VerifyAudit(ctx, cfg, c.Heads, w.Stdout)
}

type binsCommand struct {
	Import binsImportCommand `cmd:"" help:"Add the rows of a CSV file to the BIN table, replacing equal prefixes."`
}

type binsImportCommand struct {
	settings
	CSV string `arg:"" name:"file" type:"existingfile" help:"The CSV file."`
}

// Run imports the good rows and fails if there are bad ones, each of which it
// reports with its line.
func (c binsImportCommand) Run(ctx context.Context, w World) error {
	cfg, err := c.load(w, nil)
	if err != nil {
		return err
	}
	f, err := os.Open(c.CSV)
	if err != nil {
		return err
	}
	defer func() { _ = f.Close() }() // it was only read
	return app.ImportBINs(ctx, cfg.Database, f, w.Stdout)
}
