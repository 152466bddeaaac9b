package limit_test

import (
	"context"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/vezne/vezne/internal/limit"
)

func hold(t *testing.T, b *limit.Buckets[string], now time.Time) *limit.Hold {
	t.Helper()
	h, err := b.Hold(t.Context(), "a", func() time.Time { return now })
	if err != nil {
		t.Fatal(err)
	}
	return h
}

func TestGive(t *testing.T) {
	t.Parallel()
	start := time.Date(2026, 11, 20, 12, 0, 0, 0, time.UTC)
	b := limit.New[string](limit.Rate{Every: 3 * time.Second, Burst: 2}, 10)
	b.Give(t.Context(), "a", start) // a full bucket stays full
	take(t, b, "a", start, 2)
	wantWait(t, b.Take(t.Context(), "a", start), 3*time.Second)
	b.Give(t.Context(), "a", start)
	take(t, b, "a", start, 1)
	wantWait(t, b.Take(t.Context(), "a", start), 3*time.Second)
	later := start.Add(time.Second)
	b.Give(t.Context(), "a", later)
	take(t, b, "a", later, 1)
	wantWait(t, b.Take(t.Context(), "a", later), 2*time.Second)
}

func TestHold(t *testing.T) {
	t.Parallel()
	start := time.Date(2026, 11, 20, 12, 0, 0, 0, time.UTC)
	rate := limit.Rate{Every: time.Minute, Burst: 5}
	// each is what a crowd does with what it holds: it is kept or comes back.
	for name, keeps := range map[string]func(n int32) bool{
		"nothing_counts":     func(int32) bool { return false },
		"everything_counts":  func(int32) bool { return true },
		"every_other_counts": func(n int32) bool { return n%2 == 0 },
		"the_last_few_count": func(n int32) bool { return n > 190 },
	} {
		t.Run("of_a_crowd_no_more_count_than_there_are_tokens/"+name, func(t *testing.T) {
			t.Parallel()
			const crowd = 200
			b := limit.New[string](rate, 10)
			var order, held, most, kept, refused atomic.Int32
			var together sync.WaitGroup
			for range crowd {
				together.Go(func() {
					h, err := b.Hold(t.Context(), "a", func() time.Time { return start })
					if err != nil {
						refused.Add(1)
						return
					}
					if n := held.Add(1); n > most.Load() {
						most.Store(n)
					}
					n := order.Add(1)
					held.Add(-1)
					if keeps(n) {
						kept.Add(1)
						h.Keep(t.Context())
						return
					}
					h.Return(t.Context())
				})
			}
			together.Wait()
			if most.Load() > 5 || kept.Load() > 5 || order.Load()+refused.Load() != crowd {
				t.Errorf("%d at once, %d kept, %d held, %d refused", most.Load(), kept.Load(), order.Load(), refused.Load())
			}
			if kept.Load() < 5 && refused.Load() > 0 {
				t.Errorf("%d were refused though only %d counted", refused.Load(), kept.Load())
			}
		})
	}
	t.Run("a_hold_ends_once", func(t *testing.T) {
		t.Parallel()
		b := limit.New[string](limit.Rate{Every: time.Minute, Burst: 2}, 10)
		one, two := hold(t, b, start), hold(t, b, start)
		one.Keep(t.Context())
		one.Return(t.Context())
		two.Keep(t.Context())
		wantWait(t, b.Take(t.Context(), "a", start), time.Minute)
	})
	t.Run("nobody_waits_for_what_time_alone_brings_back", func(t *testing.T) {
		t.Parallel()
		b := limit.New[string](limit.Rate{Every: time.Minute, Burst: 1}, 10)
		hold(t, b, start).Keep(t.Context())
		_, err := b.Hold(t.Context(), "a", func() time.Time { return start })
		wantWait(t, err, time.Minute)
	})
	t.Run("who_leaves_while_waiting_passes_the_word_on", func(t *testing.T) {
		t.Parallel()
		b := limit.New[string](limit.Rate{Every: time.Minute, Burst: 1}, 10)
		first := hold(t, b, start)
		gone, leave := context.WithCancel(t.Context())
		left := make(chan error)
		go func() {
			_, err := b.Hold(gone, "a", func() time.Time { return start })
			left <- err
		}()
		leave()
		if err := <-left; err == nil {
			t.Error("one who has gone holds a token")
		}
		waits := make(chan error)
		go func() {
			_, err := b.Hold(t.Context(), "a", func() time.Time { return start })
			waits <- err
		}()
		first.Return(t.Context())
		if err := <-waits; err != nil {
			t.Error(err)
		}
	})
}
