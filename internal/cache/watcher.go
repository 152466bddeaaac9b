// Package cache keeps values loaded from the store fresh within a bounded age
// on every node. The store counts a configuration version up in every commit
// that changes something that is cached; a Watcher polls it, and a Cache serves
// nothing that was loaded before the version moved. No node has to tell another.
// A store that can tell of its commits makes that quicker, and is never relied on:
// what bounds the age of values is the last poll alone.
package cache

import (
	"context"
	"fmt"
	"sync"
	"sync/atomic"
	"time"

	"github.com/vezne/vezne/internal/clock"
)

const (
	// Interval is how often a node asks for the version: four queries a second
	// that read one row.
	Interval = 250 * time.Millisecond
	// notifiedInterval is how often a node asks while it hears of changes: the time
	// left until values count as stale is enough for one poll that hangs.
	notifiedInterval = 500 * time.Millisecond
	// The pauses between tries to listen double from firstPause to maxPause.
	firstPause = 100 * time.Millisecond
	maxPause   = 5 * time.Second
	// staleAfter is how long cached values are served after the version was last
	// read. A revocation is promised to work within a second; what is left of it
	// is for the answer that is already on its way.
	staleAfter = 900 * time.Millisecond
	// pollTimeout ends a poll that hangs, early enough for another try before
	// values count as stale.
	pollTimeout = 400 * time.Millisecond
)

// Versioner tells the configuration version.
type Versioner interface {
	// ConfigVersion returns a number that each change of cached things makes
	// larger, in the same commit.
	ConfigVersion(ctx context.Context) (int64, error)
}

// Listener tells of changes when they are committed.
type Listener interface {
	// Listen calls up once it hears, and heard for each change, until ctx ends or
	// the connection is lost; what was told while nobody listened is lost.
	Listen(ctx context.Context, up, heard func()) error
}

// Watcher knows whether what this node has cached is still true. Its caches live
// as long as it does. It is safe for concurrent use.
type Watcher struct {
	versioner Versioner
	clock     clock.Clock
	interval  time.Duration
	// Listener, if set, spares a node half of its polls and most of the wait for
	// the next one. It is set before Run.
	Listener Listener
	// OnListening, if set, hears that the Listener hears now, or with an error that
	// it does not any more. It is set before Run.
	OnListening func(error)
	listening   atomic.Bool
	notified    chan struct{} // holds one: changes that are told at once are one

	// generation counts the moments at which everything loaded before became
	// doubtful.
	generation atomic.Uint64
	// confirmed is when the last successful poll began.
	confirmed atomic.Pointer[time.Time]

	mu      sync.Mutex
	version int64
	seen    bool
	err     error
	drops   []func()
}

// NewWatcher returns a Watcher that polls every interval once it runs. Until a
// first poll has succeeded, its caches load every value from the store.
func NewWatcher(v Versioner, c clock.Clock, interval time.Duration) *Watcher {
	return &Watcher{versioner: v, clock: c, interval: interval, notified: make(chan struct{}, 1)}
}

// Run polls until ctx ends, and whenever the Listener tells of a change. The
// caller waits for it to return.
func (w *Watcher) Run(ctx context.Context) {
	var listening sync.WaitGroup
	defer listening.Wait()
	if w.Listener != nil {
		listening.Go(func() { w.listen(ctx) })
	}
	next := time.NewTimer(w.interval)
	defer next.Stop()
	for {
		began := w.clock.Now()
		pause := w.pause(w.Poll(ctx)) // Err keeps why it failed; the next round tries again
		next.Reset(pause - max(0, w.clock.Now().Sub(began)))
		select {
		case <-ctx.Done():
			return
		case <-next.C:
		case <-w.notified:
		}
	}
}

// pause is how long after the begin of a poll with this result the next one comes
// at the latest.
func (w *Watcher) pause(polled error) time.Duration {
	if polled == nil && w.listening.Load() {
		return max(w.interval, notifiedInterval)
	}
	return w.interval
}

// listen keeps listening until ctx ends.
func (w *Watcher) listen(ctx context.Context) {
	pause := firstPause
	for {
		err := w.Listener.Listen(ctx, func() { pause = firstPause; w.setListening(nil); w.pollSoon() }, w.pollSoon)
		if ctx.Err() != nil {
			w.listening.Store(false)
			return
		}
		w.setListening(err)
		select {
		case <-ctx.Done():
			return
		case <-time.After(pause):
		}
		pause = min(2*pause, maxPause)
	}
}

// setListening notes whether the Listener hears, and tells of each change of that.
func (w *Watcher) setListening(err error) {
	if was := w.listening.Swap(err == nil); w.OnListening != nil && was != (err == nil) {
		w.OnListening(err)
	}
}

// Listening reports whether changes are told right now, and not only polled for.
func (w *Watcher) Listening() bool { return w.listening.Load() }

// pollSoon has the version read at once.
func (w *Watcher) pollSoon() {
	select {
	case w.notified <- struct{}{}:
	default: // the poll that is due anyway will see it
	}
}

// Poll reads the version once. If it moved, all caches drop their entries before
// Poll returns.
func (w *Watcher) Poll(ctx context.Context) error {
	began := w.clock.Now()
	ctx, cancel := context.WithTimeout(ctx, pollTimeout)
	defer cancel()
	version, err := w.versioner.ConfigVersion(ctx)
	if err != nil {
		err = fmt.Errorf("read configuration version: %w", err)
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	w.err = err
	if err != nil {
		return err
	}
	if !w.seen || version != w.version {
		w.drop()
	}
	w.version, w.seen = version, true
	// After the drop: whoever takes this time as fresh must see the new generation.
	w.confirmed.Store(&began)
	return nil
}

// Invalidate drops the entries of all caches. The node that has committed a
// change calls it, so that it sees its own change at once.
func (w *Watcher) Invalidate() {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.drop()
}

// Fresh reports whether the version was read recently enough to serve cached
// values. A clock that was set back makes it false until the next poll.
func (w *Watcher) Fresh() bool {
	confirmed := w.confirmed.Load()
	if confirmed == nil {
		return false
	}
	age := w.clock.Now().Sub(*confirmed)
	return age >= 0 && age <= staleAfter
}

// Err returns why the last poll failed, nil if it succeeded or none was made.
func (w *Watcher) Err() error {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.err
}

// drop is called with the lock held.
func (w *Watcher) drop() {
	w.generation.Add(1)
	for _, d := range w.drops {
		d()
	}
}

func (w *Watcher) register(drop func()) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.drops = append(w.drops, drop)
}
