package app_test

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"strings"
	"testing"
	"time"

	"github.com/vezne/vezne/internal/app"
	"github.com/vezne/vezne/internal/clock"
)

// away is a database whose clock differs from a node's.
type away struct {
	node *clock.Manual
	by   time.Duration
	// takes is how long an answer is on its way, in all; it is read in the middle.
	takes time.Duration
	err   error
	none  bool
}

func (a *away) Now(context.Context) (time.Time, error) {
	if a.err != nil || a.none {
		return time.Time{}, a.err
	}
	a.node.Advance(a.takes / 2)
	now := a.node.Now().Add(a.by)
	a.node.Advance(a.takes / 2)
	return now, nil
}

func TestClockCheck(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		database away
		ahead    time.Duration
		said     string
	}{
		"equal_clocks_are_well":                    {away{}, 0, ""},
		"less_than_a_second_is_well":               {away{by: -time.Second}, time.Second, ""},
		"a_node_ahead_is_warned_of":                {away{by: -3 * time.Second}, 3 * time.Second, "ahead=3s"},
		"a_node_behind_is_warned_of":               {away{by: 3 * time.Second}, -3 * time.Second, "ahead=-3s"},
		"an_answer_that_takes_long_is_no_disorder": {away{takes: 1900 * time.Millisecond}, 0, ""},
		"a_database_without_a_clock_is_well":       {away{none: true}, -1, ""},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			tt.database.node = clock.NewManual(time.Date(2026, 11, 21, 12, 0, 0, 0, time.UTC))
			var log bytes.Buffer
			ahead := time.Duration(-1)
			c := app.NewClockCheck(&tt.database, tt.database.node, slog.New(slog.NewTextHandler(&log, nil)), func(d time.Duration) { ahead = d })
			if err := c(t.Context()); err != nil {
				t.Fatal(err)
			}
			if ahead != tt.ahead || (tt.said == "") != (log.Len() == 0) || !strings.Contains(log.String(), tt.said) {
				t.Errorf("ahead %s and said %q, want %s and %q", ahead, log.String(), tt.ahead, tt.said)
			}
		})
	}
	t.Run("it_is_said_once_and_taken_back", func(t *testing.T) {
		t.Parallel()
		database := &away{node: clock.NewManual(time.Date(2026, 11, 21, 12, 0, 0, 0, time.UTC)), by: time.Minute}
		var log bytes.Buffer
		c := app.NewClockCheck(database, database.node, slog.New(slog.NewTextHandler(&log, nil)), nil)
		for _, by := range []time.Duration{time.Minute, time.Minute, 0, 0} {
			database.by = by
			if err := c(t.Context()); err != nil {
				t.Fatal(err)
			}
		}
		if n := strings.Count(log.String(), "\n"); n != 2 || !strings.Contains(log.String(), "agrees") {
			t.Errorf("said %s", log.String())
		}
	})
	t.Run("a_database_that_is_away_is_an_error", func(t *testing.T) {
		t.Parallel()
		broken := errors.New("broken")
		database := &away{err: broken}
		c := app.NewClockCheck(database, clock.System{}, slog.New(slog.DiscardHandler), nil)
		if err := c(t.Context()); !errors.Is(err, broken) {
			t.Errorf("error = %v", err)
		}
	})
}
