package app

import (
	"context"
	"errors"
	"fmt"

	"github.com/vezne/vezne/internal/config"
	"github.com/vezne/vezne/internal/vault"
)

// CheckProduction returns everything about the settings that `serve` refuses:
// simulated banks, an address to which keys would travel in the clear, and a
// keyset that is missing or that others may read.
func CheckProduction(ctx context.Context, c config.Config) error {
	var errs []error
	if c.SimulatorURL != "" {
		errs = append(errs, errors.New("setting simulator_url: banks are simulated in the demo only"))
	}
	if !c.SafePublicURL() {
		errs = append(errs, errors.New("setting public_url: must be https, or http on this machine alone"))
	}
	if err := checkKeyset(ctx, c); err != nil {
		errs = append(errs, fmt.Errorf("setting keyset: %w", err))
	}
	return errors.Join(errs...)
}

// checkKeyset refuses a keyset that is missing, that others may touch, and the
// demo's, which is made without anybody looking after it.
func checkKeyset(ctx context.Context, c config.Config) error {
	if c.Keyset == "" {
		return errors.New("is not set; `vezne keys init` makes one")
	}
	file, err := keysetFile(c)
	if err != nil {
		return err
	}
	k, err := file.Load(ctx)
	if err != nil {
		return err
	}
	if k.Use() != vault.Production {
		return fmt.Errorf("%s is a demo's", c.Keyset)
	}
	return nil
}
