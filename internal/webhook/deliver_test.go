package webhook_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/vezne/vezne/internal/payment"
	"github.com/vezne/vezne/internal/webhook"
)

func TestDelivery(t *testing.T) {
	t.Parallel()
	onSQLite(t, func(t *testing.T, w *world) {
		t.Helper()
		receiver := newReceiver(t)
		receiver.answers(func(w http.ResponseWriter, _ *http.Request) {
			w.WriteHeader(http.StatusAccepted)
			_, _ = w.Write([]byte("thank\nyou\x00"))
		})
		e, key := w.endpoint(t, receiver.URL+"/hook", "payment.*")
		p := w.pay(t)
		event := w.happen(t, payment.EventCaptured, p)
		w.run(t)

		calls := receiver.got()
		if len(calls) != 1 {
			t.Fatalf("%d calls, want 1", len(calls))
		}
		if err := calls[0].verify(t, key); err != nil {
			t.Errorf("the public library refuses it: %v", err)
		}
		want := `{"type":"payment.captured","timestamp":"2026-11-20T12:00:00Z","data":{"amount":100.50,"currency":"TRY","kind":"sale",` +
			`"operation":7,"payment":{"id":"` + p.UUID.String() + `","version":0,"state":"captured","unclear":false,"surface":"gateway","phase":"sale",` +
			`"order_ref":"` + p.OrderRef + `","conversation_id":null,"external_id":null,"customer_ref":null,"currency":"TRY",` +
			`"price":100.50,"paid":100.50,"authorized":0.00,"captured":100.50,"refunded":0.00,"installments":1,"three_ds":false,` +
			`"pos_alias":"akbank","reason":"SUCCESS","auth_code":"123456","card":{"masked":"542119******0656","bank":"Akbank",` +
			`"scheme":null,"type":null,"program":null},"created_at":"2026-11-20T12:00:00Z","updated_at":"2026-11-20T12:00:00Z"},` +
			`"reason":"SUCCESS","status":"approved"}}`
		if diff := cmp.Diff(want, calls[0].body); diff != "" {
			t.Errorf("body (-want +got):\n%s", diff)
		}
		d := w.only(t)
		if got := calls[0].header.Get("webhook-id"); got != fmt.Sprintf("evt_%d", event.ID) {
			t.Errorf("webhook-id = %q", got)
		}
		if d.Status != webhook.Delivered || d.HTTPStatus != http.StatusAccepted || d.Attempts != 1 ||
			d.Answer != "thank you." ||
			d.EndpointID != e.ID || d.Type != payment.EventCaptured || !d.NextAttempt.IsZero() {
			t.Errorf("delivery = %+v", d)
		}
		left, err := w.jobs.Jobs(t.Context(), demo)
		if err != nil || len(left) != 0 {
			t.Errorf("%d jobs are left, %v", len(left), err)
		}
	})
}

func TestFanOut(t *testing.T) {
	t.Parallel()
	onSQLite(t, func(t *testing.T, w *world) {
		t.Helper()
		receiver := newReceiver(t)
		all, _ := w.endpoint(t, receiver.URL+"/all")
		exact, _ := w.endpoint(t, receiver.URL+"/exact", "payment.captured")
		w.endpoint(t, receiver.URL+"/elsewhere", "checkout.*", "payment.declined")
		off, _ := w.endpoint(t, receiver.URL+"/off")
		if _, err := w.UpdateEndpoint(t.Context(), caller(demo), off.ID, off.Version,
			webhook.Settings{URL: off.URL, Events: off.Events, Disabled: true}); err != nil {
			t.Fatal(err)
		}
		if _, _, err := w.CreateEndpoint(t.Context(), caller(others),
			webhook.Settings{URL: receiver.URL + "/others", Events: []string{"*"}}); err != nil {
			t.Fatal(err)
		}
		event := w.happen(t, payment.EventCaptured, w.pay(t))

		fanOut := w.JobHandlers()[event.Kind].Do
		for range 2 { // as after a crash before the job was finished
			if err := fanOut(t.Context(), event); err != nil {
				t.Fatal(err)
			}
		}
		w.run(t)
		deliveries := w.log(t)
		if len(deliveries) != 2 || deliveries[0].EndpointID != all.ID || deliveries[1].EndpointID != exact.ID {
			t.Errorf("deliveries = %+v, want one for each endpoint that asked", deliveries)
		}
		if calls := receiver.got(); len(calls) != 2 {
			t.Errorf("%d calls, want 2", len(calls))
		}
	})
}

func TestFanOut_event_that_nobody_asked_for_just_ends(t *testing.T) {
	t.Parallel()
	onSQLite(t, func(t *testing.T, w *world) {
		t.Helper()
		for _, kind := range w.Types() {
			w.happen(t, kind, w.pay(t))
		}
		w.run(t)
		left, err := w.jobs.Jobs(t.Context(), demo)
		if err != nil || len(left) != 0 || len(w.log(t)) != 0 {
			t.Errorf("%d jobs and %d deliveries are left, %v", len(left), len(w.log(t)), err)
		}
	})
}

