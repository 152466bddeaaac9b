package webhook_test

import (
	"context"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/vezne/vezne/test/wait"

	"github.com/vezne/vezne/internal/clock"
	"github.com/vezne/vezne/internal/job"
	"github.com/vezne/vezne/internal/payment"
	"github.com/vezne/vezne/internal/storage/storetest"
	"github.com/vezne/vezne/internal/webhook"
)

// hanging is a poster whose address /slow answers nothing until it is released,
// while every other one answers at once.
type hanging struct {
	release chan struct{}
	fast    chan struct{} // one for each delivery to another address

	mu                  sync.Mutex
	running, most, slow int
}

func (h *hanging) Post(ctx context.Context, url string, _ map[string]string, _ []byte) (int, []byte, error) {
	if !strings.HasSuffix(url, "/slow") {
		h.fast <- struct{}{}
		return http.StatusOK, nil, nil
	}
	h.mu.Lock()
	h.running++
	h.slow++
	h.most = max(h.most, h.running)
	h.mu.Unlock()
	defer func() {
		h.mu.Lock()
		h.running--
		h.mu.Unlock()
	}()
	select {
	case <-h.release:
	case <-ctx.Done():
		return 0, nil, ctx.Err()
	}
	return http.StatusOK, nil, nil
}

// TestFairness has an endpoint that answers nothing, with a backlog far over what
// a node sends at once, in front of one that answers: the second gets all of its
// events while the first still hangs.
func TestFairness(t *testing.T) {
	t.Parallel()
	const backlog, events = 500, 20
	for _, engine := range storetest.Engines {
		t.Run(string(engine), func(t *testing.T) {
			t.Parallel()
			poster := &hanging{release: make(chan struct{}), fast: make(chan struct{}, events)}
			w := newWorld(t, storetest.Open(t, engine), poster)
			w.endpoint(t, "http://127.0.0.1:1/slow", "payment.captured")
			w.endpoint(t, "http://127.0.0.1:1/fast", "payment.declined")
			w.tellAll(t, payment.EventCaptured, backlog)
			w.clock.Advance(time.Second)
			w.tellAll(t, payment.EventDeclined, events)
			ctx, stop := context.WithCancel(t.Context())
			// Time must move here: jobs that find no room are put off.
			w.with(func(d *webhook.Dependencies) { d.Clock = later{} })
			var running sync.WaitGroup
			for _, r := range w.newRunners(t, "later") {
				running.Go(func() { r.Run(ctx) })
			}
			began, tooLong := time.Now(), time.After(wait.Limit)
			for n := 0; n < events; n++ {
				select {
				case <-poster.fast:
				case <-tooLong:
					t.Errorf("an endpoint got %d of %d events behind a slow one", n, events)
					n = events
				}
			}
			t.Logf("%d deliveries took %s behind a backlog of %d", events, time.Since(began), backlog)
			poster.mu.Lock()
			if poster.most > 16 || poster.slow == 0 {
				t.Errorf("%d of %d went to the slow endpoint at once, want 16 at most", poster.most, poster.slow)
			}
			poster.mu.Unlock()
			stop()
			running.Wait()
			pending, _, err := w.Deliveries(t.Context(), demo, webhook.Filter{Status: webhook.Pending, Limit: 1})
			if err != nil || len(pending) != 1 || pending[0].Attempts != 0 {
				t.Errorf("pending = %+v, %v: a delivery that was cut off counts as none", pending, err)
			}
		})
	}
}

// tellAll makes n deliveries of events that are due at once, because each is about a
// payment of its own.
func (w *world) tellAll(t *testing.T, kind job.Kind, n int) {
	t.Helper()
	for range n {
		j := w.happen(t, kind, w.pay(t))
		if err := w.JobHandlers()[kind].Do(t.Context(), j); err != nil {
			t.Fatal(err)
		}
	}
}

// later is a clock after every moment of the tests.
type later struct{ clock.System }

func (l later) Now() time.Time { return l.System.Now().AddDate(1, 0, 0) }
