package main_test

import (
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/vezne/vezne/test/postgrestest"
)

// build compiles the command once for all cases.
func build(t *testing.T) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "run")
	if out, err := exec.CommandContext(t.Context(), "go", "build", "-o", path, ".").CombinedOutput(); err != nil {
		t.Fatalf("build: %v\n%s", err, out)
	}
	return path
}

func TestRun(t *testing.T) {
	t.Parallel()
	binary := build(t)
	const where = `printf '%s' "$` + postgrestest.DSNVariable + `"`
	for name, tt := range map[string]struct {
		args    []string
		environ string
		code    int
		said    string // part of it
	}{
		"exits_as_the_command_does":           {args: []string{"sh", "-c", "exit 7"}, code: 7},
		"ended_by_a_signal_is_no_success":     {args: []string{"sh", "-c", "kill -9 $$"}, code: 1},
		"gives_the_command_a_server":          {args: []string{"sh", "-c", where}, said: "postgres://vezne@/postgres?host="},
		"leaves_a_server_that_there_is":       {args: []string{"sh", "-c", where}, environ: "postgres://elsewhere", said: "postgres://elsewhere"},
		"does_the_same_on_a_busy_machine":     {args: []string{"-busy", "sh", "-c", "exit 7"}, code: 7},
		"without_a_command_has_nothing_to_do": {code: 1, said: "no command"},
		"command_that_does_not_exist":         {args: []string{"/nonexistent"}, code: 1, said: "no such file"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			cmd := exec.CommandContext(t.Context(), binary, tt.args...) //nolint:gosec // built above
			cmd.Env = append(os.Environ(), postgrestest.DSNVariable+"="+tt.environ)
			out, err := cmd.CombinedOutput()
			if _, ended := errors.AsType[*exec.ExitError](err); err != nil && !ended {
				t.Fatal(err)
			}
			if code := cmd.ProcessState.ExitCode(); code != tt.code || !strings.Contains(string(out), tt.said) {
				t.Errorf("exit code %d, said %q; want %d and %q", code, out, tt.code, tt.said)
			}
			if _, place, found := strings.Cut(string(out), "host="); found && exists(strings.ReplaceAll(place, "%2F", "/")) {
				t.Errorf("%s is still there", place)
			}
		})
	}
}

func exists(path string) bool {
	_, err := os.Stat(path)
	return err == nil
}
