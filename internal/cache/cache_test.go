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
	"github.com/vezne/vezne/internal/fault"
)

// store is one configuration value under a version.
type store struct {
	mu      sync.Mutex
	version int64
	value   string
	down    error
	loads   atomic.Int64
}

func (s *store) ConfigVersion(ctx context.Context) (int64, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.down != nil {
		return 0, s.down
	}
	return s.version, ctx.Err()
}

func (s *store) load(context.Context, string) (string, error) {
	s.loads.Add(1)
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.value == "" {
		return "", fault.New(fault.NotFound, fault.NoSuchThing, "no such value")
	}
	return s.value, nil
}

// write changes the value and the version in one step, as a commit does.
func (s *store) write(value string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.version++
	s.value = value
}

func (s *store) fail(err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.down = err
}

// node is a running watcher with one cache, as a process has it. Tests call it in
// a bubble of testing/synctest.
type node struct {
	*store
	watcher *cache.Watcher
	cache   *cache.Cache[string, string]
}

func bounds() cache.Bounds {
	return cache.Bounds{Values: 100, Misses: 100, MissAge: time.Second}
}

func start(t *testing.T, s *store, load func(context.Context, string) (string, error)) *node {
	t.Helper()
	w := cache.NewWatcher(s, clock.System{}, cache.Interval)
	n := &node{store: s, watcher: w, cache: cache.New(w, bounds(), load)}
	ctx, cancel := context.WithCancel(t.Context())
	var wg sync.WaitGroup
	wg.Go(func() { w.Run(ctx) })
	t.Cleanup(func() { cancel(); wg.Wait() })
	synctest.Wait()
	return n
}

// pass lets the time of the test's bubble go on; nobody waits for it.
func pass(d time.Duration) {
	time.Sleep(d) //nolint:forbidigo // time in a bubble of testing/synctest is not real
}

func (n *node) wants(t *testing.T, want string) {
	t.Helper()
	got, err := n.cache.Get(t.Context(), "k")
	if err != nil || got != want {
		t.Errorf("got %q and %v, want %q", got, err, want) // not Fatalf: goroutines call it
	}
}

func (n *node) wantsLoads(t *testing.T, want int64) {
	t.Helper()
	if got := n.loads.Load(); got != want {
		t.Fatalf("%d loads, want %d", got, want)
	}
}

func TestGet(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name string
		rule func(t *testing.T, n *node)
	}{
		{"is_loaded_once_while_nothing_changes", func(t *testing.T, n *node) {
			t.Helper()
			for range 100 {
				n.wants(t, "one")
				pass(100 * time.Millisecond)
			}
			n.wantsLoads(t, 1)
		}},
		{"a_change_on_another_node_is_seen_within_the_interval", func(t *testing.T, n *node) {
			t.Helper()
			n.wants(t, "one")
			n.write("two")
			pass(cache.Interval)
			synctest.Wait()
			n.wants(t, "two")
			n.wantsLoads(t, 2)
		}},
		{"a_change_on_this_node_is_seen_at_once", func(t *testing.T, n *node) {
			t.Helper()
			n.wants(t, "one")
			n.write("two")
			n.watcher.Invalidate()
			n.wants(t, "two")
		}},
		{"is_served_while_polls_fail_for_a_moment", func(t *testing.T, n *node) {
			t.Helper()
			n.wants(t, "one")
			n.fail(errors.New("down"))
			pass(800 * time.Millisecond)
			n.wants(t, "one")
			n.wantsLoads(t, 1)
		}},
		{"goes_to_the_store_once_polls_failed_for_long", func(t *testing.T, n *node) {
			t.Helper()
			n.wants(t, "one")
			n.fail(errors.New("down"))
			n.write("two")
			pass(901 * time.Millisecond)
			n.wants(t, "two")
			n.wants(t, "two")
			n.wantsLoads(t, 3)
			if n.watcher.Fresh() || n.watcher.Err() == nil {
				t.Fatal("the watcher says that all is well")
			}
		}},
		{"is_cached_again_once_polls_succeed_again", func(t *testing.T, n *node) {
			t.Helper()
			n.fail(errors.New("down"))
			pass(2 * time.Second)
			n.fail(nil)
			pass(cache.Interval)
			synctest.Wait()
			n.wants(t, "one")
			n.wants(t, "one")
			n.wantsLoads(t, 1)
		}},
		{"a_miss_is_remembered_for_a_while", func(t *testing.T, n *node) {
			t.Helper()
			n.write("")
			n.watcher.Invalidate()
			for range 9 { // 900 ms
				n.misses(t)
				pass(100 * time.Millisecond)
			}
			n.wantsLoads(t, 2) // the drop of the poll that noticed costs one
			pass(time.Second)
			n.misses(t)
			n.wantsLoads(t, 3)
		}},
		{"a_miss_ends_with_the_change_that_adds_the_value", func(t *testing.T, n *node) {
			t.Helper()
			n.write("")
			n.watcher.Invalidate()
			n.misses(t)
			n.write("two")
			n.watcher.Invalidate()
			n.wants(t, "two")
		}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				s := &store{version: 1, value: "one"}
				tt.rule(t, start(t, s, s.load))
			})
		})
	}
}

