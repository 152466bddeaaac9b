package cache_test

import (
	"context"
	"errors"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/vezne/vezne/internal/cache"
	"github.com/vezne/vezne/internal/clock"
)

// wire is a connection on which changes are told.
type wire struct {
	told  chan struct{}
	cut   chan error // ends the connection that there is
	down  atomic.Bool
	tries atomic.Int64
}

func newWire() *wire { return &wire{told: make(chan struct{}), cut: make(chan error)} }

var errCut = errors.New("cut")

func (w *wire) Listen(ctx context.Context, up, heard func()) error {
	w.tries.Add(1)
	if w.down.Load() {
		return errCut
	}
	up()
	for {
		select {
		case <-w.told:
			heard()
		case err := <-w.cut:
			return err
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

// counted counts polls.
type counted struct {
	*store
	polls atomic.Int64
}

func (c *counted) ConfigVersion(ctx context.Context) (int64, error) {
	c.polls.Add(1)
	return c.store.ConfigVersion(ctx)
}

// listening starts a watcher that listens on the wire.
func listening(t *testing.T, w *wire) (n *node, c *counted, states func() []error) {
	t.Helper()
	s := &store{version: 1, value: "one"}
	c = &counted{store: s}
	watcher := cache.NewWatcher(c, clock.System{}, cache.Interval)
	var mu sync.Mutex
	var all []error
	watcher.Listener, watcher.OnListening = w, func(err error) {
		mu.Lock()
		defer mu.Unlock()
		all = append(all, err)
	}
	n = &node{store: s, watcher: watcher, cache: cache.New(watcher, bounds(), s.load)}
	ctx, cancel := context.WithCancel(t.Context())
	var wg sync.WaitGroup
	wg.Go(func() { watcher.Run(ctx) })
	t.Cleanup(func() { cancel(); wg.Wait() })
	synctest.Wait()
	return n, c, func() []error {
		mu.Lock()
		defer mu.Unlock()
		return append([]error(nil), all...)
	}
}

func TestListener(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name string
		rule func(t *testing.T, w *wire)
	}{
		{"a_change_that_is_told_is_seen_at_once", func(t *testing.T, w *wire) {
			t.Helper()
			n, _, _ := listening(t, w)
			n.wants(t, "one")
			pass(100 * time.Millisecond)
			n.write("two")
			w.told <- struct{}{}
			synctest.Wait()
			n.wants(t, "two")
		}},
		{"a_change_that_is_not_told_is_seen_within_half_a_second", func(t *testing.T, w *wire) {
			t.Helper()
			n, _, _ := listening(t, w)
			n.wants(t, "one")
			n.write("two")
			pass(500 * time.Millisecond)
			synctest.Wait()
			n.wants(t, "two")
		}},
		{"polls_are_half_as_many_while_it_hears", func(t *testing.T, w *wire) {
			t.Helper()
			_, c, _ := listening(t, w)
			before := c.polls.Load()
			pass(10 * time.Second)
			synctest.Wait()
			if got := c.polls.Load() - before; got != 20 {
				t.Errorf("%d polls in ten seconds, want 20", got)
			}
		}},
		{"polls_are_as_many_as_ever_while_it_does_not", func(t *testing.T, w *wire) {
			t.Helper()
			w.down.Store(true)
			n, c, states := listening(t, w)
			before := c.polls.Load()
			pass(10 * time.Second)
			synctest.Wait()
			if got := c.polls.Load() - before; got != 40 {
				t.Errorf("%d polls in ten seconds, want 40", got)
			}
			if n.watcher.Listening() || len(states()) != 0 {
				t.Errorf("listening, it says: %v", states())
			}
		}},
		{"a_lost_connection_is_made_again_with_growing_pauses", func(t *testing.T, w *wire) {
			t.Helper()
			n, _, states := listening(t, w)
			w.down.Store(true)
			w.cut <- errCut
			pass(20 * time.Second)
			synctest.Wait()
			// After 0.1, 0.3, 0.7, 1.5, 3.1, 6.3, 11.3 and 16.3 seconds, and the first.
			if got := w.tries.Load(); got != 9 {
				t.Errorf("%d tries in twenty seconds, want 9", got)
			}
			w.down.Store(false)
			pass(5 * time.Second)
			synctest.Wait()
			if got := states(); !n.watcher.Listening() || len(got) != 3 || got[0] != nil || !errors.Is(got[1], errCut) ||
				got[2] != nil {
				t.Errorf("states = %v, want up, lost, up", got)
			}
		}},
		{"what_changed_while_it_was_lost_is_seen_when_it_is_back", func(t *testing.T, w *wire) {
			t.Helper()
			n, _, _ := listening(t, w)
			n.wants(t, "one")
			w.cut <- errCut
			n.write("two")
			pass(101 * time.Millisecond)
			synctest.Wait()
			n.wants(t, "two")
		}},
		{"values_go_stale_while_polls_fail_though_it_hears", func(t *testing.T, w *wire) {
			t.Helper()
			n, _, _ := listening(t, w)
			n.wants(t, "one")
			n.fail(errors.New("down"))
			n.write("two")
			pass(901 * time.Millisecond)
			n.wants(t, "two")
			if n.watcher.Fresh() {
				t.Error("the watcher says that all is well")
			}
		}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) { tt.rule(t, newWire()) })
		})
	}
}
