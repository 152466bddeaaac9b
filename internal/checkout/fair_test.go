package checkout_test

import (
	"context"
	"fmt"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/vezne/vezne/test/wait"

	"github.com/vezne/vezne/internal/checkout"
	"github.com/vezne/vezne/internal/clock"
	"github.com/vezne/vezne/internal/id"
	"github.com/vezne/vezne/internal/job"
	"github.com/vezne/vezne/internal/operation"
)

// hanging is a courier whose address /hanging answers nothing, while every other one
// answers at once.
type hanging struct {
	courier
	told chan string // the checkouts that were told of to others

	mu                  sync.Mutex
	running, most, sent int
}

func (h *hanging) Deliver(ctx context.Context, url, _ string, form map[string]string) (int, error) {
	if !strings.HasSuffix(url, "/hanging") {
		h.told <- form["checkoutId"]
		return http.StatusNoContent, nil
	}
	h.mu.Lock()
	h.running++
	h.sent++
	h.most = max(h.most, h.running)
	h.mu.Unlock()
	<-ctx.Done()
	h.mu.Lock()
	defer h.mu.Unlock()
	h.running--
	return 0, ctx.Err()
}

// later is a clock by which everything that the tests made is due.
type later struct{ clock.System }

func (l later) Now() time.Time { return l.System.Now().AddDate(1, 0, 0) }

// TestFairness has more callbacks of one merchant hang than a node has workers: the
// late check, the expiry and the callbacks of another merchant do not wait for them.
func TestFairness(t *testing.T) {
	t.Parallel()
	const other id.Merchant = 2
	eachEngine(t, func(t *testing.T, w *world) {
		h := &hanging{told: make(chan string, 2)}
		w.with(func(d *checkout.Dependencies) { d.Courier = h })
		end := func(m id.Merchant, ref, callback string, cancel bool) string {
			t.Helper()
			c := order(ref)
			c.MerchantID, c.Callback = m, "https://shop.example.com/"+callback
			made, err := w.Create(t.Context(), c)
			if err == nil && cancel {
				err = w.Cancel(t.Context(), made.ID, made.Version)
			}
			if err != nil {
				t.Fatal(err)
			}
			return made.ID.String()
		}
		for n := range job.CallbackWorkers + 20 {
			end(seller, fmt.Sprint("ORD-", n), "hanging", true)
		}
		w.clock.Advance(time.Second) // the other merchant comes last
		cancelled, expiring := end(other, "ORD-A", "callback", true), end(other, "ORD-B", "callback", false)

		checked := make(chan struct{}, 1)
		late := operation.NewService(operation.Dependencies{}).JobHandlers()[operation.JobLateCheck]
		late.Do = func(context.Context, job.Job) error { checked <- struct{}{}; return nil }
		if err := w.deps.Store.InTx(t.Context(), func(tx checkout.Tx) {
			tx.Enqueue(job.Job{
				ID: 1 << 40, MerchantID: other, Kind: operation.JobLateCheck, Payload: []byte(`{}`),
				RunAt: w.clock.Now(), CreatedAt: w.clock.Now(),
			})
		}); err != nil {
			t.Fatal(err)
		}

		w.with(func(d *checkout.Dependencies) { d.Clock = later{} }) // time must move: jobs that find no room are put off
		runners, err := job.NewRunners(w.jobs, "node", w.deps.Clock, w.deps.Log, w.JobHandlers(),
			job.Handlers{operation.JobLateCheck: late})
		if err != nil {
			t.Fatal(err)
		}
		ctx, stop := context.WithCancel(t.Context())
		var running sync.WaitGroup
		for _, r := range runners {
			running.Go(func() { r.Run(ctx) })
		}
		missing, tooLong := map[string]bool{"late check": true, cancelled: true, expiring: true}, time.After(wait.Limit)
		for len(missing) > 0 {
			select {
			case <-checked:
				delete(missing, "late check")
			case c := <-h.told:
				delete(missing, c)
			case <-tooLong:
				t.Errorf("behind another merchant's callbacks wait %v", missing)
				clear(missing)
			}
		}
		stop()
		running.Wait()
		if h.most > 16 || h.sent == 0 {
			t.Errorf("%d of %d callbacks hung at once, want 16 at most", h.most, h.sent)
		}
	})
}
