package webhook

import (
	"sync"
	"time"

	"github.com/vezne/vezne/internal/id"
)

const (
	// laneWidth is how many deliveries a node sends to one endpoint at once, and
	// failingWidth how many to one that did not take the last. Workers is so many
	// times more that a slow endpoint cannot occupy them all.
	laneWidth    = 8
	failingWidth = 1
	// leastStep is the guess for an endpoint that has answered nothing yet, and
	// maxPutOff the longest time for which a job is sent away.
	leastStep = 50 * time.Millisecond
	maxPutOff = time.Minute
)

// lanes bounds what runs to each endpoint at once. A job that finds no room is
// put off to when there should be some, by how long the endpoint takes, so that
// jobs for other endpoints come up behind it. It is safe for concurrent use.
type lanes struct {
	mu  sync.Mutex
	all map[id.Endpoint]*lane
}

type lane struct {
	running int
	failing bool
	mean    time.Duration // of an attempt, lately
	full    time.Time     // since when there is no room; zero if there is
	horizon time.Time     // until when room was promised to jobs
}

func newLanes() *lanes { return &lanes{all: make(map[id.Endpoint]*lane)} }

// enter takes a place in the lane of an endpoint, or returns when to come again.
func (l *lanes) enter(e id.Endpoint, now time.Time) (again time.Time, entered bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	one, ok := l.all[e]
	if !ok {
		one = &lane{}
		l.all[e] = one
	}
	if one.running < one.width() {
		one.running++
		if one.running >= one.width() {
			one.full = now
		}
		return time.Time{}, true
	}
	return one.promise(now), false
}

func (l *lane) width() int {
	if l.failing {
		return failingWidth
	}
	return laneWidth
}

// promise returns the next moment at which there should be room.
func (l *lane) promise(now time.Time) time.Time {
	step := max(l.mean, leastStep)
	if !l.full.IsZero() {
		step = max(step, now.Sub(l.full))
	}
	if l.horizon.Before(now) {
		l.horizon = now
	}
	l.horizon = l.horizon.Add(step / time.Duration(l.width()))
	if latest := now.Add(maxPutOff); l.horizon.After(latest) {
		l.horizon = latest
	}
	return l.horizon
}

// leave gives the place back and tells how the attempt went.
func (l *lanes) leave(e id.Endpoint, now time.Time, took time.Duration, failed bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	one := l.all[e]
	one.running--
	one.full, one.failing = time.Time{}, failed
	one.mean += (took - one.mean) / 4
	if one.running == 0 && !failed && !one.horizon.After(now) {
		delete(l.all, e) // nothing worth remembering
	}
}
