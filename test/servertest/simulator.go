package servertest

import (
	"context"
	"io"
	"testing"
	"time"

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
	select {
	case url := <-said.url:
		return url
	case <-time.After(startLimit):
		t.Fatal("the simulator did not say where it serves")
		return ""
	}
}
