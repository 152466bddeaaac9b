package clock_test

import (
	"sync"
	"testing"
	"time"

	"github.com/vezne/vezne/internal/clock"
)

func TestSystem(t *testing.T) {
	t.Parallel()
	before := time.Now()
	now := clock.System{}.Now()
	if now.Location() != time.UTC || now.Before(before) || now.After(time.Now()) {
		t.Errorf("%s is not now in UTC", now)
	}
}

func TestManual(t *testing.T) {
	t.Parallel()
	start := time.Date(2026, 5, 1, 15, 0, 0, 0, time.FixedZone("+03", 3*60*60))
	c := clock.NewManual(start)
	if got := c.Now(); !got.Equal(start) || got.Location() != time.UTC {
		t.Errorf("shows %s, want %s in UTC", got, start)
	}
	c.Advance(time.Hour)
	c.Advance(-time.Minute)
	if got, want := c.Now(), start.Add(59*time.Minute); !got.Equal(want) {
		t.Errorf("shows %s, want %s", got, want)
	}
	var hands sync.WaitGroup
	for range 10 {
		hands.Go(func() { c.Advance(time.Second); c.Now() })
	}
	hands.Wait()
	if got, want := c.Now(), start.Add(59*time.Minute+10*time.Second); !got.Equal(want) {
		t.Errorf("shows %s, want %s", got, want)
	}
}

func TestElapsed(t *testing.T) {
	t.Parallel()
	t.Run("machine_counts_on", func(t *testing.T) {
		t.Parallel()
		first := clock.System{}.Elapsed()
		if second := (clock.System{}).Elapsed(); first <= 0 || second < first {
			t.Errorf("%s and then %s", first, second)
		}
	})
	t.Run("clock_that_is_set_has_let_no_time_pass", func(t *testing.T) {
		t.Parallel()
		c := clock.NewManual(time.Unix(1_000_000, 0))
		c.Advance(time.Hour)
		c.Advance(-time.Minute)
		c.Set(time.Unix(0, 0))
		if got := c.Elapsed(); got != time.Hour {
			t.Errorf("%s elapsed, want an hour", got)
		}
		if got := c.Now(); !got.Equal(time.Unix(0, 0)) {
			t.Errorf("shows %s", got)
		}
	})
}
