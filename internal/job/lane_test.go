package job_test

import (
	"context"
	"testing"
	"testing/synctest"
	"time"

	"github.com/vezne/vezne/internal/id"
	"github.com/vezne/vezne/internal/job"
)

const (
	shop id.Endpoint = 1
	// width is how many calls go to one receiver at once.
	width = 16
)

// road is the lanes of a node in a bubble of testing/synctest, where time is not
// real.
type road struct {
	*job.Lanes[id.Endpoint]
	t *testing.T
}

func (r road) enter(ctx context.Context) (wait time.Duration, entered bool) {
	again, entered := r.Enter(ctx, shop, time.Now())
	return time.Until(again), entered
}

// fill takes every place of the lane, after one attempt that took as long as given.
func (r road) fill(took time.Duration) {
	r.t.Helper()
	if _, entered := r.enter(r.t.Context()); !entered {
		r.t.Fatal("an empty lane has no room")
	}
	for range width - 1 {
		r.enter(r.t.Context())
	}
	r.Leave(shop, time.Now(), took, false)
	if _, entered := r.enter(r.t.Context()); !entered {
		r.t.Fatal("the place that was left is not free")
	}
}

func TestLanes(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name string
		rule func(t *testing.T, r road)
	}{
		{"who_waits_for_a_quick_endpoint_gets_the_next_place", func(t *testing.T, r road) {
			t.Helper()
			r.fill(10 * time.Millisecond)
			in := make(chan bool)
			go func() {
				_, entered := r.enter(t.Context())
				in <- entered
			}()
			synctest.Wait()
			r.Leave(shop, time.Now(), 10*time.Millisecond, false)
			if !<-in {
				t.Error("who waited got no place")
			}
		}},
		{"nobody_waits_longer_than_a_moment", func(t *testing.T, r road) {
			t.Helper()
			r.fill(10 * time.Millisecond)
			began := time.Now()
			wait, entered := r.enter(t.Context())
			if waited := time.Since(began); entered || waited != 250*time.Millisecond || wait <= 0 {
				t.Errorf("entered is %t after %s, put off by %s", entered, waited, wait)
			}
		}},
		{"nobody_waits_for_a_slow_endpoint", func(t *testing.T, r road) {
			t.Helper()
			r.fill(8 * time.Second)
			began := time.Now()
			first, entered := r.enter(t.Context())
			second, _ := r.enter(t.Context())
			if entered || time.Since(began) != 0 || first < 500*time.Millisecond || second-first != 8*time.Second/width {
				t.Errorf("entered is %t after %s, put off by %s and %s", entered, time.Since(began), first, second)
			}
		}},
		{"nobody_is_put_off_for_more_than_a_minute", func(t *testing.T, r road) {
			t.Helper()
			r.fill(time.Hour)
			if wait, entered := r.enter(t.Context()); entered || wait != time.Minute {
				t.Errorf("entered is %t, put off by %s", entered, wait)
			}
		}},
		{"one_at_a_time_goes_where_the_last_was_refused", func(t *testing.T, r road) {
			t.Helper()
			r.enter(t.Context())
			r.Leave(shop, time.Now(), time.Second, true)
			if _, entered := r.enter(t.Context()); !entered {
				t.Error("the first has no room")
			}
			if _, entered := r.enter(t.Context()); entered {
				t.Error("a second has room beside it")
			}
		}},
		{"who_is_stopped_waits_no_more", func(t *testing.T, r road) {
			t.Helper()
			r.fill(10 * time.Millisecond)
			ctx, stop := context.WithCancel(t.Context())
			stop()
			began := time.Now()
			if _, entered := r.enter(ctx); entered || time.Since(began) != 0 {
				t.Errorf("entered is %t after %s", entered, time.Since(began))
			}
			r.Leave(shop, time.Now(), time.Millisecond, false)
			if _, entered := r.enter(t.Context()); !entered {
				t.Error("a place went to who had left the line")
			}
		}},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) { c.rule(t, road{job.NewLanes[id.Endpoint](), t}) })
		})
	}
}
