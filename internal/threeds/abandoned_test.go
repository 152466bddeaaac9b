package threeds_test

import (
	"context"
	"sync/atomic"
	"testing"
	"time"

	"github.com/vezne/vezne/internal/connector"
	"github.com/vezne/vezne/internal/fault"
	"github.com/vezne/vezne/internal/payment"
	"github.com/vezne/vezne/internal/payment/paymenttest"
)

// A process that dies while it enrols has handed no form out.
func TestAbandonedEnrolment(t *testing.T) {
	t.Parallel()
	for _, model := range []string{"3d", "3d_pay"} {
		t.Run(model, func(t *testing.T) {
			t.Parallel()
			onSQLite(t, func(t *testing.T, w *world) {
				for _, p := range w.Routes.POSes {
					w.Settings[p.ID] = map[string]string{"model": model}
				}
				t.Run("repeated_request_is_told_soon_that_nothing_was_begun", func(t *testing.T) {
					c := w.Enrolment(t, paymenttest.GoodCard)
					c.Key = paymenttest.KeyNamed("dies " + model)
					w.KilledAfter(1, func(s *paymenttest.Rooms) { _, _ = s.Enrol(t.Context(), c) })
					_, err := w.Enrol(t.Context(), c)
					paymenttest.WantCode(t, err, fault.IdempotencyInProgress)
					w.Clock.Advance(time.Minute)
					e := w.MustEnrol(t, c)
					paymenttest.WantReason(t, e.Payment, connector.ThreeDSInitError)
					if !e.Replayed || e.Form.Action != "" {
						t.Errorf("answer %+v", e)
					}
					again := w.MustEnrol(t, c)
					if paymenttest.WantReason(t, again.Payment, connector.ThreeDSInitError); again.Payment.UUID != e.Payment.UUID {
						t.Error("the repetition is another enrolment")
					}
					w.Clock.Advance(time.Hour)
					w.RunJobs(t)
					paymenttest.WantReason(t, w.Now(t, e.Outcome), connector.ThreeDSInitError)
					w.WantBank(t, e, "")
					w.WantNothingBooked(t, e)
					c.Key = paymenttest.KeyNamed("lives " + model)
					next, r := w.Authenticated(t, c)
					paymenttest.WantState(t, w.MustComplete(t, next, r.SecurityKey).Payment, payment.Captured)
					w.WantBank(t, next, "sale approved")
				})
				t.Run("process_that_lived_after_all_hands_nothing_out", func(t *testing.T) {
					c := w.Enrolment(t, paymenttest.GoodCard)
					c.Key = paymenttest.KeyNamed("slow " + model)
					d := w.Parts
					meanwhile := &meanwhileStore{Store: w.Store, at: 2, do: func() {
						w.Clock.Advance(time.Minute)
						paymenttest.WantReason(t, w.MustEnrol(t, c).Payment, connector.ThreeDSInitError)
					}}
					d.Store = meanwhile
					e, err := d.Build().Enrol(t.Context(), c)
					if err != nil || e.Form.Action != "" {
						t.Errorf("handed out %+v, %v", e.Form, err)
					}
					paymenttest.WantReason(t, e.Payment, connector.ThreeDSInitError)
				})
				t.Run("form_that_was_handed_out_is_never_taken_back", func(t *testing.T) {
					c := w.Enrolment(t, paymenttest.GoodCard)
					c.Key = paymenttest.KeyNamed("fine " + model)
					e := w.MustEnrol(t, c)
					w.Clock.Advance(10 * time.Minute)
					if again := w.MustEnrol(t, c); again.Form.Action != e.Form.Action || again.Payment.State != payment.Enrolled {
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
