// Package postgrestest runs PostgreSQL for tests: a server of its own, with its
// files and its socket in a temporary directory, that ends with the process that
// started it, however that ends.
package postgrestest

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"syscall"

	"github.com/vezne/vezne/test/program"
)

// DSNVariable names a running server that tests use instead of starting one, by
// the DSN of a superuser. `make test` sets it for all packages together.
const DSNVariable = "TEST_POSTGRES"

// Durability is how much a server does so that a commit outlives the machine.
type Durability bool

// The durabilities.
const (
	Fast    Durability = false // fsync off
	Durable Durability = true
)

const superuser = "vezne"

// Server is a server process with its files.
type Server struct {
	bin  string
	dir  string   // files and socket
	data string   // the files of the server, below dir
	lock *os.File // held while the directory is in use
	attr *syscall.SysProcAttr
	halt func() // ends the process
}

// Start starts a server and waits until it is ready. Stop ends it.
func Start(d Durability) (*Server, error) {
	s, err := initialise()
	if err != nil {
		return nil, err
	}
	if err := s.serve(d); err != nil {
		return nil, errors.Join(err, s.remove())
	}
	return s, nil
}

// Stop ends the server and removes its files.
func (s *Server) Stop() error {
	s.halt()
	return s.remove()
}

// Admin returns the DSN of a superuser.
func (s *Server) Admin() *url.URL {
	return &url.URL{
		Scheme: "postgres", User: url.User(superuser), Path: "/postgres",
		RawQuery: url.Values{"host": {s.dir}}.Encode(),
	}
}

// initialise makes a directory with the files of a server that does not run yet.
func initialise() (*Server, error) {
	initdb, err := program.Find("initdb", "/usr/lib/postgresql/*/bin")
	if err != nil {
		return nil, err
	}
	// PATH may have only some of the programs, by links.
	if initdb, err = filepath.EvalSymlinks(initdb); err != nil {
		return nil, err
	}
	s := &Server{bin: filepath.Dir(initdb)}
	if s.attr, err = unprivileged(); err != nil {
		return nil, err
	}
	if err := s.claim(); err != nil {
		return nil, err
	}
	if err := s.makeFiles(); err != nil {
		return nil, errors.Join(err, s.remove())
	}
	return s, nil
}

// makeFiles gives the directory to the user who runs the server, and makes the
// server's files in it.
func (s *Server) makeFiles() error {
	if c := s.attr.Credential; c != nil {
		if err := os.Chown(s.dir, int(c.Uid), int(c.Gid)); err != nil {
			return err
		}
	}
	s.data = filepath.Join(s.dir, "data")
	cmd := exec.Command(filepath.Join(s.bin, "initdb"), "--pgdata", s.data, "--username", superuser,
		"--auth", "trust", "--no-sync", "--encoding", "UTF8", "--locale", "C")
	cmd.Dir, cmd.SysProcAttr = s.dir, s.attr
	if out, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("initdb: %w: %s", err, out)
	}
	return nil
}

func (s *Server) arguments(d Durability) []string {
	args := []string{
		"-D", s.data, "-c", "listen_addresses=", "-c", "unix_socket_directories=" + s.dir, "-c", "max_connections=600",
		"-c", "shared_buffers=128MB", "-c", "max_wal_size=4GB", "-c", "min_wal_size=1GB", "-c", "log_min_messages=log",
	}
	if d == Fast {
		args = append(args, "-c", "fsync=off", "-c", "full_page_writes=off")
	}
	return args
}

// serve starts the server and waits until it says that it is ready. The server
// dies with this process, however that ends: its starter stays on one thread,
// because the kernel watches the thread.
func (s *Server) serve(d Durability) error {
	started, halt, halted := make(chan error, 1), make(chan struct{}), make(chan struct{})
	go func() {
		runtime.LockOSThread()
		defer runtime.UnlockOSThread()
		defer close(halted)
		cmd := exec.Command(filepath.Join(s.bin, "postgres"), s.arguments(d)...)
		cmd.Dir, cmd.SysProcAttr = s.dir, dyingWithParent(s.attr)
		log, err := cmd.StderrPipe()
		if err == nil {
			err = cmd.Start()
		}
		if err != nil {
			started <- err
			return
		}
		go awaitReady(log, started)
		<-halt
		_ = cmd.Process.Signal(syscall.SIGQUIT) // immediate shutdown: its files are thrown away
		_ = cmd.Wait()                          // it was told to die
	}()
	stop := sync.OnceFunc(func() { close(halt); <-halted })
	if err := <-started; err != nil {
		stop()
		return fmt.Errorf("postgres: %w", err)
	}
	s.halt = stop
	return nil
}

// awaitReady reads the server's log until it accepts connections, and then goes
// on reading so that the server never blocks on it.
func awaitReady(log io.Reader, started chan<- error) {
	var said bytes.Buffer
	lines := bufio.NewScanner(log)
	for lines.Scan() {
		if strings.Contains(lines.Text(), "ready to accept connections") {
			started <- nil
			_, _ = io.Copy(io.Discard, log) // ends with the server
			return
		}
		said.WriteString(lines.Text() + "\n")
	}
	started <- fmt.Errorf("ended early: %s", said.String())
}
