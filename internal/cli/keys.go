package cli

import (
	"context"
	"fmt"
	"io"

	"github.com/vezne/vezne/internal/app"
	"github.com/vezne/vezne/internal/config"
)

type keysCommand struct {
	Init   keysInitCommand   `cmd:"" aliases:"create" help:"Write a new keyset for production, readable by its owner only."`
	Stage  keysStageCommand  `cmd:"" help:"Add a key to the keyset that seals nothing yet."`
	Rotate keysRotateCommand `cmd:"" help:"Make the staged key the primary one; running servers then seal everything anew."`
	Retire keysRetireCommand `cmd:"" help:"Remove the keys that nothing is sealed under any more."`
	Status keysStatusCommand `cmd:"" help:"Show keys, the progress of a rotation, and what each node has read."`
}

type keysInitCommand struct {
	settings
	Path string `arg:"" name:"file" type:"path" help:"The file to create; it must not exist."`
}

// Run creates the keyset. Whoever loses it loses everything sealed under it.
func (c keysInitCommand) Run(ctx context.Context, w World) error {
	c.Keyset = &c.Path
	cfg, err := c.load(w, nil)
	if err != nil {
		return err
	}
	if err := app.CreateKeyset(ctx, cfg); err != nil {
		return err
	}
	fmt.Fprintf(w.Stdout, "%s holds the key of all keys: back it up apart from the database\n", c.Path)
	return nil
}

// keyTarget is what the other commands on keys work on.
type keyTarget struct {
	settings
	Data string `type:"path" placeholder:"DIR" help:"Data directory of a demo, instead of a database and a keyset."`
}

func (c keyTarget) run(ctx context.Context, w World, do func(context.Context, config.Config, io.Writer) error) error {
	c.settings = c.inData(c.Data)
	cfg, err := c.load(w, nil)
	if err != nil {
		return err
	}
	return do(ctx, cfg, w.Stdout)
}

type keysStageCommand struct{ keyTarget }

// Run stages a key.
func (c keysStageCommand) Run(ctx context.Context, w World) error { return c.run(ctx, w, app.StageKey) }

type keysRotateCommand struct{ keyTarget }

// Run promotes the staged key, or stages one first.
func (c keysRotateCommand) Run(ctx context.Context, w World) error {
	return c.run(ctx, w, app.RotateKeys)
}

type keysRetireCommand struct{ keyTarget }

// Run removes older keys.
func (c keysRetireCommand) Run(ctx context.Context, w World) error {
	return c.run(ctx, w, app.RetireKeys)
}

type keysStatusCommand struct{ keyTarget }

// Run shows keys and progress.
func (c keysStatusCommand) Run(ctx context.Context, w World) error {
	return c.run(ctx, w, app.KeyStatus)
}
