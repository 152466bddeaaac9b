// Package servertest runs whole servers for tests that look at Vezne from
// outside: the demo as its command line starts it, over HTTP, with everything
// that it leaves on disk in one directory.
package servertest

import (
	"cmp"
	"context"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/vezne/vezne/test/wait"

	"github.com/vezne/vezne/internal/cli"
	"github.com/vezne/vezne/internal/storage"
	"github.com/vezne/vezne/internal/storage/storetest"
	"github.com/vezne/vezne/test/program"
)

// Options are how a server is started. The zero value is an in-process demo on
// SQLite in a fresh directory.
type Options struct {
	Engine storage.Engine
	// Dir is the data directory of an earlier server to go on with.
	Dir string
	// DSN is the PostgreSQL database to use; empty means a fresh one.
	DSN string
	// Binary runs this file as a process of its own, for tests of signals; empty
	// runs the command line inside the test, under its race detector.
	Binary string
	// Environ are settings as "NAME=value"; a Binary has no others but TMPDIR.
	Environ []string
	// Simulator is where the banks are played, for a server that is started again in
	// the middle of something; empty is in the server.
	Simulator string
	// LogLevel is debug if empty, so that whatever could leak into a log does.
	LogLevel string
	// Args are further flags.
	Args []string
}

// Server is a running demo.
type Server struct {
	URL    string
	Engine storage.Engine
	// Dir holds everything that the server writes to files: its data, and its log.
	// DSN is its database.
	Dir string
	DSN string

	// PID is the process of a server with a Binary of its own, 0 otherwise.
	PID int

	banks string // where they are played
	used  *cards
	said  *announcement
	stop  func() // asks it to drain
	kill  func() // ends a process at once
	dead  bool   // it was killed
	ended chan int
	wait  func() int
}

// Start starts a demo and waits until it says where it serves. It is drained when
// the test ends, unless the test has done so.
func Start(t testing.TB, o Options) *Server {
	t.Helper()
	s := &Server{Engine: o.Engine, Dir: o.Dir, DSN: o.DSN, used: &cards{}, ended: make(chan int, 1)}
	if s.Engine == "" {
		s.Engine = storage.SQLite
	}
	if s.Dir == "" {
		s.Dir = t.TempDir()
	}
	if s.DSN == "" {
		s.DSN = "sqlite:" + filepath.Join(s.Dir, "vezne.db")
		if s.Engine == storage.PostgreSQL {
			s.DSN = storetest.EmptyDSN(t, storage.PostgreSQL)
		}
	}
	if o.Simulator != "" {
		o.Environ = append(slices.Clone(o.Environ), "VEZNE_SIMULATOR_URL="+o.Simulator)
	}
	if o.LogLevel == "" {
		o.LogLevel = "debug"
	}
	args := append([]string{"demo", "--data", s.Dir, "--listen", "127.0.0.1:0", "--log-level", o.LogLevel}, o.Args...)
	if s.Engine == storage.PostgreSQL {
		args = append(args, "--database", s.DSN)
	}
	s.said = &announcement{url: make(chan string, 1)}
	log := openLog(t, s.Dir, "stderr.log")
	if o.Binary == "" {
		s.runInside(args, o.Environ, s.said, log)
	} else {
		s.runBinary(t, o, args, log)
	}
	s.wait = sync.OnceValue(s.awaitEnd)
	t.Cleanup(func() {
		if code := s.Stop(); code != 0 && !s.dead {
			t.Errorf("the server ended with exit code %d: %s", code, tail(s.Dir))
		}
	})
	select {
	case s.URL = <-s.said.url:
		s.banks = cmp.Or(o.Simulator, s.URL)
	case <-s.after(wait.Limit):
		t.Fatalf("the server did not say where it serves: %s", tail(s.Dir))
	}
	s.awaitReady(t)
	return s
}

// Stop drains the server as SIGTERM does, and returns its exit code.
func (s *Server) Stop() int {
	s.stop()
	return s.wait()
}

