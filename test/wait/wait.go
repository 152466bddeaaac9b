// Package wait has the deadlines of all tests. None may depend on a machine that
// does nothing else: under the race detector, beside other tests and with every
// processor kept busy by another process, everything takes many times as long.
//
// What must happen is waited for until Limit, which only a failure reaches, so it
// costs nothing that it is long. What must happen within a promised time has that
// time Scaled.
package wait

import (
	"context"
	"testing"
	"time"
)

// Limit is how long a test waits for what must happen. It is above every deadline
// of the server, of which the longest is a request's 70 seconds.
const Limit = 3 * time.Minute

// busy is how many times longer than on an idle machine something may take: the
// race detector makes it five times, another process on every processor two.
const busy = 10

// pause is between two looks.
const pause = 20 * time.Millisecond

// Scaled returns how long what takes d on an idle machine may take on a busy one.
func Scaled(d time.Duration) time.Duration { return busy * d }

// Until looks again and again until done says yes. It ends the test if that takes
// longer than Limit; what says what was waited for.
func Until(t testing.TB, what string, done func() bool) {
	t.Helper()
	if !Poll(t.Context(), Limit, done) {
		t.Fatalf("waited %s in vain: %s", Limit, what)
	}
}

// For receives from a channel. It ends the test if nothing comes before Limit;
// what says what was waited for.
func For[T any](t testing.TB, what string, c <-chan T) T {
	t.Helper()
	timer := time.NewTimer(Limit)
	defer timer.Stop()
	var zero T
	select {
	case v := <-c:
		return v
	case <-timer.C:
		t.Fatalf("waited %s in vain: %s", Limit, what)
		return zero
	}
}

// Poll looks again and again until done says yes, and reports whether it did
// before the limit or the end of the context.
func Poll(ctx context.Context, limit time.Duration, done func() bool) bool {
	ctx, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	again := time.NewTicker(pause)
	defer again.Stop()
	for {
		if done() {
			return true
		}
		select {
		case <-again.C:
		case <-ctx.Done():
			return false
		}
	}
}
