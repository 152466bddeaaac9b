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
