package cli

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"os"
	"path/filepath"

	"github.com/vezne/vezne/internal/app"
	"github.com/vezne/vezne/internal/config"
)

// The files in a demo's data directory.
const (
	demoDatabase = "vezne.db"
	demoKeyset   = "keyset.json"
	demoBanks    = "banks"
)

type demoCommand struct {
	settings
	SimulatorURL *string `placeholder:"URL" help:"Where the banks are played; in process without (VEZNE_SIMULATOR_URL)."`
	Data         string  `type:"path" placeholder:"DIR" help:"Where the demo keeps its files; a temporary directory without."`
	Fixtures     string  `type:"existingfile" placeholder:"FILE" help:"Demo data instead of the built-in."`
}

// Run serves the demo until ctx ends.
func (c demoCommand) Run(ctx context.Context, w World) (err error) {
	set, err := app.LoadDemo(c.Fixtures)
	if err != nil {
		return err
	}
	dir, remove, err := c.place()
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, remove()) }()
	cfg, dir, err := c.settle(w, dir)
	if err != nil {
		return err
	}
	if err := app.PrepareDemo(ctx, cfg); err != nil {
		return err
	}
	s, err := app.NewServer(ctx, app.Options{
		Config: cfg,
		Log:    logger(cfg, w.Stderr),
		Demo:   &app.Demo{Set: set, BanksDir: filepath.Join(dir, demoBanks)},
	})
	if err != nil {
		return err
	}
	greet(w.Stdout, s.URL(), cfg.Database.String(), set)
	return s.Run(ctx)
}

// place returns the data directory and what to do with it at the end.
func (c demoCommand) place() (dir string, remove func() error, err error) {
	if c.Data != "" {
		return c.Data, func() error { return nil }, os.MkdirAll(c.Data, 0o700)
	}
	dir, err = os.MkdirTemp("", "vezne-demo-")
	return dir, func() error { return os.RemoveAll(dir) }, err
}

// settle loads the settings, with the data directory as the place of everything
// that is set nowhere else, and returns that directory. A demo on a database of
// its own choice must find its keyset and its banks again next time, so they do
// not go to a temporary directory.
func (c demoCommand) settle(w World, dir string) (config.Config, string, error) {
	database := "sqlite:" + filepath.Join(dir, demoDatabase)
	cfg, err := c.load(w, map[string]string{"database": database})
	if err != nil {
		return cfg, "", err
	}
	if c.Data == "" && cfg.Database.Reveal() != database {
		if dir, err = placeFor(cfg.Database); err != nil {
			return cfg, "", err
		}
	}
	if cfg.Keyset == "" {
		cfg.Keyset = filepath.Join(dir, demoKeyset)
	}
	return cfg, dir, nil
}

// placeFor returns a lasting directory for a demo on the database: beside a file,
// or in the user's cache for a server.
func placeFor(database config.DSN) (string, error) {
	if path, ok := database.SQLitePath(); ok {
		return path + ".demo", os.MkdirAll(path+".demo", 0o700)
	}
	base, err := os.UserCacheDir()
	if err != nil {
		base = os.TempDir()
	}
	sum := sha256.Sum256([]byte(database.Reveal()))
	dir := filepath.Join(base, "vezne", "demo-"+hex.EncodeToString(sum[:8]))
	return dir, os.MkdirAll(dir, 0o700)
}

// given adds the demo's own setting to the shared ones.
func (c demoCommand) given() map[string]string {
	given := c.settings.given()
	if c.SimulatorURL != nil {
		given["simulator-url"] = *c.SimulatorURL
	}
	return given
}

// load merges the flags with the other sources.
func (c demoCommand) load(w World, defaults map[string]string) (config.Config, error) {
	return config.Load(config.Sources{Flags: c.given(), Environ: w.Environ, File: c.File, Defaults: defaults})
}
