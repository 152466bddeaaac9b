package webhook_test

import (
	"context"
	"errors"
	"net/http"
	"testing"
	"time"

	"github.com/vezne/vezne/internal/job"
	"github.com/vezne/vezne/internal/payment"
	"github.com/vezne/vezne/internal/storage/storetest"
	"github.com/vezne/vezne/internal/webhook"
)

// errCrash is what a node that dies never says.
var errCrash = errors.New("the process died")

// TestCrash loses a node between sending and committing: the event is sent again,
// under the same id.
func TestCrash(t *testing.T) {
	t.Parallel()
	for _, engine := range storetest.Engines {
		t.Run(string(engine), func(t *testing.T) {
			t.Parallel()
			db := storetest.Open(t, engine)
			var sent []string
			crash, die := context.WithCancel(t.Context())
			defer die()
			w := newWorld(t, db,
				posterFunc(func(_ context.Context, _ string, header map[string]string, _ []byte) (int, []byte, error) {
					sent = append(sent, header["webhook-id"])
					if len(sent) == 1 {
						die()
						return 0, nil, errCrash
					}
					return http.StatusOK, nil, nil
				}))
			w.endpoint(t, "http://127.0.0.1:1/")
			event := w.happen(t, payment.EventCaptured, w.pay(t))
			if err := w.JobHandlers()[event.Kind].Do(t.Context(), event); err != nil {
				t.Fatal(err)
			}
			leased, err := w.jobs.Lease(t.Context(), []job.Kind{"webhook.deliver"}, "dying", w.clock.Now(), time.Minute, 10)
			if err != nil || len(leased) != 1 {
				t.Fatalf("%d jobs leased, %v", len(leased), err)
			}
			// The dying node sends and is never heard of again.
			if err := w.JobHandlers()["webhook.deliver"].Do(crash, leased[0]); err == nil {
				t.Fatal("the dying node finished its job")
			}
			w.run(t)
			if len(sent) != 1 {
				t.Errorf("%d times sent while the lease lasts, want once", len(sent))
			}
			storetest.PassTime(t, db, time.Minute)
			w.run(t)
			if len(sent) != 2 || sent[0] != sent[1] {
				t.Errorf("sent as %q, want twice under one id", sent)
			}
			if d := w.only(t); d.Status != webhook.Delivered || d.Attempts != 1 {
				t.Errorf("delivery = %+v", d)
			}
		})
	}
}

// TestCommittedAttemptIsNotRepeated loses a node between committing an attempt
// and giving its job back.
func TestCommittedAttemptIsNotRepeated(t *testing.T) {
	t.Parallel()
	onSQLite(t, func(t *testing.T, w *world) {
		t.Helper()
		receiver := newReceiver(t)
		receiver.answersStatus(http.StatusInternalServerError)
		w.endpoint(t, receiver.URL)
		event := w.happen(t, payment.EventCaptured, w.pay(t))
		if err := w.JobHandlers()[event.Kind].Do(t.Context(), event); err != nil {
			t.Fatal(err)
		}
		leased, err := w.jobs.Lease(t.Context(), []job.Kind{"webhook.deliver"}, "dying", w.clock.Now(), time.Second, 10)
		if err != nil || len(leased) != 1 {
			t.Fatalf("%d jobs leased, %v", len(leased), err)
		}
		for range 2 {
			if err := w.JobHandlers()["webhook.deliver"].Do(t.Context(), leased[0]); err == nil {
				t.Fatal("a refused delivery ended its job")
			}
		}
		if calls := len(receiver.got()); calls != 1 {
			t.Errorf("%d calls before the pause is over, want 1", calls)
		}
	})
}

// TestNodes lets two nodes deliver from one outbox: nothing runs twice.
func TestNodes(t *testing.T) {
	t.Parallel()
	onSQLite(t, func(t *testing.T, w *world) {
		t.Helper()
		receiver := newReceiver(t)
		w.endpoint(t, receiver.URL)
		const events = 60
		for range events {
			w.happen(t, payment.EventCaptured, w.pay(t))
		}
		done := make(chan error, 4)
		for _, r := range append(w.newRunners(t, "other"), w.runners...) {
			go func() {
				for {
					_, err := r.Round(t.Context())
					if err != nil || len(receiver.got()) >= events {
						done <- err
						return
					}
					w.clock.Advance(time.Millisecond) // jobs that found no room come back
				}
			}()
		}
		for range cap(done) {
			if err := <-done; err != nil {
				t.Fatal(err)
			}
		}
		w.run(t)
		seen := map[string]int{}
		for _, c := range receiver.got() {
			seen[c.header.Get("webhook-id")]++
		}
		for name, times := range seen {
			if times != 1 {
				t.Errorf("%s was delivered %d times", name, times)
			}
		}
		if len(seen) != events {
			t.Errorf("%d events arrived, want %d", len(seen), events)
		}
	})
}

func TestCancelling(t *testing.T) {
	t.Parallel()
	for name, stop := range map[string]func(ctx context.Context, w *world, e webhook.Endpoint) error{
		"deleted_endpoint_gets_nothing_more": func(ctx context.Context, w *world, e webhook.Endpoint) error {
			return w.DeleteEndpoint(ctx, caller(demo), e.ID, e.Version)
		},
		"disabled_endpoint_gets_nothing_more": func(ctx context.Context, w *world, e webhook.Endpoint) error {
			_, err := w.UpdateEndpoint(ctx, caller(demo), e.ID, e.Version,
				webhook.Settings{URL: e.URL, Events: e.Events, Disabled: true})
			return err
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			onSQLite(t, func(t *testing.T, w *world) {
				t.Helper()
				receiver := newReceiver(t)
				receiver.answersStatus(http.StatusInternalServerError)
				e, _ := w.endpoint(t, receiver.URL)
				w.happen(t, payment.EventCaptured, w.pay(t))
				w.run(t)
				if err := stop(t.Context(), w, e); err != nil {
					t.Fatal(err)
				}
				w.clock.Advance(time.Hour)
				w.run(t)
				if d := w.only(t); d.Status != webhook.Cancelled || !d.NextAttempt.IsZero() || len(receiver.got()) != 1 {
					t.Errorf("delivery = %+v after %d calls", d, len(receiver.got()))
				}
			})
		})
	}
}