func (n *node) misses(t *testing.T) {
	t.Helper()
	if _, err := n.cache.Get(t.Context(), "k"); fault.CodeOf(err) != fault.NoSuchThing {
		t.Fatalf("%v, want NOT_FOUND", err)
	}
}

func TestGet_other_errors_are_not_remembered(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := &store{version: 1, value: "one"}
		broken := errors.New("broken")
		n := start(t, s, func(ctx context.Context, key string) (string, error) {
			if s.loads.Load() == 0 {
				s.loads.Add(1)
				return "", broken
			}
			return s.load(ctx, key)
		})
		if _, err := n.cache.Get(t.Context(), "k"); !errors.Is(err, broken) {
			t.Fatalf("%v, want the load's own error", err)
		}
		n.wants(t, "one")
	})
}

// slowly returns a load that reads the value and then takes d to answer.
func slowly(s *store, d time.Duration) func(context.Context, string) (string, error) {
	return func(ctx context.Context, key string) (string, error) {
		value, err := s.load(ctx, key)
		select {
		case <-time.After(d):
			return value, err
		case <-ctx.Done():
			return "", ctx.Err()
		}
	}
}

func TestGet_a_load_that_began_before_a_change_and_ended_after_it(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := &store{version: 1, value: "one"}
		n := start(t, s, slowly(s, 400*time.Millisecond))
		var early string
		var wg sync.WaitGroup
		wg.Go(func() { early, _ = n.cache.Get(t.Context(), "k") })
		synctest.Wait() // "one" has been read and is on its way
		n.write("two")
		pass(300 * time.Millisecond) // the change has been noticed
		n.wants(t, "two")
		wg.Wait()
		if early != "two" {
			t.Fatalf("the early caller was given %q after the change was noticed", early)
		}
		n.wants(t, "two")
	})
}

func TestGet_changes_without_end_do_not_hold_a_caller_for_ever(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := &store{version: 1, value: "one"}
		var n *node
		n = start(t, s, func(ctx context.Context, key string) (string, error) {
			n.watcher.Invalidate()
			return s.load(ctx, key)
		})
		n.wants(t, "one")
		n.wantsLoads(t, 3)
	})
}