// Kill ends a server that runs as a process of its own, as kill -9 does, and waits
// until it is gone.
func (s *Server) Kill() {
	s.dead = true
	s.kill()
	s.wait()
}

// Drain asks the server to stop and does not wait for it.
func (s *Server) Drain() { s.stop() }

// Wait waits for the end of a server that was told to drain, and returns its
// exit code, -1 if it does not come to one.
func (s *Server) Wait() int { return s.wait() }

func (s *Server) awaitEnd() int {
	select {
	case code := <-s.ended:
		return code
	case <-time.After(wait.Limit):
		return -1
	}
}

// after ends when the time is over or the server has ended.
func (s *Server) after(d time.Duration) <-chan struct{} {
	over := make(chan struct{})
	go func() {
		defer close(over)
		select {
		case code := <-s.ended:
			s.ended <- code
		case <-time.After(d):
		}
	}()
	return over
}

func (s *Server) runInside(args, environ []string, stdout, stderr io.Writer) {
	ctx, cancel := context.WithCancel(context.Background())
	s.stop = cancel
	go func() {
		s.ended <- cli.Run(ctx, args, cli.World{Environ: environ, Stdout: stdout, Stderr: stderr})
	}()
}

func (s *Server) runBinary(t testing.TB, o Options, args []string, log io.Writer) {
	t.Helper()
	cmd := exec.Command(o.Binary, args...)
	cmd.Stdout, cmd.Stderr = s.said, log
	cmd.Env = append([]string{"TMPDIR=" + s.Dir}, o.Environ...)
	if err := cmd.Start(); err != nil {
		t.Fatalf("start %s: %v", o.Binary, err)
	}
	s.PID = cmd.Process.Pid
	s.kill = func() { _ = cmd.Process.Kill() } // it may have ended by itself
	s.stop = func() {
		_ = cmd.Process.Signal(syscall.SIGTERM) // it may have ended by itself
	}
	go func() {
		_ = cmd.Wait() // its exit code tells
		s.ended <- cmd.ProcessState.ExitCode()
	}()
}

// Build compiles the vezne binary, as `make build` does, into a directory of the
// test.
func Build(t testing.TB) string {
	t.Helper()
	compiler, err := program.Find("go")
	if err != nil {
		t.Fatalf("build vezne: %v", err)
	}
	path := filepath.Join(t.TempDir(), "vezne")
	cmd := exec.Command(compiler, "build", "-trimpath", "-o", path, "github.com/vezne/vezne/cmd/vezne")
	cmd.Env = append(os.Environ(), "CGO_ENABLED=0")
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatalf("build vezne: %v\n%s", err, out)
	}
	return path
}

func openLog(t testing.TB, dir, name string) *os.File {
	t.Helper()
	f, err := os.OpenFile(filepath.Join(dir, name), os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		t.Fatalf("open log: %v", err)
	}
	t.Cleanup(func() { _ = f.Close() }) // the server ends before, and is done writing
	return f
}

// tail returns the end of what the server printed, for a failed test.
func tail(dir string) string {
	const most = 2000
	text, err := os.ReadFile(filepath.Join(dir, "stderr.log"))
	if err != nil {
		return fmt.Sprintf("(%v)", err)
	}
	return string(text[max(0, len(text)-most):])
}

var addressForm = regexp.MustCompile(`http://127\.0\.0\.1:[1-9][0-9]*`)

// announcement keeps what a server prints, and finds the first address in it.
type announcement struct {
	url chan string

	mu   sync.Mutex
	text []byte
	done bool
}

// Write looks for the address. It is whole once something follows it.
func (a *announcement) Write(p []byte) (int, error) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.text = append(a.text, p...)
	if m := addressForm.FindIndex(a.text); !a.done && m != nil && m[1] < len(a.text) {
		a.done = true
		a.url <- string(a.text[m[0]:m[1]])
	}
	return len(p), nil
}

// Said returns everything that the server printed to its standard output.
func (s *Server) Said() string {
	s.said.mu.Lock()
	defer s.said.mu.Unlock()
	return string(s.said.text)
}
