package payment_test

import (
	"context"
	"crypto/sha256"
	"sync"
	"testing"
	"time"

	"github.com/vezne/vezne/internal/fault"
	"github.com/vezne/vezne/internal/idempotency"
	"github.com/vezne/vezne/internal/limit"
	"github.com/vezne/vezne/internal/payment"
)

func TestDeclinedCard(t *testing.T) {
	t.Parallel()
	eachEngine(t, func(t *testing.T, w *world) {
		first := w.order(t, poorCard)
		first.Key = idempotency.Key{Value: "first", Hash: sha256.Sum256([]byte("first"))}
		wantState(t, w.mustPay(t, first).Payment, payment.Declined)
		for range 19 {
			wantState(t, w.mustPay(t, w.order(t, poorCard)).Payment, payment.Declined)
		}
		t.Run("attempt_after_twenty_declines_is_refused_and_stores_nothing", func(t *testing.T) {
			c := w.order(t, poorCard)
			_, err := w.Pay(t.Context(), c)
			wantCode(t, err, fault.TooManyRequests)
			stored, _, err := w.List(t.Context(), demoMerchant, payment.Filter{OrderRef: c.OrderRef, Limit: 1})
			if err != nil || len(stored) != 0 {
				t.Errorf("%d payments, error %v; want none", len(stored), err)
			}
		})
		t.Run("earlier_answer_is_repeated", func(t *testing.T) {
			if o := w.mustPay(t, first); !o.Replayed {
				t.Error("not a replay")
			}
		})
		t.Run("another_card_is_not_limited", func(t *testing.T) {
			wantState(t, w.mustPay(t, w.order(t, goodCard)).Payment, payment.Captured)
		})
		t.Run("card_may_be_tried_again_later", func(t *testing.T) {
			w.clock.Advance(3 * time.Second)
			wantState(t, w.mustPay(t, w.order(t, poorCard)).Payment, payment.Declined)
		})
	})
}

// tally counts for several nodes, and gives nothing back.
type tally struct {
	mu    sync.Mutex
	taken map[string]int
}

func (l *tally) Take(_ context.Context, key string, _ limit.Rate) (time.Duration, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.taken[key]++
	return 0, nil
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
	eachEngine(t, func(t *testing.T, w *world) {
		parts := w.Dependencies
		parts.Limits = &tally{taken: make(map[string]int)}
		one, two := payment.NewService(parts), payment.NewService(parts)
		for i := range 20 {
			node := []*payment.Service{one, two}[i%2]
			o, err := node.Pay(t.Context(), w.order(t, poorCard))
			if err != nil {
				t.Fatalf("attempt %d: %v", i+1, err)
			}
			wantState(t, o.Payment, payment.Declined)
		}
		for _, node := range []*payment.Service{one, two} {
			_, err := node.Pay(t.Context(), w.order(t, poorCard))
			wantCode(t, err, fault.TooManyRequests)
		}
	})
}
