package cli

import (
	"context"
	"fmt"

	"github.com/vezne/vezne/internal/app"
)

type backupCommand struct {
	settings
	Data string `type:"path" placeholder:"DIR" help:"Data directory of a demo, instead of a database."`
	To   string `type:"path" required:"" placeholder:"FILE" help:"The copy to write; it must not exist."`
}

// Run copies a SQLite database; a server may be writing meanwhile. The keyset is
// not in the copy.
func (c backupCommand) Run(ctx context.Context, w World) error {
	cfg, err := c.loadIn(w, c.Data)
	if err != nil {
		return err
	}
	if err := app.Backup(ctx, cfg.Database, c.To, w.Stdout); err != nil {
		return err
	}
	fmt.Fprintf(w.Stdout, "%s is a copy of %s; it needs the keyset, which is backed up apart from it\n", c.To, cfg.Database)
	return nil
}
