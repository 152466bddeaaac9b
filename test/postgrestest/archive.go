package postgrestest

import (
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
)

// Archive is a PostgreSQL server of one test, which restores it as an operator
// does: by the shell. Its files are below Dir, and gone when the test ends.
type Archive struct {
	Dir string

	server  *Server
	serving bool
}

// NewArchive makes the files of a server and does not start it, so that the test
// can write to its postgresql.conf.
func NewArchive(t testing.TB) *Archive {
	t.Helper()
	s, err := initialise()
	if err != nil {
		t.Fatalf("PostgreSQL for tests: %v", err)
	}
	a := &Archive{Dir: s.dir, server: s}
	t.Cleanup(func() {
		a.Halt()
		if err := s.remove(); err != nil {
			t.Errorf("remove the files of PostgreSQL: %v", err)
		}
	})
	return a
}

// Data returns the directory of the server's files.
func (a *Archive) Data() string { return a.server.data }

// Start starts the server on the files in a directory below Dir, and waits until
// it accepts connections. The one before must have ended.
func (a *Archive) Start(t testing.TB, data string) {
	t.Helper()
	a.Halt()
	a.server.data = data
	if err := a.server.serve(Durable); err != nil {
		t.Fatalf("PostgreSQL for tests: %v", err)
	}
	a.serving = true
}

// Halt ends the server as a crash does, if it runs.
func (a *Archive) Halt() {
	if a.serving {
		a.server.halt()
		a.serving = false
	}
}

// Shell runs a script as the user whom the files belong to, in Dir, with
// PostgreSQL's programs in PATH and the server as their default. It returns what
// the script wrote; the test fails if any command does.
func (a *Archive) Shell(t testing.TB, script string) string {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), "/bin/sh", "-e", "-c", script)
	attr := *a.server.attr
	cmd.Dir, cmd.SysProcAttr = a.Dir, &attr
	cmd.Env = []string{
		"PATH=" + a.server.bin + string(filepath.ListSeparator) + os.Getenv("PATH"),
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
	u := url.URL{
		Scheme: "postgres", User: url.User(superuser), Path: "/" + superuser,
		RawQuery: url.Values{"host": {a.Dir}}.Encode(),
	}
	return u.String()
}
