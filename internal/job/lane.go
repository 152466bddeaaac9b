package job

import (
	"context"
	"slices"
	"sync"
	"time"
)

const (
	// laneWidth is how many calls a node makes to one receiver at once, and
	// failingWidth how many to one that did not take the last.
	laneWidth    = 16
	failingWidth = 1
	// maxWaiting and maxWait bound those that wait for a place with a worker in hand.
	// There are so many more workers that others find one.
	maxWaiting = CallbackWorkers / 2
	maxWait    = 250 * time.Millisecond
	// firstGuess is how long a receiver is thought to take that has answered nothing
	// yet, and maxPutOff the longest time for which a job is sent away.
	firstGuess = 50 * time.Millisecond
	maxPutOff  = time.Minute
)

// Lanes bounds what runs to each receiver at once. K names a receiver. A job that
// finds no room waits for a moment, if the receiver is quick enough that a moment
// will do. Otherwise it is put off to when there should be room, so that jobs for
// other receivers come up behind it. It is safe for concurrent use.
type Lanes[K comparable] struct {
	mu  sync.Mutex
	all map[K]*lane
}

type lane struct {
	running int
	failing bool
	average time.Duration   // of a call, lately; zero before the first
	full    time.Time       // since when there is no room; zero if there is
	waiting []chan struct{} // who waits for a place; closed by who gives it
	booked  time.Time       // until when room is kept for jobs that were put off
}

// NewLanes returns Lanes in which nothing runs.
func NewLanes[K comparable]() *Lanes[K] { return &Lanes[K]{all: make(map[K]*lane)} }

// Enter takes a place in the lane of a receiver, at once or after a short wait, or
// returns when to come again. Who entered calls Leave.
func (l *Lanes[K]) Enter(ctx context.Context, receiver K, now time.Time) (again time.Time, entered bool) {
	l.mu.Lock()
	one, ok := l.all[receiver]
	if !ok {
		one = &lane{}
		l.all[receiver] = one
	}
	if len(one.waiting) == 0 && one.running < one.width() {
		one.take(now)
		l.mu.Unlock()
		return time.Time{}, true
	}
	if len(one.waiting) >= maxWaiting || one.wait(now) > maxWait {
		defer l.mu.Unlock()
		return one.book(now), false
	}
	place := make(chan struct{})
	one.waiting = append(one.waiting, place)
	l.mu.Unlock()
	return l.await(ctx, one, place, now)
}

// await waits for the place.
func (l *Lanes[K]) await(
	ctx context.Context, one *lane, place chan struct{}, now time.Time,
) (again time.Time, entered bool) {
	patience := time.NewTimer(maxWait)
	defer patience.Stop()
	select {
	case <-place:
		return time.Time{}, true
	case <-patience.C:
	case <-ctx.Done():
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	i := slices.Index(one.waiting, place)
	if i < 0 { // it was given just now
		return time.Time{}, true
	}
	one.waiting = slices.Delete(one.waiting, i, i+1)
	return one.book(now.Add(maxWait)), false
}

// Leave gives the place to who has waited longest, and tells how the call went.
func (l *Lanes[K]) Leave(receiver K, now time.Time, took time.Duration, failed bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	one := l.all[receiver]
	one.running--
	one.full, one.failing = time.Time{}, failed
	if one.average == 0 {
		one.average = took
	}
	one.average += (took - one.average) / 4
	for len(one.waiting) > 0 && one.running < one.width() {
		close(one.waiting[0])
		one.waiting = one.waiting[1:]
		one.take(now)
	}
	if one.running == 0 && !failed && !one.booked.After(now) {
		delete(l.all, receiver) // nothing worth remembering
	}
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

// duration is how long a call is thought to take: those that run may be telling
// more than those that have ended.
func (l *lane) duration(now time.Time) time.Duration {
	d := l.average
	if d == 0 {
		d = firstGuess
	}
	if !l.full.IsZero() {
		d = max(d, now.Sub(l.full))
	}
	return d
}

// wait is how long it should take until everybody who waits has a place.
func (l *lane) wait(now time.Time) time.Duration {
	return l.duration(now) * time.Duration(len(l.waiting)+1) / time.Duration(l.width())
}

// book keeps the next room that there should be for one job, and returns when that
// is.
func (l *lane) book(now time.Time) time.Time {
	if soon := now.Add(l.wait(now)); l.booked.Before(soon) {
		l.booked = soon
	}
	l.booked = l.booked.Add(l.duration(now) / time.Duration(l.width()))
	if latest := now.Add(maxPutOff); l.booked.After(latest) {
		l.booked = latest
	}
	return l.booked
}
