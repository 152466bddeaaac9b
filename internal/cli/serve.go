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
	s, err := app.NewServer(ctx, app.Options{Config: cfg, Log: logger(cfg, w.Stderr)})
	if err != nil {
		return err
	}
	return s.Run(ctx)
}
