// Package redistest gives tests a real Redis server.
package redistest

import (
	"bufio"
	"context"
	"net"
	"os/exec"
	"strings"
	"testing"

	"github.com/vezne/vezne/test/program"
)

// Start starts a server that keeps nothing on disk and returns its address. It
// ends with the test.
func Start(t testing.TB) string {
	t.Helper()
	free, err := new(net.ListenConfig).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	_, port, _ := net.SplitHostPort(free.Addr().String())
	_ = free.Close() // it was only to find the port
	path, err := program.Find("redis-server")
	if err != nil {
		t.Fatalf("Redis for tests: %v", err)
	}
	args := []string{"--port", port, "--bind", "127.0.0.1", "--save", "", "--appendonly", "no", "--dir", t.TempDir()}
	server := exec.CommandContext(context.WithoutCancel(t.Context()), path, args...) //nolint:gosec // a number and a directory of the test
	out, err := server.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := server.Start(); err != nil {
		t.Fatalf("Redis for tests: %v", err)
	}
	t.Cleanup(func() {
		_ = server.Process.Kill() // a test may have ended it
		_ = server.Wait()         // killed, see above
	})
	lines := bufio.NewScanner(out)
	for lines.Scan() {
		if strings.Contains(lines.Text(), "Ready to accept connections") {
			go func() {
				for lines.Scan() { // drains the log until the server ends
				}
			}()
			return "redis://127.0.0.1:" + port
		}
	}
	t.Fatal("Redis did not start")
	return ""
}
