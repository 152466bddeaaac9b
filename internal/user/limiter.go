package user

import (
	"sync"
	"time"

	"github.com/vezne/vezne/internal/fault"
)

// Wrong logins are limited twice: for each email address, known or not, and for
// each peer. Both are in memory; an account's own lock is stored, and holds on
// all nodes.
const (
	emailTries  = 5
	emailPeriod = time.Minute
	// An office shares an address, and a guesser has many.
	peerTries  = 30
	peerPeriod = 10 * time.Minute
	// maxLimited bounds the memory of a limiter; past it everything is forgotten,
	// which frees guessers for one more round and costs them as much.
	maxLimited = 50_000
)

// limiter counts failures by key. It is safe for concurrent use.
type limiter struct {
	tries  int
	period time.Duration
	mu     sync.Mutex
	by     map[string]failures
}

type failures struct {
	count int
	until time.Time // when they are forgotten
}

func newLimiter(tries int, period time.Duration) *limiter {
	return &limiter{tries: tries, period: period, by: make(map[string]failures)}
}

// check refuses a key that has failed too often.
func (l *limiter) check(key string, now time.Time) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	f := l.by[key]
	if f.count < l.tries || !now.Before(f.until) {
		return nil
	}
	return tooMany(f.until.Sub(now))
}

// fail counts a failure.
func (l *limiter) fail(key string, now time.Time) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if len(l.by) >= maxLimited {
		clear(l.by)
	}
	f := l.by[key]
	if !now.Before(f.until) {
		f.count = 0
	}
	l.by[key] = failures{count: f.count + 1, until: now.Add(l.period)}
}

// forget ends the count of a key that has succeeded.
func (l *limiter) forget(key string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	delete(l.by, key)
}

func tooMany(wait time.Duration) error {
	return fault.New(fault.RateLimited, fault.TooManyRequests, "too many wrong logins").WithRetryAfter(wait)
}
