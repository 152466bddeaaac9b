package postgrestest_test

import (
	"bufio"
	"fmt"
	"os"
	"os/exec"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"

	"github.com/vezne/vezne/test/postgrestest"
	"github.com/vezne/vezne/test/wait"
)

// beStarter makes the test binary a process that starts a server, says where, and
// waits to be killed.
const beStarter = "VEZNE_POSTGRESTEST_STARTER"

func TestMain(m *testing.M) {
	if os.Getenv(beStarter) == "" {
		os.Exit(m.Run())
	}
	s, err := postgrestest.Start(postgrestest.Fast)
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	fmt.Fprintln(os.Stdout, s.Admin().Query().Get("host"))
	select {}
}

func start(t *testing.T, d postgrestest.Durability) *postgrestest.Server {
	t.Helper()
	s, err := postgrestest.Start(d)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func stop(t *testing.T, s *postgrestest.Server) {
	t.Helper()
	if err := s.Stop(); err != nil {
		t.Error(err)
	}
}

func show(t *testing.T, s *postgrestest.Server, setting string) string {
	t.Helper()
	conn, err := pgx.Connect(t.Context(), s.Admin().String())
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = conn.Close(t.Context()) }() // its answer is there
	var value string
	if err := conn.QueryRow(t.Context(), "SELECT current_setting($1)", setting).Scan(&value); err != nil {
		t.Fatal(err)
	}
	return value
}

func there(path string) bool {
	_, err := os.Stat(path)
	return err == nil
}

func TestServer(t *testing.T) {
	t.Parallel()
	t.Run("fast_one_syncs_nothing_and_leaves_nothing", func(t *testing.T) {
		t.Parallel()
		s := start(t, postgrestest.Fast)
		if got := show(t, s, "fsync"); got != "off" {
			t.Errorf("fsync is %s", got)
		}
		place := s.Admin().Query().Get("host")
		stop(t, s)
		if there(place) || there(place+".lock") {
			t.Errorf("%s is still there", place)
		}
	})
	t.Run("durable_one_has_every_commit_on_disk", func(t *testing.T) {
		t.Parallel()
		s := start(t, postgrestest.Durable)
		defer stop(t, s)
		if got := show(t, s, "fsync") + show(t, s, "synchronous_commit"); got != "onon" {
			t.Errorf("fsync and synchronous_commit are %s", got)
		}
	})
	t.Run("what_a_killed_starter_left_is_removed_by_the_next_and_what_runs_is_not", func(t *testing.T) {
		t.Parallel()
		running := start(t, postgrestest.Fast)
		defer stop(t, running)
		left := killedStarter(t)
		// Its server ends too, a moment later, and until then it may write files.
		wait.Until(t, "the next starter removes "+left, func() bool {
			stop(t, start(t, postgrestest.Fast))
			return !there(left) && !there(left+".lock")
		})
		if got := show(t, running, "fsync"); got != "off" {
			t.Errorf("fsync of the one that runs is %s", got)
		}
	})
}

// killedStarter returns the directory of a server whose starter was killed.
func killedStarter(t *testing.T) string {
	t.Helper()
	starter := exec.CommandContext(t.Context(), os.Args[0]) //nolint:gosec // this very binary
	starter.Env = append(os.Environ(), beStarter+"=1")
	starter.Stderr = os.Stderr
	out, err := starter.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := starter.Start(); err != nil {
		t.Fatal(err)
	}
	place, err := bufio.NewReader(out).ReadString('\n')
	_ = starter.Process.Kill() // it may have ended by itself
	_ = starter.Wait()         // it was killed
	if err != nil {
		t.Fatalf("no server was started: %v", err)
	}
	return strings.TrimSpace(place)
}
