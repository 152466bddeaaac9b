package cli

import (
	"context"
	"fmt"
	"os"
	"path/filepath"

	"github.com/vezne/vezne/internal/app"
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
	Verify ledgerVerifyCommand `cmd:"" help:"Prove that the books balance and agree with the payments."`
}

type ledgerVerifyCommand struct {
	settings
	Data string `type:"path" xor:"place" placeholder:"DIR" help:"Data directory of a demo, instead of a database."`
}

// Run reads all books; it fails if anything does not add up. The database may
// be in use by a server meanwhile.
func (c ledgerVerifyCommand) Run(ctx context.Context, w World) error {
	if c.Data != "" {
		dsn := "sqlite:" + filepath.Join(c.Data, demoDatabase)
		c.Database = &dsn
	}
	cfg, err := c.load(w, nil)
	if err != nil {
		return err
	}
	return app.VerifyLedger(ctx, cfg.Database, w.Stdout)
}

type auditCommand struct {
	Verify auditVerifyCommand `cmd:"" help:"Prove that no sealed record of the audit log was changed, removed or added."`
}

type auditVerifyCommand struct {
	settings
	Data string `type:"path" xor:"place" placeholder:"DIR" help:"Data directory of a demo, instead of a database and a keyset."`
}

// Run reads the whole log; it fails if anything does not agree. The database may
// be in use by a server meanwhile.
func (c auditVerifyCommand) Run(ctx context.Context, w World) error {
	if c.Data != "" {
		dsn, keyset := "sqlite:"+filepath.Join(c.Data, demoDatabase), filepath.Join(c.Data, demoKeyset)
		c.Database, c.Keyset = &dsn, &keyset
	}
	cfg, err := c.load(w, nil)
	if err != nil {
		return err
	}
	return app.VerifyAudit(ctx, cfg.Database, cfg.Keyset, w.Stdout)
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

type keysCommand struct {
	Create keysCreateCommand `cmd:"" help:"Write a new keyset for production, readable by its owner only."`
}

type keysCreateCommand struct {
	Path string `arg:"" name:"file" type:"path" help:"The file to create; it must not exist."`
}

// Run creates the keyset. Whoever loses it loses everything sealed under it.
func (c keysCreateCommand) Run(w World) error {
	if err := app.CreateKeyset(c.Path); err != nil {
		return err
	}
	fmt.Fprintf(w.Stdout, "%s holds the key of all keys: back it up apart from the database\n", c.Path)
	return nil
}
