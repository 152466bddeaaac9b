package operation_test

import (
	"context"
	"testing"
	"time"

	"github.com/vezne/vezne/internal/id"
	"github.com/vezne/vezne/internal/operation"
	"github.com/vezne/vezne/internal/payment"
	"github.com/vezne/vezne/internal/payment/paymenttest"
)

// TestWrongClock holds the resolver to what it watched itself, whatever the clocks
// said that dated an operation.
func TestWrongClock(t *testing.T) {
	t.Parallel()
	const wrong = time.Hour
	lost := func(t *testing.T, w *world) payment.Outcome {
		t.Helper()
		w.Misbehave(t, "reset_before_read")
		o := w.MustPay(t, w.Order(t, paymenttest.GoodCard))
		w.Misbehave(t)
		paymenttest.WantState(t, o.Payment, payment.Pending)
		return o
	}
	onSQLite(t, func(t *testing.T, w *world) {
		t.Run("operation_of_a_clock_that_was_ahead_is_not_left_until_then", func(t *testing.T) {
			w.Clock.Advance(wrong)
			o := lost(t, w)
			w.Clock.Set(w.Clock.Now().Add(-wrong))
			for range 6 {
				w.Later(t, 10*time.Second)
			}
			paymenttest.WantState(t, w.Now(t, o), payment.Declined)
		})
		t.Run("operation_of_a_clock_that_is_behind_is_not_declined_at_first_sight", func(t *testing.T) {
			o := lost(t, w)
			w.Clock.Set(w.Clock.Now().Add(wrong))
			w.Resolver.Round(t.Context())
			paymenttest.WantState(t, w.Now(t, o), payment.Pending)
			w.Later(t, 30*time.Second)
			paymenttest.WantState(t, w.Now(t, o), payment.Declined)
		})
		t.Run("what_was_watched_counts_although_a_backlog_hid_the_operation_for_a_while", func(t *testing.T) {
			o := lost(t, w)
			backlog := &hiding{Store: w.Store}
			d := w.Parts
			d.Store = backlog
			resolver := operation.NewResolver(d.Build().Operations)
			resolver.Round(t.Context())
			backlog.hides = true
			w.Clock.Advance(15 * time.Second)
			resolver.Round(t.Context())
			backlog.hides = false
			w.Clock.Advance(15 * time.Second)
			resolver.Round(t.Context())
			paymenttest.WantState(t, w.Now(t, o), payment.Declined)
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
