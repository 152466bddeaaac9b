package limit_test

import (
	"errors"
	"testing"
	"time"

	"github.com/vezne/vezne/internal/fault"
	"github.com/vezne/vezne/internal/limit"
)

func wantWait(t *testing.T, err error, want time.Duration) {
	t.Helper()
	f, ok := errors.AsType[*fault.Error](err)
	if !ok || f.Code != fault.TooManyRequests || f.RetryAfter != want {
		t.Fatalf("error = %v, want a wait of %s", err, want)
	}
}

func take(t *testing.T, b *limit.Buckets[string], key string, now time.Time, times int) {
	t.Helper()
	for i := range times {
		if err := b.Take(t.Context(), key, now); err != nil {
			t.Fatalf("token %d: %v", i+1, err)
		}
	}
}

func TestBuckets(t *testing.T) {
	t.Parallel()
	start := time.Date(2026, 11, 20, 12, 0, 0, 0, time.UTC)
	rate := limit.Rate{Every: 3 * time.Second, Burst: 4}
	t.Run("empty_bucket_refuses_until_a_token_is_back", func(t *testing.T) {
		t.Parallel()
		b := limit.New[string](rate, 10)
		take(t, b, "a", start, 4)
		wantWait(t, b.Take(t.Context(), "a", start), 3*time.Second)
		wantWait(t, b.Check(t.Context(), "a", start.Add(time.Second)), 2*time.Second)
		take(t, b, "a", start.Add(3*time.Second), 1)
		wantWait(t, b.Take(t.Context(), "a", start.Add(3*time.Second)), 3*time.Second)
	})
	t.Run("bucket_never_holds_more_than_its_burst", func(t *testing.T) {
		t.Parallel()
		b := limit.New[string](rate, 10)
		take(t, b, "a", start, 1)
		later := start.Add(24 * time.Hour)
		take(t, b, "a", later, 4)
		wantWait(t, b.Take(t.Context(), "a", later), 3*time.Second)
	})
	t.Run("clock_that_was_put_back_locks_nobody_out", func(t *testing.T) {
		t.Parallel()
		b := limit.New[string](rate, 10)
		take(t, b, "a", start, 4)
		before := start.Add(-4 * time.Minute)
		if err := b.Check(t.Context(), "a", before); err != nil {
			t.Error(err)
		}
		take(t, b, "a", before, 4)
		wantWait(t, b.Take(t.Context(), "a", before), 3*time.Second)
	})
	t.Run("keys_do_not_share_a_bucket", func(t *testing.T) {
		t.Parallel()
		b := limit.New[string](rate, 10)
		take(t, b, "a", start, 4)
		take(t, b, "b", start, 4)
	})
	t.Run("looking_takes_nothing", func(t *testing.T) {
		t.Parallel()
		b := limit.New[string](limit.Rate{Every: time.Second, Burst: 1}, 10)
		for range 3 {
			if err := b.Check(t.Context(), "a", start); err != nil {
				t.Fatal(err)
			}
		}
		take(t, b, "a", start, 1)
		wantWait(t, b.Check(t.Context(), "a", start), time.Second)
	})
	t.Run("full_buckets_make_room_before_empty_ones_are_forgotten", func(t *testing.T) {
		t.Parallel()
		b := limit.New[string](rate, 2)
		take(t, b, "rested", start, 1)
		take(t, b, "busy", start.Add(3*time.Second), 4)
		take(t, b, "new", start.Add(3*time.Second), 1)
		wantWait(t, b.Check(t.Context(), "busy", start.Add(3*time.Second)), 3*time.Second)
	})
}
