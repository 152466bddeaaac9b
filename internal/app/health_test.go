package app_test

import (
	"context"
	"database/sql"
	"errors"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/vezne/vezne/test/wait"

	"github.com/vezne/vezne/internal/app"
	"github.com/vezne/vezne/internal/clock"
)

func TestReady(t *testing.T) {
	t.Parallel()
	down := errors.New("dial postgres://vezne:hunter-2@db: refused")
	for name, tt := range map[string]struct {
		err      error
		draining bool
		want     int
	}{
		"database_that_answers_is_ready":     {nil, false, http.StatusOK},
		"database_that_is_down_is_not":       {down, false, http.StatusServiceUnavailable},
		"node_that_drains_wants_no_new_work": {nil, true, http.StatusServiceUnavailable},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := httptest.NewRecorder()
			r := httptest.NewRequestWithContext(t.Context(), http.MethodGet, "/readyz", nil)
			app.ReadyHandler(func(context.Context) error { return tt.err }, tt.draining, clock.System{}).ServeHTTP(w, r)
			if w.Code != tt.want {
				t.Errorf("status %d, want %d", w.Code, tt.want)
			}
			if strings.Contains(w.Body.String(), "hunter-2") {
				t.Error("the cause is shown to strangers")
			}
		})
	}
}

// ask returns what a prober is told.
func ask(t *testing.T, h http.Handler) int {
	t.Helper()
	w := httptest.NewRecorder()
	h.ServeHTTP(w, httptest.NewRequestWithContext(t.Context(), http.MethodGet, "/readyz", nil))
	return w.Code
}

func TestProbersDoNotLoadTheDatabase(t *testing.T) {
	t.Parallel()
	checks, now := 0, clock.NewManual(time.Date(2026, 11, 20, 11, 30, 0, 0, time.UTC))
	var state error
	h := app.ReadyHandler(func(context.Context) error {
		checks++ // by one goroutine at a time, which the race detector would tell of
		return state
	}, false, now)
	var probers sync.WaitGroup
	for range 50 {
		probers.Go(func() {
			if code := ask(t, h); code != http.StatusOK {
				t.Errorf("status %d", code)
			}
		})
	}
	probers.Wait()
	if checks != 1 {
		t.Errorf("%d checks for 50 probers at once", checks)
	}
	for _, step := range []struct {
		state  error
		after  time.Duration
		want   int
		checks int
	}{
		{errors.New("disk full"), 900 * time.Millisecond, http.StatusOK, 1},
		{errors.New("disk full"), 100 * time.Millisecond, http.StatusServiceUnavailable, 2},
		{nil, 900 * time.Millisecond, http.StatusServiceUnavailable, 2},
		{nil, 100 * time.Millisecond, http.StatusOK, 3},
	} {
		state = step.state
		now.Advance(step.after)
		if code := ask(t, h); code != step.want || checks != step.checks {
			t.Errorf("%v after %v: status %d after %d checks, want %d after %d",
				step.state, step.after, code, checks, step.want, step.checks)
		}
	}
}

func TestOneProberThatHangsUpDoesNotTellForAll(t *testing.T) {
	t.Parallel()
	h := app.ReadyHandler(func(ctx context.Context) error { return ctx.Err() }, false, clock.System{})
	gone, hangUp := context.WithCancel(t.Context())
	hangUp()
	h.ServeHTTP(httptest.NewRecorder(), httptest.NewRequestWithContext(gone, http.MethodGet, "/readyz", nil))
	if code := ask(t, h); code != http.StatusOK {
		t.Errorf("status %d", code)
	}
}

// TestReadyWhileTheDatabaseOnlyReads keeps the database from writing, as a full
// disk does, while every reading statement works.
func TestReadyWhileTheDatabaseOnlyReads(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	c := load(t, dir, nil)
	s := startDemo(t, c, dir)
	file := strings.TrimPrefix(c.Database.Reveal(), "sqlite:")
	db, err := sql.Open("sqlite", "file:"+file+"?_pragma=busy_timeout(60000)")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = db.Close() }()
	ready := func() int {
		status, _ := s.request(t, http.MethodGet, "/readyz", "")
		return status
	}
	wait.Until(t, "a node that is ready", func() bool { return ready() == http.StatusOK })
	tx, err := db.Conn(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = tx.Close() }()
	if _, err := tx.ExecContext(t.Context(), "BEGIN IMMEDIATE"); err != nil {
		t.Fatal(err)
	}
	wait.Until(t, "a node that is not ready", func() bool { return ready() == http.StatusServiceUnavailable })
	if _, err := tx.ExecContext(t.Context(), "ROLLBACK"); err != nil {
		t.Fatal(err)
	}
	wait.Until(t, "a node that is ready again", func() bool { return ready() == http.StatusOK })
}
