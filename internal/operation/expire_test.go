package operation_test

import (
	"log/slog"
	"testing"
	"time"

	"github.com/vezne/vezne/internal/job"
	"github.com/vezne/vezne/internal/payment"
	"github.com/vezne/vezne/internal/payment/paymenttest"
)

func TestExpireHold(t *testing.T) {
	t.Parallel()
	onSQLite(t, func(t *testing.T, w *world) {
		runner := job.NewRunner(w.Jobs, w.JobHandlers(), "test", w.Clock, slog.New(slog.DiscardHandler))
		round := func(t *testing.T) {
			t.Helper()
			if _, err := runner.Round(t.Context()); err != nil {
				t.Fatal(err)
			}
		}
		captured, unused := w.Hold(t, paymenttest.GoodCard), w.Hold(t, paymenttest.GoodCard)
		if _, err := w.TryCapture(t, captured, "1.00"); err != nil {
			t.Fatal(err)
		}
		w.Clock.Advance(15*24*time.Hour - time.Minute)
		round(t)
		t.Run("hold_stands_until_the_window_ends", func(t *testing.T) {
			paymenttest.WantState(t, w.Now(t, unused), payment.Authorized)
		})
		w.Clock.Advance(2 * time.Minute)
		round(t)
		t.Run("unused_hold_expires_and_frees_its_order", func(t *testing.T) {
			p := w.Now(t, unused)
			paymenttest.WantState(t, p, payment.Expired)
			if p.HoldsOrder {
				t.Error("an expired hold still holds its order")
			}
		})
		t.Run("captured_hold_stays_captured", func(t *testing.T) {
			paymenttest.WantState(t, w.Now(t, captured), payment.Captured)
		})
	})
}
