package ephemeral_test

import (
	"errors"
	"os/exec"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/vezne/vezne/test/wait"

	"github.com/vezne/vezne/internal/ephemeral"
	"github.com/vezne/vezne/internal/fault"
	"github.com/vezne/vezne/internal/limit"
	"github.com/vezne/vezne/internal/secret"
)

// patience is longer than a busy test machine needs for one answer.
const patience = wait.Limit

// slack is how much real time a test of waits in hours may take.
const slack = 5 * time.Minute

var rate = limit.Rate{Every: 3 * time.Hour, Burst: 4}

// limited is a limit under test, with a clock that can be moved.
type limited struct {
	*limit.Buckets[string]
	now   time.Time
	moved func(t *testing.T, d time.Duration)
}

func (l *limited) take(t *testing.T, key string, times int) {
	t.Helper()
	for i := range times {
		if err := l.Take(t.Context(), key, l.now); err != nil {
			t.Fatalf("token %d: %v", i+1, err)
		}
	}
}

func (l *limited) advance(t *testing.T, d time.Duration) {
	t.Helper()
	l.now = l.now.Add(d)
	if l.moved != nil {
		l.moved(t, d)
	}
}

func wantWait(t *testing.T, err error, want time.Duration) {
	t.Helper()
	f, ok := errors.AsType[*fault.Error](err)
	if !ok || f.Code != fault.TooManyRequests || f.RetryAfter > want || f.RetryAfter < want-slack {
		t.Fatalf("error = %v, want a wait of %s", err, want)
	}
}

// cli asks the test's own server.
func cli(t *testing.T, address string, args ...string) string {
	t.Helper()
	said, err := exec.CommandContext(t.Context(), "redis-cli", append([]string{"-u", address}, args...)...).CombinedOutput() //nolint:gosec // the test's own
	if err != nil {
		t.Fatalf("redis-cli: %v: %s", err, said)
	}
	return string(said)
}

func newBuckets(t *testing.T, address string) *ephemeral.Buckets {
	t.Helper()
	b := ephemeral.NewBuckets(openRedis(t, address), secret.New(make([]byte, 32)))
	b.Timeout = patience
	return b
}

// share returns the limit of one node.
func share(s limit.Shared, r limit.Rate) *limit.Buckets[string] {
	return limit.New[string](r, 10).Share(s, func(key string) string { return "test:" + key })
}

// older moves what the server keeps into the past, which is as if time had passed.
const older = `for _, k in ipairs(redis.call('KEYS', '*')) do
redis.call('SET', k, string.format('%.0f', redis.call('GET', k) - ARGV[1]), 'KEEPTTL') end`

// eachLimit runs a test on a limit of one process and on a shared one.
func eachLimit(t *testing.T, run func(t *testing.T, open func(limit.Rate) *limited)) {
	t.Helper()
	start := time.Date(2026, 11, 20, 12, 0, 0, 0, time.UTC)
	t.Run("memory", func(t *testing.T) {
		t.Parallel()
		run(t, func(r limit.Rate) *limited {
			return &limited{Buckets: limit.New[string](r, 10), now: start}
		})
	})
	eachRedis(t, func(t *testing.T, address string) {
		t.Helper()
		run(t, func(r limit.Rate) *limited {
			cli(t, address, "flushall")
			return &limited{Buckets: share(newBuckets(t, address), r), now: start, moved: func(t *testing.T, d time.Duration) {
				t.Helper()
				if said := cli(t, address, "eval", older, "0", strconv.FormatInt(d.Microseconds(), 10)); strings.Contains(said, "ERR") {
					t.Fatal(said)
				}
			}}
		})
	})
}

func TestBuckets(t *testing.T) {
	t.Parallel()
	eachLimit(t, func(t *testing.T, open func(limit.Rate) *limited) {
		t.Run("empty_bucket_refuses_until_a_token_is_back", func(t *testing.T) {
			l := open(rate)
			l.take(t, "a", 4)
			wantWait(t, l.Take(t.Context(), "a", l.now), 3*time.Hour)
			l.advance(t, time.Hour)
			wantWait(t, l.Check(t.Context(), "a", l.now), 2*time.Hour)
			l.advance(t, 2*time.Hour)
			l.take(t, "a", 1)
			wantWait(t, l.Take(t.Context(), "a", l.now), 3*time.Hour)
		})
		t.Run("bucket_never_holds_more_than_its_burst", func(t *testing.T) {
			l := open(rate)
			l.take(t, "a", 1)
			l.advance(t, 1000*time.Hour)
			l.take(t, "a", 4)
			wantWait(t, l.Take(t.Context(), "a", l.now), 3*time.Hour)
		})
		t.Run("clock_that_was_put_back_locks_nobody_out", func(t *testing.T) {
			l := open(rate)
			l.take(t, "a", 4)
			l.advance(t, -1000*time.Hour)
			if err := l.Check(t.Context(), "a", l.now); err != nil {
				t.Error(err)
			}
			l.take(t, "a", 4)
			wantWait(t, l.Take(t.Context(), "a", l.now), 3*time.Hour)
		})
		t.Run("keys_do_not_share_a_bucket", func(t *testing.T) {
			l := open(rate)
			l.take(t, "a", 4)
			l.take(t, "b", 4)
		})
		t.Run("forgotten_key_has_all_its_tokens_again", func(t *testing.T) {
			l := open(rate)
			l.take(t, "a", 4)
			l.take(t, "b", 4)
			l.Forget(t.Context(), "a")
			l.take(t, "a", 4)
			wantWait(t, l.Take(t.Context(), "a", l.now), 3*time.Hour)
			wantWait(t, l.Take(t.Context(), "b", l.now), 3*time.Hour)
		})
		t.Run("token_that_is_given_back_is_there_again", func(t *testing.T) {
			l := open(rate)
			l.Give(t.Context(), "a", l.now) // a full bucket stays full
			l.take(t, "a", 4)
			l.Give(t.Context(), "a", l.now)
			l.take(t, "a", 1)
			wantWait(t, l.Take(t.Context(), "a", l.now), 3*time.Hour)
		})
		t.Run("looking_takes_nothing", func(t *testing.T) {
			l := open(limit.Rate{Every: time.Hour, Burst: 1})
			for range 3 {
				if err := l.Check(t.Context(), "a", l.now); err != nil {
					t.Fatal(err)
				}
			}
			l.take(t, "a", 1)
			wantWait(t, l.Check(t.Context(), "a", l.now), time.Hour)
		})
	})
}
