package chaos_test

import (
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/vezne/vezne/internal/storage"
	"github.com/vezne/vezne/test/chaos"
)

// shortRun is how long each engine is disturbed in a plain test run.
const shortRun = 20 * time.Second

// settings returns the seed and the duration, which the environment may set:
// CHAOS_SEED repeats a run's schedule, CHAOS_DURATION makes it longer. CHAOS_KEEP
// leaves its directory behind.
func settings(t *testing.T) (seed uint64, duration time.Duration) {
	t.Helper()
	seed, duration = rand.Uint64(), shortRun
	if text := os.Getenv("CHAOS_SEED"); text != "" {
		var err error
		if seed, err = strconv.ParseUint(text, 10, 64); err != nil {
			t.Fatalf("CHAOS_SEED: %v", err)
		}
	}
	if text := os.Getenv("CHAOS_DURATION"); text != "" {
		var err error
		if duration, err = time.ParseDuration(text); err != nil {
			t.Fatalf("CHAOS_DURATION: %v", err)
		}
	}
	return seed, duration
}

func options(t *testing.T, engine storage.Engine, tags ...string) chaos.Options {
	t.Helper()
	dir := t.TempDir()
	binary, err := chaos.Build(dir, tags...)
	if err != nil {
		t.Fatal(err)
	}
	fixtures, err := chaos.Fixtures(dir, "../../internal/fixture/demo.yaml")
	if err != nil {
		t.Fatal(err)
	}
	seed, duration := settings(t)
	o := chaos.Options{
		Engine: engine, Binary: binary, Fixtures: fixtures, Seed: seed, Duration: duration,
		Keep: os.Getenv("CHAOS_KEEP") != "", Log: t.Output(),
	}
	if duration > 5*time.Minute {
		o.Think = 200 * time.Millisecond // a hundred thousand payments are enough to look through
	}
	return o
}

var reports = &struct {
	sync.Mutex
	all []*chaos.Report
}{}

// TestMain writes the report of both engines where CHAOS_REPORT says.
func TestMain(m *testing.M) {
	code := m.Run()
	if path := os.Getenv("CHAOS_REPORT"); path != "" && len(reports.all) > 0 {
		slices.SortFunc(reports.all, func(a, b *chaos.Report) int { return -strings.Compare(string(a.Engine), string(b.Engine)) })
		if err := os.WriteFile(filepath.Clean(path), []byte(chaos.Markdown(reports.all)), 0o644); err != nil {
			fmt.Fprintln(os.Stderr, err)
			code = 1
		}
	}
	os.Exit(code)
}

func run(t *testing.T, o chaos.Options) *chaos.Report {
	t.Helper()
	t.Logf("seed %d", o.Seed)
	r, err := chaos.Run(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// leastPayments is how many payments a run must make to have been one: one a second.
// A machine with nothing else to do makes six times as many in a long run, in which
// clients think longer, and more in a short one. What it makes beyond that says how
// busy the machine was, and nothing about Vezne.
func leastPayments(d time.Duration) int { return int(d.Seconds()) }

func prove(t *testing.T, engine storage.Engine) {
	t.Helper()
	r := run(t, options(t, engine))
	const most = 30
	for i, v := range r.Violations {
		if i == most {
			t.Errorf("and %d more", len(r.Violations)-most)
			break
		}
		t.Error(v)
	}
	if least := leastPayments(r.Duration); r.Payments < least {
		t.Errorf("only %d payments were made in %s, want %d", r.Payments, r.Duration, least)
	}
	reports.Lock()
	reports.all = append(reports.all, r)
	reports.Unlock()
	t.Logf("\n%s", chaos.Markdown([]*chaos.Report{r}))
}

func TestSQLite(t *testing.T) {
	t.Parallel()
	prove(t, storage.SQLite)
}

func TestPostgreSQL(t *testing.T) {
	t.Parallel()
	prove(t, storage.PostgreSQL)
}
