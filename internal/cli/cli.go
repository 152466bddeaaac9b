// Package cli is the command line: it reads arguments and settings, has
// internal/app do the work, and turns its outcome into text and an exit code.
package cli

import (
	"context"
	"fmt"
	"io"
	"log/slog"

	"github.com/alecthomas/kong"

	"github.com/vezne/vezne/internal/config"
)

// The exit codes.
const (
	exitDone  = 0
	exitError = 1
	exitUsage = 2
)

// World is what a command may touch besides files and the network.
type World struct {
	Environ []string
	Stdout  io.Writer
	Stderr  io.Writer
}

type grammar struct {
	Demo      demoCommand      `cmd:"" help:"Serve with demo data and bank simulators, on this machine only."`
	Serve     serveCommand     `cmd:"" help:"Serve in production."`
	Simulator simulatorCommand `cmd:"" help:"Serve the bank simulators alone."`
	Ready     readyCommand     `cmd:"" help:"Ask the node on this machine whether it is ready; for health checks."`
	Migrate   migrateCommand   `cmd:"" help:"Bring the database to this version's schema."`
	Keys      keysCommand      `cmd:"" help:"Look after the keyset."`
	Ledger    ledgerCommand    `cmd:"" help:"Look after the books."`
	Audit     auditCommand     `cmd:"" help:"Look after the audit log."`
	Backup    backupCommand    `cmd:"" help:"Copy a SQLite database, beside a running server."`
	Bins      binsCommand      `cmd:"" name:"bins" help:"Look after the BIN table."`
	Config    configCommand    `cmd:"" help:"Look at the settings."`
	Version   versionCommand   `cmd:"" help:"Print the version."`
}

// Run runs the command that args name until it is done or ctx ends, and returns
// its exit code: 0 only on success, 2 for a command line that makes no sense.
func Run(ctx context.Context, args []string, w World) int {
	exited := -1
	parser, err := kong.New(&grammar{},
		kong.Name("vezne"),
		kong.Description("A self-hosted payment gateway over many bank virtual POSes."),
		kong.Writers(w.Stdout, w.Stderr),
		kong.Exit(func(code int) { exited = code }),
		kong.UsageOnError(),
		kong.ConfigureHelp(kong.HelpOptions{Compact: true}),
		kong.BindTo(ctx, (*context.Context)(nil)),
		kong.Bind(w),
	)
	if err != nil {
		panic(err) // the grammar itself is wrong
	}
	command, err := parser.Parse(args)
	if exited >= 0 { // --help was printed
		return exited
	}
	if err != nil {
		fmt.Fprintf(w.Stderr, "vezne: %v\n", err)
		return exitUsage
	}
	if err := command.Run(); err != nil {
		fmt.Fprintf(w.Stderr, "vezne: %v\n", err)
		return exitError
	}
	return exitDone
}

// settings are the flags that most commands share. Each beats the environment
// variable of its name, which beats the file's.
type settings struct {
	File      string  `name:"config" placeholder:"FILE" help:"YAML file of settings."`
	Listen    *string `placeholder:"HOST:PORT" help:"Address to listen on (VEZNE_LISTEN)."`
	PublicURL *string `placeholder:"URL" help:"How the outside reaches the server (VEZNE_PUBLIC_URL)."`
	Database  *string `placeholder:"DSN" help:"sqlite:PATH or postgres://… (VEZNE_DATABASE)."`
	Redis     *string `placeholder:"URL" help:"Redis for what nodes share: limits, and secrets for minutes; in process if empty (VEZNE_REDIS)."`
	Keyset    *string `placeholder:"FILE" help:"File of the key that seals all others (VEZNE_KEYSET)."`
	KMS       *string `name:"kms" placeholder:"URL" help:"Key of a HashiCorp Vault transit engine that seals the keyset (VEZNE_KMS)."`
	KMSToken  *string `name:"kms-token-file" placeholder:"FILE" help:"File of the token for it (VEZNE_KMS_TOKEN_FILE)."`
	KeyGrace  *string `placeholder:"TIME" help:"How long a rotation waits for older requests (VEZNE_KEY_GRACE)."`
	Traces    *string `placeholder:"URL" help:"Where a collector takes OTLP over HTTP (VEZNE_TRACES)."`
	Pprof     *string `placeholder:"HOST:PORT" help:"Loopback address of Go's own profiles (VEZNE_PPROF)."`
	Log       *string `placeholder:"FORM" help:"text or json (VEZNE_LOG)."`
	LogLevel  *string `placeholder:"LEVEL" help:"debug, info, warn or error (VEZNE_LOG_LEVEL)."`
}

// load merges the flags with the other sources; defaults are the command's own.
func (s settings) load(w World, defaults map[string]string) (config.Config, error) {
	return config.Load(config.Sources{Flags: s.given(), Environ: w.Environ, File: s.File, Defaults: defaults})
}

func (s settings) given() map[string]string {
	given := make(map[string]string)
	for name, v := range map[string]*string{
		"listen": s.Listen, "public-url": s.PublicURL, "database": s.Database, "redis": s.Redis,
		"keyset": s.Keyset, "kms": s.KMS, "kms-token-file": s.KMSToken, "key-grace": s.KeyGrace,
		"traces": s.Traces, "pprof": s.Pprof, "log": s.Log, "log-level": s.LogLevel,
	} {
		if v != nil {
			given[name] = *v
		}
	}
	return given
}

// logger returns the process's log as the settings want it.
func logger(c config.Config, w io.Writer) *slog.Logger {
	options := &slog.HandlerOptions{Level: c.LogLevel}
	if c.Log == config.LogJSON {
		return slog.New(slog.NewJSONHandler(w, options))
	}
	return slog.New(slog.NewTextHandler(w, options))
}