// TestRefusals has a receiver that does everything wrong: each time the delivery
// stays pending for another attempt, with what is known of the last.
func TestRefusals(t *testing.T) {
	t.Parallel()
	release := make(chan struct{})
	t.Cleanup(func() { close(release) })
	tests := map[string]struct {
		answer  http.HandlerFunc
		status  int
		failure string
		head    string
	}{
		"server_error_is_tried_again": {
			answer: func(w http.ResponseWriter, _ *http.Request) {
				http.Error(w, "out of order", http.StatusInternalServerError)
			},
			status: http.StatusInternalServerError, head: "out of order",
		},
		"client_error_is_tried_again": {
			answer: func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusGone) }, status: http.StatusGone,
		},
		"redirect_is_not_followed": {
			answer: func(w http.ResponseWriter, r *http.Request) {
				http.Redirect(w, r, "/elsewhere", http.StatusTemporaryRedirect)
			},
			status: http.StatusTemporaryRedirect,
		},
		"receiver_that_hangs_is_left": {
			answer: func(_ http.ResponseWriter, r *http.Request) {
				select {
				case <-r.Context().Done():
				case <-release:
				}
			},
			failure: "no answer came in time",
		},
		"connection_that_breaks_is_no_answer": {
			answer:  func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) },
			failure: "the connection ended without an answer",
		},
		"only_the_beginning_of_megabytes_is_kept": {
			answer: func(w http.ResponseWriter, _ *http.Request) {
				w.WriteHeader(http.StatusBadGateway)
				chunk := []byte(strings.Repeat("é", 1<<16))
				for range 64 {
					if _, err := w.Write(chunk); err != nil {
						return
					}
				}
			},
			status: http.StatusBadGateway, head: strings.Repeat("é", webhook.MaxAnswer/2),
		},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			onSQLite(t, func(t *testing.T, w *world) {
				t.Helper()
				receiver := newReceiver(t)
				receiver.answers(tt.answer)
				w.endpoint(t, receiver.URL)
				w.happen(t, payment.EventCaptured, w.pay(t))
				w.run(t)
				d := w.only(t)
				if d.Status != webhook.Pending || d.Attempts != 1 || d.HTTPStatus != tt.status || d.Failure != tt.failure {
					t.Errorf("delivery = %+v, want status %d, failure %q", d, tt.status, tt.failure)
				}
				if tt.status != http.StatusTemporaryRedirect && d.Answer != tt.head {
					t.Errorf("answer = %q, want %q", d.Answer, tt.head)
				}
				if want := w.clock.Now().Add(10 * time.Second); !d.NextAttempt.Equal(want) {
					t.Errorf("next attempt at %s, want %s", d.NextAttempt, want)
				}
				if calls := len(receiver.got()); calls != 1 {
					t.Errorf("%d calls, want 1", calls)
				}
				receiver.answersStatus(http.StatusOK)
				w.clock.Advance(10 * time.Second)
				w.run(t)
				if d := w.only(t); d.Status != webhook.Delivered || d.Attempts != 2 || d.Failure != "" {
					t.Errorf("delivery = %+v, want it delivered", d)
				}
			})
		})
	}
}

// TestSlowAnswers tells an answer that is slow from one that comes too late. What
// counts is the status: a body that never ends takes nothing back.
func TestSlowAnswers(t *testing.T) {
	t.Parallel()
	for name, slow := range map[string]http.HandlerFunc{
		"answer_within_the_time_is_taken": func(w http.ResponseWriter, _ *http.Request) {
			<-time.After(timeout / 3)
			w.WriteHeader(http.StatusNoContent)
		},
		"status_with_a_body_that_never_ends_is_taken": func(w http.ResponseWriter, r *http.Request) {
			w.WriteHeader(http.StatusOK)
			for r.Context().Err() == nil {
				_, _ = w.Write([]byte(".")) // the caller may be gone
				_ = http.NewResponseController(w).Flush()
				<-time.After(timeout / 10)
			}
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			onSQLite(t, func(t *testing.T, w *world) {
				t.Helper()
				receiver := newReceiver(t)
				receiver.answers(slow)
				w.endpoint(t, receiver.URL)
				w.happen(t, payment.EventCaptured, w.pay(t))
				w.run(t)
				if d := w.only(t); d.Status != webhook.Delivered || d.Attempts != 1 || d.Failure != "" {
					t.Errorf("delivery = %+v, want it delivered", d)
				}
			})
		})
	}
}

// TestGivingUp goes through the three days.
func TestGivingUp(t *testing.T) {
	t.Parallel()
	onSQLite(t, func(t *testing.T, w *world) {
		t.Helper()
		receiver := newReceiver(t)
		receiver.answersStatus(http.StatusServiceUnavailable)
		e, _ := w.endpoint(t, receiver.URL)
		w.happen(t, payment.EventCaptured, w.pay(t))
		w.run(t)
		for range 100 {
			d := w.only(t)
			if d.Status != webhook.Pending {
				break
			}
			if w.state(t, e.ID) != webhook.Active {
				t.Fatalf("failing after %d attempts", d.Attempts)
			}
			w.clock.Advance(d.NextAttempt.Sub(w.clock.Now()))
			w.run(t)
		}
		d := w.only(t)
		if d.Status != webhook.Failed || d.Attempts != webhook.Attempts || len(receiver.got()) != webhook.Attempts {
			t.Errorf("%s after %d attempts and %d calls", d.Status, d.Attempts, len(receiver.got()))
		}
		if got := w.clock.Now().Sub(epoch); got != 72*time.Hour {
			t.Errorf("given up after %s, want 72h", got)
		}
		if got := w.state(t, e.ID); got != webhook.Failing {
			t.Errorf("endpoint is %s, want failing", got)
		}

		// It still gets events, and the first that it takes makes it active again.
		receiver.answersStatus(http.StatusOK)
		w.happen(t, payment.EventCaptured, w.pay(t))
		w.run(t)
		if got := w.state(t, e.ID); got != webhook.Active {
			t.Errorf("endpoint is %s, want active", got)
		}
		want := []string{"webhook_endpoint.create", "webhook_endpoint.failing", "webhook_endpoint.recovered"}
		if diff := cmp.Diff(want, w.actions(t, e)); diff != "" {
			t.Errorf("audit log (-want +got):\n%s", diff)
		}
	})
}
