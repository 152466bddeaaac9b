package cli_test

import (
	"bufio"
	"context"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/vezne/vezne/internal/cli"
)

func TestServeWarnsOfFilesThatOthersRead(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	keyset, database := filepath.Join(dir, "keyset.json"), filepath.Join(dir, "v.db")
	settings := filepath.Join(dir, "vezne.yaml")
	text := "listen: 127.0.0.1:0\ndatabase: sqlite:" + database + "\nkeyset: " + keyset + "\n"
	if err := os.WriteFile(settings, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, args := range [][]string{{"keys", "create", keyset}, {"migrate", "--config", settings}} {
		if code, out := run(t, nil, args...); code != 0 {
			t.Fatal(out)
		}
	}
	if _, out := run(t, nil, "config", "check", "--config", settings); strings.Contains(out, "serve would warn") {
		t.Errorf("files of their owner alone: %s", out)
	}
	for _, file := range []string{database, settings} {
		if err := os.Chmod(file, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	if _, out := run(t, nil, "config", "check", "--config", settings); strings.Count(out, "serve would warn") != 2 {
		t.Errorf("files that others read: %s", out)
	}
	ctx, stop := context.WithCancel(t.Context())
	logged, log := io.Pipe()
	code := make(chan int, 1)
	go func() {
		code <- cli.Run(ctx, []string{"serve", "--config", settings}, cli.World{Stdout: io.Discard, Stderr: log})
		_ = log.Close()
	}()
	warned := map[string]bool{}
	for lines := bufio.NewScanner(logged); lines.Scan(); {
		if _, file, found := strings.Cut(lines.Text(), "open to others on this machine: give it mode 0600\" file="); found {
			warned[file] = true
		}
		if strings.Contains(lines.Text(), "msg=serving") {
			stop()
		}
	}
	stop()
	if got := <-code; got != 0 {
		t.Errorf("exit code %d", got)
	}
	for _, file := range []string{database, database + "-wal", settings} {
		if !warned[file] {
			t.Errorf("no warning of %s", filepath.Base(file))
		}
	}
}
