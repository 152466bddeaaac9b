package charge_test

import (
	"context"
	"sync"
	"testing"
	"time"

	"github.com/vezne/vezne/internal/fault"
	"github.com/vezne/vezne/internal/limit"
	"github.com/vezne/vezne/internal/payment"
	"github.com/vezne/vezne/internal/payment/paymenttest"
)

func TestDeclinedCard(t *testing.T) {
	t.Parallel()
	onSQLite(t, func(t *testing.T, w *world) {
		first := w.Order(t, paymenttest.PoorCard)
		first.Key = paymenttest.KeyNamed("first")
		paymenttest.WantState(t, w.MustPay(t, first).Payment, payment.Declined)
		for range 19 {
			paymenttest.WantState(t, w.MustPay(t, w.Order(t, paymenttest.PoorCard)).Payment, payment.Declined)
		}
		t.Run("attempt_after_twenty_declines_is_refused_and_stores_nothing", func(t *testing.T) {
			c := w.Order(t, paymenttest.PoorCard)
			_, err := w.Pay(t.Context(), c)
			paymenttest.WantCode(t, err, fault.TooManyRequests)
			stored, _, err := w.List(t.Context(), paymenttest.DemoMerchant, payment.Filter{OrderRef: c.OrderRef, Limit: 1})
			if err != nil || len(stored) != 0 {
				t.Errorf("%d payments, error %v; want none", len(stored), err)
			}
		})
		t.Run("earlier_answer_is_repeated", func(t *testing.T) {
			if o := w.MustPay(t, first); !o.Replayed {
				t.Error("not a replay")
			}
		})
		t.Run("another_card_is_not_limited", func(t *testing.T) {
			paymenttest.WantState(t, w.MustPay(t, w.Order(t, paymenttest.GoodCard)).Payment, payment.Captured)
		})
		t.Run("card_may_be_tried_again_later", func(t *testing.T) {
			w.Clock.Advance(3 * time.Second)
			paymenttest.WantState(t, w.MustPay(t, w.Order(t, paymenttest.PoorCard)).Payment, payment.Declined)
		})
	})
}

// tally counts for several nodes, and no time brings anything back.
type tally struct {
	mu    sync.Mutex
	taken map[string]int
}

func (l *tally) Take(_ context.Context, key string, r limit.Rate) (time.Duration, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.taken[key] >= r.Burst {
		return r.Every, nil
	}
	l.taken[key]++
	return 0, nil
}

func (l *tally) Give(_ context.Context, key string, _ limit.Rate) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.taken[key]--
	return nil
}

func (l *tally) Forget(context.Context, string) error { return nil }

func (l *tally) Check(_ context.Context, key string, r limit.Rate) (time.Duration, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.taken[key] < r.Burst {
		return 0, nil
	}
	return r.Every, nil
}

func TestSharedDeclines(t *testing.T) {
	t.Parallel()
	onSQLite(t, func(t *testing.T, w *world) {
		parts := w.Parts
		parts.Limits = &tally{taken: make(map[string]int)}
		one, two := parts.Build(), parts.Build()
		for i := range 20 {
			node := []*paymenttest.Rooms{one, two}[i%2]
			o, err := node.Pay(t.Context(), w.Order(t, paymenttest.PoorCard))
			if err != nil {
				t.Fatalf("attempt %d: %v", i+1, err)
			}
			paymenttest.WantState(t, o.Payment, payment.Declined)
		}
		for _, node := range []*paymenttest.Rooms{one, two} {
			_, err := node.Pay(t.Context(), w.Order(t, paymenttest.PoorCard))
			paymenttest.WantCode(t, err, fault.TooManyRequests)
		}
	})
}
