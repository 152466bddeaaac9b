package cli

import (
	"context"

	"github.com/vezne/vezne/internal/app"
)

type serveCommand struct {
	settings
}

// Run serves until ctx ends. The schema must be current: a server that is
// started by many nodes at once is no place for surprises, and `vezne migrate`
// is one command.
func (c serveCommand) Run(ctx context.Context, w World) error {
	cfg, err := c.load(w, nil)
	if err != nil {
		return err
	}
	if err := app.CheckProduction(ctx, cfg); err != nil {
		return err
	}
	log := logger(cfg, w.Stderr)
	s, err := app.NewServer(ctx, app.Options{Config: cfg, Log: log})
	if err != nil {
		return err
	}
	for _, file := range app.ExposedFiles(cfg, c.File) { // the write-ahead log is there by now
		log.Warn("a file is open to others on this machine: give it mode 0600", "file", file)
	}
	return s.Run(ctx)
}
