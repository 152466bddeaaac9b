// Command run runs a command, which is `go test`, beside one PostgreSQL server that
// all packages share instead of starting each its own. With -busy it keeps every
// processor busy meanwhile, as other work on the machine would.
//
// Its server ends with it. It exits as the command does.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"os/signal"
	"runtime"
	"sync"
	"syscall"

	"github.com/vezne/vezne/test/postgrestest"
)

func main() {
	busy := flag.Bool("busy", false, "keep every processor busy meanwhile")
	flag.Parse()
	code, err := run(flag.Args(), *busy)
	if err != nil {
		fmt.Fprintln(os.Stderr, "run:", err)
	}
	os.Exit(code)
}

// run returns the command's exit code, or 1 if it could not be run properly.
func run(args []string, busy bool) (code int, err error) {
	if len(args) == 0 {
		return 1, errors.New("no command")
	}
	environ := os.Environ()
	if os.Getenv(postgrestest.DSNVariable) == "" {
		server, err := postgrestest.Start(postgrestest.Fast)
		if err != nil {
			return 1, fmt.Errorf("PostgreSQL for tests: %w", err)
		}
		defer func() {
			if stopErr := server.Stop(); stopErr != nil {
				code, err = 1, errors.Join(err, stopErr)
			}
		}()
		environ = append(environ, postgrestest.DSNVariable+"="+server.Admin().String())
	}
	if busy {
		defer load()()
	}
	return execute(args, environ)
}

// execute runs the command to its end. A signal is the command's to obey: from a
// terminal it has it already, another's is handed on.
func execute(args, environ []string) (int, error) {
	signals := make(chan os.Signal, 1)
	signal.Notify(signals, os.Interrupt, syscall.SIGTERM)
	defer signal.Stop(signals)
	cmd := exec.Command(args[0], args[1:]...) //nolint:gosec // running what it is told to is its purpose
	cmd.Env, cmd.Stdout, cmd.Stderr = environ, os.Stdout, os.Stderr
	if err := cmd.Start(); err != nil {
		return 1, err
	}
	ended := make(chan error, 1)
	go func() { ended <- cmd.Wait() }()
	for {
		select {
		case s := <-signals:
			if s == syscall.SIGTERM {
				_ = cmd.Process.Signal(s) // it may have ended
			}
		case err := <-ended:
			if exit, ok := errors.AsType[*exec.ExitError](err); ok {
				return max(exit.ExitCode(), 1), nil // -1 of one that a signal ended
			}
			return 0, err
		}
	}
}

// load keeps every processor busy until what it returns is called.
func load() (stop func()) {
	ctx, cancel := context.WithCancel(context.Background())
	var all sync.WaitGroup
	for range runtime.NumCPU() {
		all.Go(func() {
			for ctx.Err() == nil { // spins
			}
		})
	}
	return func() { cancel(); all.Wait() }
}
