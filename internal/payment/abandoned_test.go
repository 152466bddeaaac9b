package payment_test

import (
	"context"
	"sync/atomic"
	"testing"
	"time"

	"github.com/vezne/vezne/internal/connector"
	"github.com/vezne/vezne/internal/fault"
	"github.com/vezne/vezne/internal/payment"
)

// A process that dies while it enrols has handed no form out.
func TestAbandonedEnrolment(t *testing.T) {
	t.Parallel()
	for _, model := range []string{"3d", "3d_pay"} {
		t.Run(model, func(t *testing.T) {
			t.Parallel()
			eachEngine(t, func(t *testing.T, w *world) {
				for _, p := range w.table.POSes {
					w.settings[p.ID] = map[string]string{"model": model}
				}
				t.Run("repeated_request_is_told_soon_that_nothing_was_begun", func(t *testing.T) {
					c := w.enrolment(t, goodCard)
					c.Key = keyNamed("dies " + model)
					w.killedAfter(1, func(s *payment.Service) { _, _ = s.Enrol(t.Context(), c) })
					_, err := w.Enrol(t.Context(), c)
					wantCode(t, err, fault.IdempotencyInProgress)
					w.clock.Advance(time.Minute)
					e := w.mustEnrol(t, c)
					wantReason(t, e.Payment, connector.ThreeDSInitError)
					if !e.Replayed || e.Form.Action != "" {
						t.Errorf("answer %+v", e)
					}
					again := w.mustEnrol(t, c)
					if wantReason(t, again.Payment, connector.ThreeDSInitError); again.Payment.UUID != e.Payment.UUID {
						t.Error("the repetition is another enrolment")
					}
					w.clock.Advance(time.Hour)
					w.runJobs(t)
					wantReason(t, w.now(t, e.Outcome), connector.ThreeDSInitError)
					w.wantBank(t, e, "")
					w.wantNothingBooked(t, e)
					c.Key = keyNamed("lives " + model)
					next, r := w.authenticated(t, c)
					wantState(t, w.mustComplete(t, next, r.SecurityKey).Payment, payment.Captured)
					w.wantBank(t, next, "sale approved")
				})
				t.Run("process_that_lived_after_all_hands_nothing_out", func(t *testing.T) {
					c := w.enrolment(t, goodCard)
					c.Key = keyNamed("slow " + model)
					d := w.Dependencies
					meanwhile := &meanwhileStore{Store: w.store, at: 2, do: func() {
						w.clock.Advance(time.Minute)
						wantReason(t, w.mustEnrol(t, c).Payment, connector.ThreeDSInitError)
					}}
					d.Store = meanwhile
					e, err := payment.NewService(d).Enrol(t.Context(), c)
					wantCode(t, err, fault.StaleVersion)
					if e.Form.Action != "" {
						t.Errorf("handed out %+v", e.Form)
					}
				})
				t.Run("form_that_was_handed_out_is_never_taken_back", func(t *testing.T) {
					c := w.enrolment(t, goodCard)
					c.Key = keyNamed("fine " + model)
					e := w.mustEnrol(t, c)
					w.clock.Advance(10 * time.Minute)
					if again := w.mustEnrol(t, c); again.Form.Action != e.Form.Action || again.Payment.State != payment.Enrolled {
						t.Errorf("the repetition got %+v", again)
					}
				})
			})
		})
	}
}

// meanwhileStore lets something else happen before one of its commits.
type meanwhileStore struct {
	payment.Store
	commits atomic.Int32
	at      int32
	do      func()
}

func (m *meanwhileStore) InTx(ctx context.Context, fn func(payment.Tx)) error {
	if m.commits.Add(1) == m.at {
		m.do()
	}
	return m.Store.InTx(ctx, fn)
}
