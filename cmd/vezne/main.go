// Command vezne is a self-hosted payment gateway: the server, its demo, the bank
// simulators and the tools around them. `vezne --help` lists what it does.
package main

import (
	"context"
	"os"
	"os/signal"
	"syscall"

	"github.com/vezne/vezne/internal/cli"
	"github.com/vezne/vezne/internal/config"
)

func main() { os.Exit(run()) }

func run() int {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	// The first signal drains; from then on signals have their usual effect again,
	// so that a second one ends the process at once.
	defer context.AfterFunc(ctx, stop)()
	return cli.Run(ctx, os.Args[1:], cli.World{Environ: config.Environ(), Stdout: os.Stdout, Stderr: os.Stderr})
}