func TestGet_callers_of_one_key(t *testing.T) {
	t.Parallel()
	t.Run("share_one_load", func(t *testing.T) {
		t.Parallel()
		synctest.Test(t, func(t *testing.T) {
			s := &store{version: 1, value: "one"}
			n := start(t, s, slowly(s, 10*time.Millisecond))
			var wg sync.WaitGroup
			for range 64 {
				wg.Go(func() {
					if got, err := n.cache.Get(t.Context(), "k"); err != nil || got != "one" {
						t.Errorf("got %q and %v", got, err)
					}
				})
			}
			wg.Wait()
			n.wantsLoads(t, 1)
		})
	})
	t.Run("outlive_the_one_who_loads", func(t *testing.T) {
		t.Parallel()
		synctest.Test(t, func(t *testing.T) {
			s := &store{version: 1, value: "one"}
			n := start(t, s, slowly(s, 50*time.Millisecond))
			ctx, cancel := context.WithCancel(t.Context())
			var first error
			var wg sync.WaitGroup
			wg.Go(func() { _, first = n.cache.Get(ctx, "k") })
			synctest.Wait()
			wg.Go(func() { n.wants(t, "one") })
			synctest.Wait()
			cancel()
			wg.Wait()
			if !errors.Is(first, context.Canceled) {
				t.Fatalf("the one who left was given %v", first)
			}
			n.wantsLoads(t, 2)
		})
	})
	t.Run("leave_alone_when_their_own_time_is_up", func(t *testing.T) {
		t.Parallel()
		synctest.Test(t, func(t *testing.T) {
			s := &store{version: 1, value: "one"}
			n := start(t, s, slowly(s, time.Second))
			var wg sync.WaitGroup
			wg.Go(func() { n.wants(t, "one") })
			synctest.Wait()
			ctx, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
			defer cancel()
			if _, err := n.cache.Get(ctx, "k"); !errors.Is(err, context.DeadlineExceeded) {
				t.Fatalf("%v, want DeadlineExceeded", err)
			}
			wg.Wait()
		})
	})
	t.Run("do_not_join_a_load_that_hangs", func(t *testing.T) {
		t.Parallel()
		synctest.Test(t, func(t *testing.T) {
			s := &store{version: 1, value: "one"}
			n := start(t, s, func(ctx context.Context, key string) (string, error) {
				if s.loads.Load() == 0 {
					return slowly(s, 10*time.Second)(ctx, key)
				}
				return s.load(ctx, key)
			})
			var wg sync.WaitGroup
			wg.Go(func() { n.wants(t, "one") })
			pass(300 * time.Millisecond)
			n.wants(t, "one")
			n.wantsLoads(t, 2)
			wg.Wait()
		})
	})
	t.Run("are_let_go_by_a_load_that_panics", func(t *testing.T) {
		t.Parallel()
		synctest.Test(t, func(t *testing.T) {
			s := &store{version: 1, value: "one"}
			n := start(t, s, func(ctx context.Context, key string) (string, error) {
				if s.loads.Load() == 0 {
					_, _ = slowly(s, time.Millisecond)(ctx, key) // others join meanwhile
					panic("a bug")
				}
				return s.load(ctx, key)
			})
			var wg sync.WaitGroup
			wg.Go(func() {
				defer func() { _ = recover() }() // the bug is the point
				_, _ = n.cache.Get(t.Context(), "k")
			})
			synctest.Wait()
			wg.Go(func() { n.wants(t, "one") })
			wg.Wait()
		})
	})
}

func TestGet_before_the_first_poll_every_value_comes_from_the_store(t *testing.T) {
	t.Parallel()
	s := &store{version: 1, value: "one"}
	w := cache.NewWatcher(s, clock.System{}, cache.Interval)
	n := &node{store: s, watcher: w, cache: cache.New(w, bounds(), s.load)}
	n.wants(t, "one")
	n.wants(t, "one")
	n.wantsLoads(t, 2)
	if err := w.Poll(t.Context()); err != nil {
		t.Fatal(err)
	}
	n.wants(t, "one")
	n.wants(t, "one")
	n.wantsLoads(t, 3)
}

func TestGet_a_clock_set_back_makes_values_doubtful(t *testing.T) {
	t.Parallel()
	s := &store{version: 1, value: "one"}
	c := clock.NewManual(time.Date(2026, 11, 20, 11, 30, 0, 0, time.UTC))
	w := cache.NewWatcher(s, c, cache.Interval)
	if err := w.Poll(t.Context()); err != nil {
		t.Fatal(err)
	}
	c.Advance(-time.Hour)
	if w.Fresh() {
		t.Fatal("fresh for an hour")
	}
}

// A reader must never be given a value older than a version that was noticed
// before it asked, whatever writers do meanwhile.
func TestGet_never_goes_back_while_values_change(t *testing.T) {
	t.Parallel()
	var current atomic.Int64
	v := versionFunc(func() int64 { return current.Load() })
	w := cache.NewWatcher(v, clock.System{}, cache.Interval)
	c := cache.New(w, cache.Bounds{Values: 10}, func(context.Context, int) (int64, error) {
		return current.Load(), nil
	})
	var noticed atomic.Int64
	var wg sync.WaitGroup
	wg.Go(func() {
		for range 2000 {
			n := current.Add(1)
			_ = w.Poll(t.Context()) // versionFunc never fails
			noticed.Store(n)
		}
	})
	for range 4 {
		wg.Go(func() {
			for range 5000 {
				floor := noticed.Load()
				if got, err := c.Get(t.Context(), 1); err != nil || got < floor {
					t.Errorf("got %d and %v after %d was noticed", got, err, floor)
					return
				}
			}
		})
	}
	wg.Wait()
}

type versionFunc func() int64

func (f versionFunc) ConfigVersion(context.Context) (int64, error) { return f(), nil }

func BenchmarkGet(b *testing.B) {
	s := &store{version: 1, value: "one"}
	w := cache.NewWatcher(s, clock.System{}, cache.Interval)
	c := cache.New(w, bounds(), s.load)
	go w.Run(b.Context())
	b.RunParallel(func(pb *testing.PB) {
		for pb.Next() {
			if _, err := c.Get(b.Context(), "k"); err != nil {
				b.Error(err)
			}
		}
	})
}
