package cache

import (
	"context"
	"sync"
	"time"

	"github.com/maypok86/otter/v2"

	"github.com/vezne/vezne/internal/fault"
)

const (
	// maxAttempts bounds how often one Get loads again because something changed
	// while it was loading.
	maxAttempts = 3
	// joinWithin is how old a running load may be to serve another caller too:
	// one that began long ago may have read its value long ago.
	joinWithin = 250 * time.Millisecond
)

// Bounds limit what a Cache keeps.
type Bounds struct {
	// Values is how many values are kept.
	Values int
	// Misses is how many keys are remembered that the store does not have. They
	// are kept apart from the values, so that nobody can push values out by
	// asking for things that do not exist. Zero remembers none.
	Misses int
	// MissAge is how long a miss is remembered.
	MissAge time.Duration
}

// Cache keeps values of the store in memory while its Watcher vouches for them.
// Many callers who miss one key cause one load. It is safe for concurrent use;
// values are shared, so nobody may change them.
type Cache[K comparable, V any] struct {
	watcher *Watcher
	load    func(context.Context, K) (V, error)
	missAge time.Duration
	values  *otter.Cache[K, entry[V]]
	misses  *otter.Cache[K, miss] // nil remembers none

	mu    sync.Mutex
	calls map[K]*call[V]
}

type entry[V any] struct {
	generation uint64
	value      V
}

type miss struct {
	generation uint64
	err        error
	until      time.Time
}

// call is one running load. Its results are read after done is closed.
type call[V any] struct {
	generation uint64
	began      time.Time
	done       chan struct{}
	value      V
	err        error
	// abandoned means that the loading caller left before there was a result.
	abandoned bool
}

// New returns a Cache that fills itself by load and belongs to the Watcher.
// An error of load goes to the callers and is not kept, except, for a while, one
// of kind NotFound.
func New[K comparable, V any](w *Watcher, b Bounds, load func(context.Context, K) (V, error)) *Cache[K, V] {
	c := &Cache[K, V]{
		watcher: w,
		load:    load,
		missAge: b.MissAge,
		values:  otter.Must(&otter.Options[K, entry[V]]{MaximumSize: b.Values}),
		calls:   make(map[K]*call[V]),
	}
	if b.Misses > 0 {
		c.misses = otter.Must(&otter.Options[K, miss]{MaximumSize: b.Misses})
	}
	w.register(c.drop)
	return c
}

// Get returns the value of the key, from memory if the Watcher is fresh, else
// from the store. A value whose load began before a change was noticed is never
// returned to a caller who comes after that.
func (c *Cache[K, V]) Get(ctx context.Context, key K) (V, error) {
	for attempt := 1; ; {
		// Freshness first: see Watcher.Poll.
		fresh := c.watcher.Fresh()
		generation := c.watcher.generation.Load()
		if fresh {
			if value, err, ok := c.lookup(key, generation); ok {
				return value, err
			}
		}
		f, err := c.join(ctx, key, generation)
		if err != nil {
			var none V
			return none, err
		}
		if f.abandoned {
			continue
		}
		if attempt == maxAttempts || c.watcher.generation.Load() == f.generation {
			return f.value, f.err
		}
		attempt++
	}
}

func (c *Cache[K, V]) lookup(key K, generation uint64) (V, error, bool) { //nolint:revive // the error is a kept one, not the lookup's
	if e, ok := c.values.GetIfPresent(key); ok && e.generation == generation {
		return e.value, nil, true
	}
	var none V
	if c.misses == nil {
		return none, nil, false
	}
	m, ok := c.misses.GetIfPresent(key)
	if !ok || m.generation != generation || !c.watcher.clock.Now().Before(m.until) {
		return none, nil, false
	}
	return none, m.err, true
}

// join joins the running load of the key, or makes one. Its error is that the
// caller's own ctx ended while waiting.
func (c *Cache[K, V]) join(ctx context.Context, key K, generation uint64) (*call[V], error) {
	now := c.watcher.clock.Now()
	c.mu.Lock()
	f, ok := c.calls[key]
	if ok && f.generation == generation && now.Sub(f.began) <= joinWithin {
		c.mu.Unlock()
		select {
		case <-f.done:
			return f, nil
		case <-ctx.Done():
			return nil, ctx.Err()
		}
	}
	f = &call[V]{generation: generation, began: now, done: make(chan struct{}), abandoned: true}
	c.calls[key] = f
	c.mu.Unlock()
	c.run(ctx, key, f)
	if f.abandoned {
		return nil, ctx.Err()
	}
	return f, nil
}

// run runs the load and lets go of those who wait for it, whatever happens: a
// load that panics, or ends because its caller left, counts as abandoned, and
// those who waited load for themselves.
func (c *Cache[K, V]) run(ctx context.Context, key K, f *call[V]) {
	defer func() {
		c.mu.Lock()
		if c.calls[key] == f {
			delete(c.calls, key)
		}
		c.mu.Unlock()
		close(f.done)
	}()
	f.value, f.err = c.load(ctx, key)
	f.abandoned = f.err != nil && ctx.Err() != nil
	if !f.abandoned {
		c.keep(key, f)
	}
}

func (c *Cache[K, V]) keep(key K, f *call[V]) {
	switch {
	case f.err == nil:
		c.values.Set(key, entry[V]{f.generation, f.value})
	case c.misses != nil && fault.KindOf(f.err) == fault.NotFound:
		c.misses.Set(key, miss{f.generation, f.err, c.watcher.clock.Now().Add(c.missAge)})
	}
}

// drop frees the memory of entries that their generation has made useless.
func (c *Cache[K, V]) drop() {
	c.values.InvalidateAll()
	if c.misses != nil {
		c.misses.InvalidateAll()
	}
}
