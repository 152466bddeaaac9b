package checkout_test

import (
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/vezne/vezne/internal/checkout"
	"github.com/vezne/vezne/internal/connector"
	"github.com/vezne/vezne/internal/fault"
	"github.com/vezne/vezne/internal/id"
	"github.com/vezne/vezne/internal/idempotency"
	"github.com/vezne/vezne/internal/job"
	"github.com/vezne/vezne/internal/money"
	"github.com/vezne/vezne/internal/payment"
)

func TestCreate(t *testing.T) {
	t.Parallel()
	onSQLite(t, func(t *testing.T, w *world) {
		first := w.sell(t, "ORD-1")
		if got := w.Link(first); got != "https://pay.example.com/checkout-link/"+first.ID.String() || first.ID[6]>>4 != 4 {
			t.Errorf("link = %s", got)
		}
		stored := w.now(t, first).Checkout
		if diff := cmp.Diff(first, stored, cmp.Comparer(func(a, b money.Amount) bool { return a == b })); diff != "" {
			t.Errorf("what was stored (-want +got):\n%s", diff)
		}
		_, err := w.Find(t.Context(), 2, first.ID)
		wantCode(t, err, fault.NoSuchThing)

		again, err := w.Create(t.Context(), order("ORD-1"))
		if err != nil || again.ID != first.ID || !again.Replayed {
			t.Errorf("an equal order is %v, %v", again, err)
		}
		other := order("ORD-1")
		other.Amount = money.FromMinor(1, money.TRY)
		second, err := w.Create(t.Context(), other)
		if err != nil || second.ID == first.ID {
			t.Fatalf("another order is %v, %v", second, err)
		}
		w.want(t, first, checkout.Failed, connector.CheckoutCancelled)
		if got := w.events(t); !slices.Equal(got, []job.Kind{checkout.EventFailed}) {
			t.Errorf("events = %v", got)
		}
		third := w.sell(t, "ORD-1") // equal to the first, which is closed
		if third.ID == first.ID || third.ID == second.ID {
			t.Error("a closed checkout is handed out again")
		}
	})
}

func TestCreateRefuses(t *testing.T) {
	t.Parallel()
	onSQLite(t, func(t *testing.T, w *world) {
		c := order("ORD-1")
		c.Callback = "https://evil.example"
		_, err := w.Create(t.Context(), c)
		wantCode(t, err, fault.URLNotAllowed)
		c = order("ORD-1")
		c.Amount = money.FromMinor(1, money.USD)
		_, err = w.Create(t.Context(), c)
		wantCode(t, err, fault.UnsupportedCurrency)

		w.payments.holder = payment.Payment{ID: 99, UUID: id.NewUUID(), State: payment.Captured}
		_, err = w.Create(t.Context(), order("ORD-1"))
		wantCode(t, err, fault.OrderAlreadyPaid)
		if fault.From(err).Subject != w.payments.holder.UUID.String() {
			t.Error("the payment is not named")
		}
		w.payments.holder.State = payment.Pending
		_, err = w.Create(t.Context(), order("ORD-1"))
		wantCode(t, err, fault.OrderInProgress)
		w.payments.holder = payment.Payment{}

		charging := w.sell(t, "ORD-2")
		w.merchant.Checkout.Without3DS = true
		w.payments.state = payment.Pending
		w.pay(t, charging)
		w.want(t, charging, checkout.Charging, "")
		c = order("ORD-2")
		c.Description = "Something else"
		_, err = w.Create(t.Context(), c)
		wantCode(t, err, fault.OrderInProgress)
		if same := w.sell(t, "ORD-2"); same.ID != charging.ID {
			t.Error("an equal order is another checkout")
		}
	})
}

func TestCreateWithKey(t *testing.T) {
	t.Parallel()
	onSQLite(t, func(t *testing.T, w *world) {
		c := order("ORD-1")
		c.Key = idempotency.Own("key")
		first, err := w.Create(t.Context(), c)
		if err != nil {
			t.Fatal(err)
		}
		if err := w.Cancel(t.Context(), first.ID, first.Version); err != nil {
			t.Fatal(err)
		}
		again, err := w.Create(t.Context(), c)
		if err != nil || again.ID != first.ID || !again.Replayed {
			t.Errorf("the same key is %v, %v", again, err)
		}
		newer := w.sell(t, "ORD-1") // of an equal order, without the key
		if again, err := w.Create(t.Context(), c); err != nil || again.ID != first.ID || newer.ID == first.ID {
			t.Errorf("beside a newer checkout the same key is %v, %v", again, err)
		}
		c.Key.Request = [32]byte{2}
		_, err = w.Create(t.Context(), c)
		wantCode(t, err, fault.IdempotencyKeyReused)
		w.clock.Advance(25 * time.Hour)
		if later, err := w.Create(t.Context(), c); err != nil || later.ID == first.ID {
			t.Errorf("a day later the key is %v, %v", later, err)
		}
	})
}

func TestCreateAtOnce(t *testing.T) {
	t.Parallel()
	eachEngine(t, func(t *testing.T, w *world) {
		var mu sync.Mutex
		ids := make(map[id.UUID]int)
		var wg sync.WaitGroup
		for range 16 {
			wg.Go(func() {
				made, err := w.Create(t.Context(), order("ORD-1"))
				if err != nil {
					t.Error(err)
				}
				mu.Lock()
				defer mu.Unlock()
				ids[made.ID]++
			})
		}
		wg.Wait()
		if len(ids) != 1 {
			t.Errorf("one order has %d checkouts", len(ids))
		}
	})
}
