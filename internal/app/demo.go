package app

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"os"
	"strings"

	"github.com/vezne/vezne/internal/clock"
	"github.com/vezne/vezne/internal/config"
	"github.com/vezne/vezne/internal/fault"
	"github.com/vezne/vezne/internal/fixture"
	"github.com/vezne/vezne/internal/merchant"
	"github.com/vezne/vezne/internal/vault"
)

// Demo says what a demo serves besides the gateway.
type Demo struct {
	// Set is the demo's data.
	Set *fixture.Set
	// BanksDir is where the simulated banks keep their ledgers.
	BanksDir string
}

// LoadDemo returns the fixtures of a file, or the demo's own without one.
func LoadDemo(file string) (*fixture.Set, error) {
	if file == "" {
		return fixture.Demo()
	}
	f, err := os.Open(file) //nolint:gosec // the operator names the file
	if err != nil {
		return nil, fmt.Errorf("read fixtures: %w", err)
	}
	defer func() { _ = f.Close() }() // it was only read
	set, err := fixture.Load(f)
	if err != nil {
		return nil, fmt.Errorf("read fixtures %s: %w", file, err)
	}
	return set, nil
}

// PrepareDemo makes what a demo's settings name: the schema and the keyset. It
// refuses an address that others can reach, because demo keys are public.
func PrepareDemo(ctx context.Context, c config.Config) error {
	if !c.LoopbackListen() {
		return fmt.Errorf("setting listen: a demo's keys are public, so it listens on this machine alone, not on %s",
			c.Listen)
	}
	if err := Migrate(ctx, c.Database); err != nil {
		return err
	}
	file, err := keysetFile(c)
	if err != nil {
		return err
	}
	k, err := file.LoadOrCreate(ctx, vault.Demo)
	if err != nil {
		return fmt.Errorf("make keyset: %w", err)
	}
	if k.Use() != vault.Demo {
		return fmt.Errorf("setting keyset: %s is for production", c.Keyset)
	}
	return nil
}

// prepare puts the demo's data in place and starts its banks. In production it
// makes sure that no demo was ever served from the same database.
func (s *Server) prepare(ctx context.Context, o Options, t fixture.Target) (http.Handler, error) {
	if o.Demo == nil {
		return nil, refuseDemoKeys(ctx, t.Merchants)
	}
	if err := fixture.Apply(ctx, o.Demo.Set, t); err != nil {
		return nil, fmt.Errorf("apply fixtures: %w", err)
	}
	if o.Config.SimulatorURL != "" {
		s.simulatorURL = strings.TrimSuffix(o.Config.SimulatorURL, "/sim") + "/sim"
		return nil, nil //nolint:nilnil // the banks are played elsewhere
	}
	banks, err := openSimulators(o.Demo.BanksDir, s.url, false)
	if err != nil {
		return nil, err
	}
	s.closing(banks.Close)
	if s.simulatorURL, err = s.serveBanks(ctx, banks); err != nil {
		return nil, err
	}
	return banks, nil
}

// serveBanks gives the simulated banks a listener of their own, so that payments
// which are running when the process drains still reach them. It returns the
// address for connectors.
func (s *Server) serveBanks(ctx context.Context, banks http.Handler) (string, error) {
	l, err := listen(ctx, "127.0.0.1:0")
	if err != nil {
		return "", err
	}
	server := &http.Server{Handler: banks, ReadHeaderTimeout: simulatorHeaderTimeout}
	served := make(chan struct{})
	go func() {
		defer close(served)
		_ = server.Serve(l) // it only says that the server was closed
	}()
	s.closing(func() error {
		err := server.Close()
		<-served
		return err
	})
	return baseURL("", l.Addr()) + "/sim", nil
}

// refuseDemoKeys fails if a public key of the demo opens this database.
func refuseDemoKeys(ctx context.Context, store merchant.Store) error {
	set, err := fixture.Demo()
	if err != nil {
		return err
	}
	var errs []error
	for _, m := range set.Merchants {
		for _, c := range m.Credentials {
			stored, err := store.CredentialByKey(ctx, c.Key)
			if err == nil && stored.Working(clock.System{}.Now()) {
				err = fmt.Errorf("the demo's API key %q is in the database: revoke it, or serve from a fresh one", c.Key)
			}
			errs = append(errs, unlessMissing(err))
		}
		for _, a := range m.AdminTokens {
			stored, err := store.AdminTokenByHash(ctx, a.Hash)
			if err == nil && stored.RevokedAt.IsZero() {
				err = fmt.Errorf("the demo's admin token %q is in the database: serve from a fresh one", a.Name)
			}
			errs = append(errs, unlessMissing(err))
		}
	}
	return errors.Join(errs...)
}

func unlessMissing(err error) error {
	if fault.CodeOf(err) == fault.NoSuchThing {
		return nil
	}
	return err
}
