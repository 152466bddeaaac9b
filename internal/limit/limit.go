// Package limit counts what happens too often: token buckets by key, in bounded
// memory or where all nodes share them. It reads no clock; callers say what time
// it is.
package limit

import (
	"context"
	"sync"
	"time"

	"github.com/vezne/vezne/internal/fault"
)

// Rate is how fast a bucket fills and how much it holds.
type Rate struct {
	// Every is the time in which one token comes back; it is positive.
	Every time.Duration
	// Burst is how many tokens a full bucket holds; it is positive.
	Burst int
}

// Shared keeps buckets for all nodes, by a clock of its own. Implementations are
// safe for concurrent use and answer within milliseconds, or with an error.
type Shared interface {
	// Take takes a token of the key's bucket. If there is none it takes nothing and
	// returns how long until there is one.
	Take(ctx context.Context, key string, r Rate) (time.Duration, error)
	// Check returns what Take would, and takes nothing.
	Check(ctx context.Context, key string, r Rate) (time.Duration, error)
	// Give puts a token back that was taken; a full bucket stays full.
	Give(ctx context.Context, key string, r Rate) error
	// Forget fills the key's bucket.
	Forget(ctx context.Context, key string) error
}

// Buckets are token buckets by key, each full at first. They are safe for
// concurrent use. Unless they are shared they belong to this process: n nodes
// allow n times as much.
type Buckets[K comparable] struct {
	rate Rate
	keys int
	mu   sync.Mutex
	// full is when a bucket will be full again. That one time says how many tokens
	// it has, and a bucket that is full need not be kept.
	full   map[K]time.Time
	held   map[K]*holds
	shared Shared
	name   func(K) string
}

// New returns Buckets that remember at most so many keys.
func New[K comparable](r Rate, keys int) *Buckets[K] {
	return &Buckets[K]{rate: r, keys: keys, full: make(map[K]time.Time), held: make(map[K]*holds)}
}

// Share has the tokens counted in s, under names that no other limit in s gives
// its keys; a nil s changes nothing. While s fails each process counts for itself:
// an outage neither shuts callers out nor lets all of them through. Share is called
// before the first use, and returns b.
func (b *Buckets[K]) Share(s Shared, name func(K) string) *Buckets[K] {
	b.shared, b.name = s, name
	return b
}

// Take takes a token of the key's bucket. If there is none it takes nothing and
// refuses with fault.TooManyRequests, which says when there will be one. The time
// counts for what this process keeps.
func (b *Buckets[K]) Take(ctx context.Context, key K, now time.Time) error {
	if b.shared != nil {
		if wait, err := b.shared.Take(ctx, b.name(key), b.rate); err == nil {
			return refusal(wait)
		}
	}
	return b.take(key, now)
}

// Check refuses as Take does, and takes nothing.
func (b *Buckets[K]) Check(ctx context.Context, key K, now time.Time) error {
	if b.shared != nil {
		if wait, err := b.shared.Check(ctx, b.name(key), b.rate); err == nil {
			return refusal(wait)
		}
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	return refusal(b.wait(b.at(key, now), now))
}

// Give puts a token back that was taken, as for something that shall not count after
// all. If the buckets that are shared cannot be reached, theirs stays taken and comes
// back with time.
func (b *Buckets[K]) Give(ctx context.Context, key K, now time.Time) {
	if b.shared != nil {
		_ = b.shared.Give(ctx, b.name(key), b.rate) // it comes back by itself, only later
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	if full := b.at(key, now).Add(-b.rate.Every); full.After(now) {
		b.full[key] = full
		return
	}
	delete(b.full, key)
}

// Forget fills the key's bucket. If those that are shared cannot be reached, theirs
// stays as it is.
func (b *Buckets[K]) Forget(ctx context.Context, key K) {
	if b.shared != nil {
		_ = b.shared.Forget(ctx, b.name(key)) // it fills by itself, only later
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	delete(b.full, key)
}

func (b *Buckets[K]) take(key K, now time.Time) error {
	b.mu.Lock()
	defer b.mu.Unlock()
	full := b.at(key, now)
	if err := refusal(b.wait(full, now)); err != nil {
		return err
	}
	if full.Before(now) {
		b.makeRoom(key, now)
		full = now
	}
	b.full[key] = full.Add(b.rate.Every)
	return nil
}

// at returns when the key's bucket will be full again. No bucket can owe more than
// its burst: one that seems to was filled before the machine's clock was put back,
// and counts as full, or else its key would be refused until the clock has caught up.
func (b *Buckets[K]) at(key K, now time.Time) time.Time {
	full := b.full[key]
	if full.Sub(now) > time.Duration(b.rate.Burst)*b.rate.Every {
		return time.Time{}
	}
	return full
}

// wait is how long a bucket has no token; not positive if it has one.
func (b *Buckets[K]) wait(full, now time.Time) time.Duration {
	if !full.After(now) {
		return 0
	}
	return full.Sub(now) - time.Duration(b.rate.Burst-1)*b.rate.Every
}

// makeRoom keeps a new key from growing the memory beyond its bound: full buckets
// go first. If there are none all go, which gives everybody one burst more and
// costs a flooder as many keys.
func (b *Buckets[K]) makeRoom(key K, now time.Time) {
	if _, known := b.full[key]; known || len(b.full) < b.keys {
		return
	}
	for k, full := range b.full {
		if !full.After(now) {
			delete(b.full, k)
		}
	}
	if len(b.full) >= b.keys {
		clear(b.full)
	}
}

// refusal returns nil if there is nothing to wait for.
func refusal(wait time.Duration) error {
	if wait <= 0 {
		return nil
	}
	return fault.New(fault.RateLimited, fault.TooManyRequests, "too many requests").WithRetryAfter(wait)
}
