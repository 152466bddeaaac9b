package cli

import (
	"context"

	"github.com/vezne/vezne/internal/app"
)

type readyCommand struct {
	settings
}

// Run fails unless the node that listens as the settings say wants work.
func (c readyCommand) Run(ctx context.Context, w World) error {
	cfg, err := c.load(w, nil)
	if err != nil {
		return err
	}
	return app.AskReady(ctx, cfg)
}
