// Command vezne is a self-hosted payment gateway: the server, its demo, the bank
// simulators and the tools around them. `vezne --help` lists what it does.
package main

import (
	"context"
	"os"
	"os/signal"
	"sync"
	"syscall"

	"github.com/vezne/vezne/internal/cli"
	"github.com/vezne/vezne/internal/config"
)

func main() { os.Exit(run()) }

func run() int {
	ctx, stop := context.WithCancel(context.Background())
	var listening sync.WaitGroup
	defer listening.Wait()
	defer stop()
	signals := make(chan os.Signal, 1)
	signal.Notify(signals, os.Interrupt, syscall.SIGTERM)
	listening.Go(func() {
		select {
		case <-signals:
			// The first signal drains. Before it does, signals get their usual effect
			// back, so that a second one ends the process at once.
			signal.Reset(os.Interrupt, syscall.SIGTERM)
			stop()
		case <-ctx.Done():
		}
	})
	return cli.Run(ctx, os.Args[1:], cli.World{Environ: config.Environ(), Stdout: os.Stdout, Stderr: os.Stderr})
}
