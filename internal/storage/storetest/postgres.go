package storetest

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/url"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"github.com/vezne/vezne/internal/storage"
)

// serverVariable names a running server by the DSN of a superuser.
const serverVariable = "VEZNE_TEST_POSTGRES"

// mode is how much a server does for durability.
type mode bool

const (
	fast    mode = false // fsync off
	durable mode = true
)

// server is a PostgreSQL server for tests.
type server struct {
	admin *url.URL // DSN of a superuser

	template func() (string, error) // name of a migrated database, made once
}

// The servers of this test binary, each started by the first test that needs it.
var (
	fastServer    = sync.OnceValues(func() (*server, error) { return startServer(fast) })
	durableServer = sync.OnceValues(func() (*server, error) { return startServer(durable) })
	running       = &struct {
		sync.Mutex
		stops []func()
	}{}
)

func serverOf(t testing.TB, m mode) *server {
	t.Helper()
	start := fastServer
	if m == durable {
		start = durableServer
	}
	s, err := start()
	if err != nil {
		t.Fatalf("PostgreSQL for tests: %v", err)
	}
	return s
}

// stopServers stops what this process started.
func stopServers() {
	running.Lock()
	defer running.Unlock()
	for _, stop := range running.stops {
		stop()
	}
	running.stops = nil
}

func startServer(m mode) (*server, error) {
	s := &server{}
	s.template = sync.OnceValues(s.makeTemplate)
	if dsn := os.Getenv(serverVariable); dsn != "" {
		admin, err := url.Parse(dsn)
		if err != nil {
			return nil, fmt.Errorf("%s is no URL", serverVariable)
		}
		s.admin = admin
		return s, nil
	}
	bin, err := binaries()
	if err != nil {
		return nil, err
	}
	c := cluster{bin: bin, mode: m}
	if err := c.start(); err != nil {
		return nil, err
	}
	running.Lock()
	running.stops = append(running.stops, c.stop)
	running.Unlock()
	s.admin = &url.URL{
		Scheme: "postgres", User: url.User(superuser), Path: "/postgres",
		RawQuery: url.Values{"host": {c.dir}}.Encode(),
	}
	return s, nil
}

// binaries returns the directory of PostgreSQL's programs, of which PATH may name
// only some by links.
func binaries() (string, error) {
	if path, err := exec.LookPath("initdb"); err == nil {
		if path, err = filepath.EvalSymlinks(path); err == nil {
			return filepath.Dir(path), nil
		}
	}
	found, _ := filepath.Glob("/usr/lib/postgresql/*/bin/initdb") // the pattern is well-formed
	if len(found) == 0 {
		return "", errors.New("neither initdb in PATH nor /usr/lib/postgresql/*/bin: install the package postgresql, or set " +
			serverVariable + " to the DSN of a superuser of a running server")
	}
	return filepath.Dir(found[len(found)-1]), nil
}

const superuser = "vezne"

// cluster is a server process with its files.
type cluster struct {
	bin  string
	mode mode
	dir  string // files and socket
	data string // the files of the server, below dir
	stop func()
}

func (c *cluster) start() error {
	attr, err := unprivileged()
	if err != nil {
		return err
	}
	// Not below TMPDIR of a deep tree: a socket's path has at most 107 bytes.
	if c.dir, err = os.MkdirTemp("/tmp", "vezne-pg-"); err != nil {
		return err
	}
	remove := func() { _ = os.RemoveAll(c.dir) } // in the system's temporary directory anyway
	if err := c.initialise(attr); err != nil {
		remove()
		return err
	}
	halt, err := c.serve(attr)
	if err != nil {
		remove()
		return err
	}
	c.stop = func() { halt(); remove() }
	return nil
}

