package cli

import (
	"context"
	"fmt"

	"github.com/vezne/vezne/internal/app"
	"github.com/vezne/vezne/internal/config"
)

type simulatorCommand struct {
	Listen string `default:"127.0.0.1:9090" placeholder:"HOST:PORT" help:"Address to listen on."`
	Data   string `type:"path" placeholder:"DIR" help:"Where the banks keep their ledgers; in memory without."`
	File   string `name:"config" placeholder:"FILE" help:"YAML file of settings (log and log_level matter here)."`
}

// Run plays the banks until ctx ends.
func (c simulatorCommand) Run(ctx context.Context, w World) error {
	cfg, err := config.Load(config.Sources{Environ: w.Environ, File: c.File, Flags: map[string]string{"listen": c.Listen}})
	if err != nil {
		return err
	}
	s, err := app.NewSimulator(ctx, cfg.Listen, c.Data, logger(cfg, w.Stderr))
	if err != nil {
		return err
	}
	fmt.Fprintf(w.Stdout, "bank simulators at %s/sim/\n", s.URL())
	return s.Run(ctx)
}
