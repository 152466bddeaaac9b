package webhook

import (
	"context"
	"slices"
	"sync"
	"time"

	"github.com/vezne/vezne/internal/id"
)

const (
	// laneWidth is how many deliveries a node sends to one endpoint at once, and
	// failingWidth how many to one that did not take the last.
	laneWidth    = 16
	failingWidth = 1
	// lineLength and longestWait bound those that wait for a place with a worker in
	// hand. Workers is so much more that others find one.
	lineLength  = Workers / 2
	longestWait = 250 * time.Millisecond
	// firstGuess is how long an endpoint is thought to take that has answered
	// nothing yet, and maxPutOff the longest time for which a job is sent away.
	firstGuess = 50 * time.Millisecond
	maxPutOff  = time.Minute
)

// lanes bounds what runs to each endpoint at once. A job that finds no room waits
// in line for a moment, if the endpoint is quick enough that a moment will do.
// Otherwise it is put off to when there should be room, so that jobs for other
// endpoints come up behind it. It is safe for concurrent use.
type lanes struct {
	mu  sync.Mutex
	all map[id.Endpoint]*lane
}

type lane struct {
	running int
	failing bool
	mean    time.Duration   // of an attempt, lately; zero before the first
	full    time.Time       // since when there is no room; zero if there is
	line    []chan struct{} // who waits for a place; closed by who gives it
	horizon time.Time       // until when room was promised to jobs
}

func newLanes() *lanes { return &lanes{all: make(map[id.Endpoint]*lane)} }

// enter takes a place in the lane of an endpoint, at once or after a short wait, or
// returns when to come again.
func (l *lanes) enter(ctx context.Context, e id.Endpoint, now time.Time) (again time.Time, entered bool) {
	l.mu.Lock()
	one, ok := l.all[e]
	if !ok {
		one = &lane{}
		l.all[e] = one
	}
	if len(one.line) == 0 && one.running < one.width() {
		one.take(now)
		l.mu.Unlock()
		return time.Time{}, true
	}
	if len(one.line) >= lineLength || one.drain(now) > longestWait {
		defer l.mu.Unlock()
		return one.promise(now), false
	}
	place := make(chan struct{})
	one.line = append(one.line, place)
	l.mu.Unlock()
	return l.wait(ctx, one, place, now)
}

// wait waits in line for the place.
func (l *lanes) wait(ctx context.Context, one *lane, place chan struct{}, now time.Time) (again time.Time, entered bool) {
	patience := time.NewTimer(longestWait)
	defer patience.Stop()
	select {
	case <-place:
		return time.Time{}, true
	case <-patience.C:
	case <-ctx.Done():
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	i := slices.Index(one.line, place)
	if i < 0 { // it was given just now
		return time.Time{}, true
	}
	one.line = slices.Delete(one.line, i, i+1)
	return one.promise(now.Add(longestWait)), false
}

func (l *lane) width() int {
	if l.failing {
		return failingWidth
	}
	return laneWidth
}

func (l *lane) take(now time.Time) {
	l.running++
	if l.running >= l.width() {
		l.full = now
	}
}

// step is how long an attempt is thought to take: those that run may be telling
// more than those that have ended.
func (l *lane) step(now time.Time) time.Duration {
	step := l.mean
	if step == 0 {
		step = firstGuess
	}
	if !l.full.IsZero() {
		step = max(step, now.Sub(l.full))
	}
	return step
}

// drain is how long it should take until everybody in line has a place.
func (l *lane) drain(now time.Time) time.Duration {
	return l.step(now) * time.Duration(len(l.line)+1) / time.Duration(l.width())
}

// promise returns the next moment at which there should be room.
func (l *lane) promise(now time.Time) time.Time {
	if soon := now.Add(l.drain(now)); l.horizon.Before(soon) {
		l.horizon = soon
	}
	l.horizon = l.horizon.Add(l.step(now) / time.Duration(l.width()))
	if latest := now.Add(maxPutOff); l.horizon.After(latest) {
		l.horizon = latest
	}
	return l.horizon
}

// leave gives the place to the next in line, and tells how the attempt went.
func (l *lanes) leave(e id.Endpoint, now time.Time, took time.Duration, failed bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	one := l.all[e]
	one.running--
	one.full, one.failing = time.Time{}, failed
	if one.mean == 0 {
		one.mean = took
	}
	one.mean += (took - one.mean) / 4
	for len(one.line) > 0 && one.running < one.width() {
		close(one.line[0])
		one.line = one.line[1:]
		one.take(now)
	}
	if one.running == 0 && !failed && !one.horizon.After(now) {
		delete(l.all, e) // nothing worth remembering
	}
}
