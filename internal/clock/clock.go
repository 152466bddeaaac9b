// Package clock is the only place that reads the time, so that tests can set it.
package clock

import (
	"sync"
	"time"
)

// Clock tells the time. Implementations are safe for concurrent use.
type Clock interface {
	// Now returns the current time in UTC.
	Now() time.Time
	// Elapsed returns the time since some moment before. Only the difference of two
	// values means something; unlike that of two Nows it is never negative, and it
	// is true also if somebody has set the machine's clock meanwhile.
	Elapsed() time.Duration
}

// System is the machine's clock.
type System struct{}

// Now returns the machine's time in UTC.
func (System) Now() time.Time { return machine().UTC() }

// began is the moment from which System counts.
var began = time.Now()

// Elapsed returns the time since this process began.
func (System) Elapsed() time.Duration { return time.Since(began) }

// Manual is a clock for tests that moves only when told to.
type Manual struct {
	mu      sync.Mutex
	now     time.Time
	elapsed time.Duration
}

// NewManual returns a clock that shows t.
func NewManual(t time.Time) *Manual { return &Manual{now: t.UTC()} }

// Now returns the time that was set.
func (m *Manual) Now() time.Time {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.now
}

// Elapsed returns how far the clock was moved forward. What it was put back does
// not count.
func (m *Manual) Elapsed() time.Duration {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.elapsed
}

// Set puts the clock right or wrong, to t. No time elapses by that.
func (m *Manual) Set(t time.Time) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.now = t.UTC()
}

// Advance moves the clock by d, which may be negative.
func (m *Manual) Advance(d time.Duration) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.now = m.now.Add(d)
	m.elapsed += max(d, 0)
}
