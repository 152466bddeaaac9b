package payment_test

import (
	"context"
	"testing"
	"time"

	"github.com/vezne/vezne/internal/id"
	"github.com/vezne/vezne/internal/payment"
)

// TestWrongClock holds the resolver to what it watched itself, whatever the clocks
// said that dated an operation.
func TestWrongClock(t *testing.T) {
	t.Parallel()
	const wrong = time.Hour
	lost := func(t *testing.T, w *world) payment.Outcome {
		t.Helper()
		w.misbehave(t, "reset_before_read")
		o := w.mustPay(t, w.order(t, goodCard))
		w.misbehave(t)
		wantState(t, o.Payment, payment.Pending)
		return o
	}
	eachEngine(t, func(t *testing.T, w *world) {
		t.Run("operation_of_a_clock_that_was_ahead_is_not_left_until_then", func(t *testing.T) {
			w.clock.Advance(wrong)
			o := lost(t, w)
			w.clock.Set(w.clock.Now().Add(-wrong))
			for range 6 {
				w.later(t, 10*time.Second)
			}
			wantState(t, w.now(t, o), payment.Declined)
		})
		t.Run("operation_of_a_clock_that_is_behind_is_not_declined_at_first_sight", func(t *testing.T) {
			o := lost(t, w)
			w.clock.Set(w.clock.Now().Add(wrong))
			w.resolver.Round(t.Context())
			wantState(t, w.now(t, o), payment.Pending)
			w.later(t, 30*time.Second)
			wantState(t, w.now(t, o), payment.Declined)
		})
		t.Run("what_was_watched_counts_although_a_backlog_hid_the_operation_for_a_while", func(t *testing.T) {
			o := lost(t, w)
			backlog := &hiding{Store: w.store}
			d := w.Dependencies
			d.Store = backlog
			resolver := payment.NewResolver(payment.NewService(d))
			resolver.Round(t.Context())
			backlog.hides = true
			w.clock.Advance(15 * time.Second)
			resolver.Round(t.Context())
			backlog.hides = false
			w.clock.Advance(15 * time.Second)
			resolver.Round(t.Context())
			wantState(t, w.now(t, o), payment.Declined)
		})
	})
}

// hiding is a store whose oldest unresolved operations fill a whole batch.
type hiding struct {
	payment.Store
	hides bool
}

func (h *hiding) Unresolved(ctx context.Context, due time.Time, limit int) ([]payment.Operation, error) {
	if h.hides {
		others := make([]payment.Operation, limit) // of which none has to be asked about now
		for i := range others {
			others[i] = payment.Operation{ID: id.Operation(1_000_000 + i), NextInquiry: due}
		}
		return others, nil
	}
	return h.Store.Unresolved(ctx, due, limit)
}
