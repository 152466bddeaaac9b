package charge_test

import (
	"context"
	"sync/atomic"
	"testing"
	"time"

	"github.com/vezne/vezne/internal/fault"
	"github.com/vezne/vezne/internal/payment"
	"github.com/vezne/vezne/internal/payment/paymenttest"
)

// claimedStore says of some commits that another payment holds the order, and has
// lost it again whenever somebody looks.
type claimedStore struct {
	payment.Store
	left atomic.Int32
}

func (c *claimedStore) InTx(ctx context.Context, fn func(payment.Tx)) error {
	if c.left.Add(-1) >= 0 {
		return fault.New(fault.Conflict, fault.OrderClaimed, "another payment holds the order")
	}
	return c.Store.InTx(ctx, fn)
}

// Twenty pauses that are drawn up to 2, 4, 6 ... ms last some 200 ms together; the
// tries themselves hardly anything.
func TestPaymentPausesWhileAnOrderChangesHands(t *testing.T) {
	t.Parallel()
	eachEngine(t, func(t *testing.T, w *world) {
		store := &claimedStore{Store: w.Store}
		store.left.Store(20)
		busy := w.With(func(p *paymenttest.Parts) { p.Store = store })
		began := time.Now()
		o, err := busy.Pay(t.Context(), w.Order(t, paymenttest.GoodCard))
		if err != nil {
			t.Fatal(err)
		}
		paymenttest.WantState(t, o.Payment, payment.Captured)
		if took := time.Since(began); took < 60*time.Millisecond || took > 4*time.Second {
			t.Errorf("20 tries took %s", took)
		}
	})
}