// initialise gives the directory to the user who runs the server, and makes its
// files.
func (c *cluster) initialise(attr *syscall.SysProcAttr) error {
	if attr.Credential != nil {
		if err := os.Chown(c.dir, int(attr.Credential.Uid), int(attr.Credential.Gid)); err != nil {
			return err
		}
	}
	c.data = filepath.Join(c.dir, "data")
	cmd := exec.Command(filepath.Join(c.bin, "initdb"), "--pgdata", c.data, "--username", superuser,
		"--auth", "trust", "--no-sync", "--encoding", "UTF8", "--locale", "C")
	cmd.Dir, cmd.SysProcAttr = c.dir, attr
	if out, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("initdb: %w: %s", err, out)
	}
	return nil
}

// serve starts the server, waits until it says that it is ready, and returns
// how to stop it. The server dies with this process, however that ends: its
// starter stays on one thread, because the kernel watches the thread.
func (c *cluster) serve(attr *syscall.SysProcAttr) (func(), error) {
	args := []string{"-D", c.data, "-c", "listen_addresses=", "-c", "unix_socket_directories=" + c.dir,
		"-c", "max_connections=300", "-c", "shared_buffers=128MB", "-c", "max_wal_size=4GB", "-c", "min_wal_size=1GB", "-c", "log_min_messages=log"}
	if c.mode == fast {
		args = append(args, "-c", "fsync=off", "-c", "full_page_writes=off")
	}
	started, halt, halted := make(chan error, 1), make(chan struct{}), make(chan struct{})
	go func() {
		runtime.LockOSThread()
		defer runtime.UnlockOSThread()
		defer close(halted)
		cmd := exec.Command(filepath.Join(c.bin, "postgres"), args...)
		cmd.Dir, cmd.SysProcAttr = c.dir, dyingWithParent(attr)
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
		return nil, fmt.Errorf("postgres: %w", err)
	}
	return stop, nil
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

// unprivileged returns the attributes of a process that is not root, which
// PostgreSQL refuses to be.
func unprivileged() (*syscall.SysProcAttr, error) {
	if os.Getuid() != 0 {
		return &syscall.SysProcAttr{}, nil
	}
	for _, name := range []string{"postgres", "nobody"} {
		u, err := user.Lookup(name)
		if err != nil {
			continue
		}
		uid, err := strconv.ParseUint(u.Uid, 10, 32)
		if err != nil {
			return nil, err
		}
		gid, err := strconv.ParseUint(u.Gid, 10, 32)
		if err != nil {
			return nil, err
		}
		return &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: uint32(uid), Gid: uint32(gid)}}, nil
	}
	return nil, errors.New("running as root and no user postgres or nobody to run PostgreSQL as")
}

// makeTemplate migrates a database that others are copied from.
func (s *server) makeTemplate() (string, error) {
	name, err := s.create(context.Background(), "")
	if err != nil {
		return "", err
	}
	return name, storage.Migrate(context.Background(), s.dsn(name))
}

func (s *server) database(t testing.TB, migrated bool) string {
	t.Helper()
	template := ""
	if migrated {
		var err error
		if template, err = s.template(); err != nil {
			t.Fatalf("migrate PostgreSQL: %v", err)
		}
	}
	name, err := s.create(t.Context(), template)
	if err != nil {
		t.Fatalf("create database: %v", err)
	}
	t.Cleanup(func() {
		if err := s.exec(context.Background(), "DROP DATABASE "+name+" WITH (FORCE)"); err != nil {
			t.Errorf("drop database: %v", err)
		}
	})
	return s.dsn(name)
}

func (s *server) dsn(database string) string {
	u := *s.admin
	u.Path = "/" + database
	return u.String()
}

func (s *server) create(ctx context.Context, template string) (string, error) {
	name := "vezne_" + strings.ReplaceAll(uuid.NewString(), "-", "")
	sql := "CREATE DATABASE " + name
	if template != "" {
		sql += " TEMPLATE " + template
	}
	return name, s.exec(ctx, sql)
}

func (s *server) exec(ctx context.Context, sql string) (err error) {
	conn, err := pgx.Connect(ctx, s.admin.String())
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, conn.Close(context.Background())) }()
	_, err = conn.Exec(ctx, sql)
	return err
}
