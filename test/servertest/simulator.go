package servertest

import (
	"context"
	"io"
	"os/exec"
	"testing"
	"time"

	"github.com/vezne/vezne/test/wait"

	"github.com/vezne/vezne/internal/cli"
)

// StartSimulator starts the bank simulators alone, with their ledgers in memory,
// and returns their address. They end with the test.
func StartSimulator(t testing.TB) string {
	t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	said, ended := &announcement{url: make(chan string, 1)}, make(chan int, 1)
	go func() {
		ended <- cli.Run(ctx, []string{"simulator", "--listen", "127.0.0.1:0"}, cli.World{Stdout: said, Stderr: io.Discard})
	}()
	t.Cleanup(func() {
		cancel()
		if code := <-ended; code != 0 {
			t.Errorf("the simulator ended with exit code %d", code)
		}
	})
	return said.await(t)
}

// StartSimulatorBinary is StartSimulator as a process of its own.
func StartSimulatorBinary(t testing.TB, binary string) string {
	t.Helper()
	said := &announcement{url: make(chan string, 1)}
	cmd := exec.Command(binary, "simulator", "--listen", "127.0.0.1:0")
	cmd.Stdout, cmd.Stderr, cmd.Env = said, io.Discard, []string{}
	if err := cmd.Start(); err != nil {
		t.Fatalf("start the simulator: %v", err)
	}
	t.Cleanup(func() {
		_ = cmd.Process.Kill() // its ledger is in memory
		_ = cmd.Wait()         // it was killed
	})
	return said.await(t)
}

// await returns the address once it was printed.
func (a *announcement) await(t testing.TB) string {
	t.Helper()
	select {
	case url := <-a.url:
		return url
	case <-time.After(wait.Limit):
		t.Fatal("the simulator did not say where it serves")
		return ""
	}
}
