package storetest

import (
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
	"testing"
)

// Archive is a PostgreSQL server of one test, which restores it as an operator
// does: by the shell. Its files are below Dir, and gone when the test ends.
type Archive struct {
	Dir string

	cluster cluster
	attr    *syscall.SysProcAttr
	halt    func()
}

// NewArchive makes the files of a server and does not start it, so that the test
// can write to its postgresql.conf.
func NewArchive(t testing.TB) *Archive {
	t.Helper()
	bin, err := binaries()
	if err != nil {
		t.Fatalf("PostgreSQL for tests: %v", err)
	}
	a := &Archive{cluster: cluster{bin: bin, mode: durable}}
	if a.attr, err = unprivileged(); err != nil {
		t.Fatalf("PostgreSQL for tests: %v", err)
	}
	if a.Dir, err = os.MkdirTemp("/tmp", "vezne-pg-"); err != nil {
		t.Fatalf("PostgreSQL for tests: %v", err)
	}
	t.Cleanup(func() {
		a.Halt()
		_ = os.RemoveAll(a.Dir) // in the system's temporary directory anyway
	})
	a.cluster.dir = a.Dir
	if err := a.cluster.initialise(a.attr); err != nil {
		t.Fatalf("PostgreSQL for tests: %v", err)
	}
	return a
}

// Data returns the directory of the server's files.
func (a *Archive) Data() string { return a.cluster.data }

// Start starts the server on the files in a directory below Dir, and waits until
// it accepts connections. The one before must have ended.
func (a *Archive) Start(t testing.TB, data string) {
	t.Helper()
	a.Halt()
	a.cluster.data = data
	halt, err := a.cluster.serve(a.attr)
	if err != nil {
		t.Fatalf("PostgreSQL for tests: %v", err)
	}
	a.halt = halt
}

// Halt ends the server as a crash does, if it runs.
func (a *Archive) Halt() {
	if a.halt != nil {
		a.halt()
		a.halt = nil
	}
}

// Shell runs a script as the user whom the files belong to, in Dir, with
// PostgreSQL's programs in PATH and the server as their default. It returns what
// the script wrote; the test fails if any command does.
func (a *Archive) Shell(t testing.TB, script string) string {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), "/bin/sh", "-e", "-c", script)
	attr := *a.attr
	cmd.Dir, cmd.SysProcAttr = a.Dir, &attr
	cmd.Env = []string{
		"PATH=" + a.cluster.bin + string(filepath.ListSeparator) + os.Getenv("PATH"),
		"PGHOST=" + a.Dir, "PGUSER=" + superuser, "PGDATABASE=" + superuser,
	}
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatalf("%v: %s\n%s", err, script, out)
	}
	return string(out)
}

// DSN returns the address of the database that Shell's programs take.
func (a *Archive) DSN() string {
	u := url.URL{Scheme: "postgres", User: url.User(superuser), Path: "/" + superuser, RawQuery: url.Values{"host": {a.Dir}}.Encode()}
	return u.String()
}
