// Package snapshot keeps values loaded from the store fresh within a bounded age
// on every node. The store counts a configuration version up in every commit
// that changes something that is cached; a Watcher polls it, and a Cache serves
// nothing that was loaded before the version moved. No node has to tell another.
package snapshot

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

// Watcher knows whether what this node has cached is still true. Its caches live
// as long as it does. It is safe for concurrent use.
type Watcher struct {
	versioner Versioner
	clock     clock.Clock
	interval  time.Duration

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
	return &Watcher{versioner: v, clock: c, interval: interval}
}

// Run polls until ctx ends. The caller waits for it to return.
func (w *Watcher) Run(ctx context.Context) {
	ticker := time.NewTicker(w.interval)
	defer ticker.Stop()
	for {
		_ = w.Poll(ctx) // Err keeps it; the next round tries again
		select {
		case <-ctx.Done():
			return
		case <-ticker.C:
		}
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
