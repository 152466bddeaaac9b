package cli

import (
	"context"
	"fmt"
	"net/netip"
	"strconv"
	"strings"

	"github.com/vezne/vezne/internal/app"
	"github.com/vezne/vezne/internal/config"
)

type configCommand struct {
	Check configCheckCommand `cmd:"" help:"Read the settings, print them without secrets, and say what serve would refuse."`
}

type configCheckCommand struct {
	settings
}

// Run fails when the settings cannot be read. What only `serve` refuses or warns
// of is printed, since the demo and the tools take the same settings.
func (c configCheckCommand) Run(ctx context.Context, w World) error {
	cfg, err := c.load(w, nil)
	if err != nil {
		return err
	}
	printSettings(w, cfg)
	if err := app.CheckProduction(ctx, cfg); err != nil {
		for line := range strings.Lines(err.Error()) {
			fmt.Fprintf(w.Stdout, "serve would refuse: %s\n", strings.TrimSpace(line))
		}
	}
	for _, file := range app.ExposedFiles(cfg, c.File) {
		fmt.Fprintf(w.Stdout, "serve would warn: %s is open to others on this machine\n", file)
	}
	return nil
}

func printSettings(w World, c config.Config) {
	for _, line := range [][2]string{
		{"listen", c.Listen}, {"public_url", c.PublicURL}, {"database", c.Database.String()},
		{"redis", shown(c.Redis)}, {"keyset", c.Keyset}, {"kms", c.KMS}, {"kms_token_file", c.KMSTokenFile},
		{"key_grace", c.KeyGrace.String()}, {"simulator_url", c.SimulatorURL},
		{"trusted_proxies", networks(c.TrustedProxies)}, {"rate_limit", strconv.Itoa(c.RateLimit)},
		{"traces", c.Traces}, {"trace_one_in", strconv.Itoa(c.TraceOneIn)}, {"pprof", c.Pprof},
		{"log", string(c.Log)}, {"log_level", c.LogLevel.String()},
	} {
		fmt.Fprintf(w.Stdout, "%-15s %s\n", line[0], line[1])
	}
}

// networks writes networks as they are read.
func networks(all []netip.Prefix) string {
	var words []string
	for _, n := range all {
		words = append(words, n.String())
	}
	return strings.Join(words, ",")
}

func shown(d config.DSN) string {
	if d.IsZero() {
		return ""
	}
	return d.String()
}
