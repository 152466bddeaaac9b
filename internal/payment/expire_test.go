package payment_test

import (
	"log/slog"
	"testing"
	"time"

	"github.com/vezne/vezne/internal/job"
	"github.com/vezne/vezne/internal/payment"
)

func TestExpireHold(t *testing.T) {
	t.Parallel()
	eachEngine(t, func(t *testing.T, w *world) {
		runner := job.NewRunner(w.jobs, w.JobHandlers(), "test", w.clock, slog.New(slog.DiscardHandler))
		round := func(t *testing.T) {
			t.Helper()
			if _, err := runner.Round(t.Context()); err != nil {
				t.Fatal(err)
			}
		}
		captured, unused := w.hold(t, goodCard), w.hold(t, goodCard)
		if _, err := w.capture(t, captured, "1.00"); err != nil {
			t.Fatal(err)
		}
		w.clock.Advance(15*24*time.Hour - time.Minute)
		round(t)
		t.Run("hold_stands_until_the_window_ends", func(t *testing.T) {
			wantState(t, w.now(t, unused), payment.Authorized)
		})
		w.clock.Advance(2 * time.Minute)
		round(t)
		t.Run("unused_hold_expires_and_frees_its_order", func(t *testing.T) {
			p := w.now(t, unused)
			wantState(t, p, payment.Expired)
			if p.HoldsOrder {
				t.Error("an expired hold still holds its order")
			}
		})
		t.Run("captured_hold_stays_captured", func(t *testing.T) {
			wantState(t, w.now(t, captured), payment.Captured)
		})
	})
}
