package checkout_test

import (
	"slices"
	"testing"
	"time"

	"github.com/vezne/vezne/internal/checkout"
	"github.com/vezne/vezne/internal/connector"
	"github.com/vezne/vezne/internal/fault"
	"github.com/vezne/vezne/internal/job"
	"github.com/vezne/vezne/internal/payment"
)

// TestLateReturns holds that a payer who comes back for an attempt that is over
// is never charged.
func TestLateReturns(t *testing.T) {
	t.Parallel()
	tests := map[string]func(t *testing.T, w *world, v checkout.View){
		"given_up": func(t *testing.T, w *world, v checkout.View) {
			if err := w.GiveUp(t.Context(), v.ID, v.Version); err != nil {
				t.Fatal(err)
			}
		},
		"given_up_and_tried_again": func(t *testing.T, w *world, v checkout.View) {
			if err := w.GiveUp(t.Context(), v.ID, v.Version); err != nil {
				t.Fatal(err)
			}
			w.pay(t, v.Checkout)
		},
		"cancelled": func(t *testing.T, w *world, v checkout.View) {
			if err := w.Cancel(t.Context(), v.ID, v.Version); err != nil {
				t.Fatal(err)
			}
		},
		"replaced_by_another_order": func(t *testing.T, w *world, _ checkout.View) {
			c := order("ORD-1")
			c.Description = "Three tickets"
			if _, err := w.Create(t.Context(), c); err != nil {
				t.Fatal(err)
			}
		},
	}
	for name, over := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			onSQLite(t, func(t *testing.T, w *world) {
				c := w.sell(t, "ORD-1")
				w.pay(t, c)
				v := w.want(t, c, checkout.Authenticating, "")
				over(t, w, v)
				before := w.now(t, c)
				w.payments.state, w.payments.reason = payment.Captured, connector.Success
				back := checkout.Return{Checkout: c.ID, PaymentID: v.Payment.UUID, SecurityKey: "right"}
				if err := w.Return(t.Context(), back); err != nil {
					t.Fatal(err)
				}
				if now := w.now(t, c); w.payments.complete != 0 || now.State != before.State || now.Version != before.Version {
					t.Errorf("%d charges, the checkout is %s", w.payments.complete, now.State)
				}
			})
		})
	}
}

func TestFailedAuthentication(t *testing.T) {
	t.Parallel()
	onSQLite(t, func(t *testing.T, w *world) {
		c := w.sell(t, "ORD-1")
		w.pay(t, c)
		v := w.now(t, c)
		w.payments.set(v.Payment.ID, payment.Declined, connector.ThreeDSFailed)
		if err := w.Return(t.Context(), checkout.Return{Checkout: c.ID, PaymentID: v.Payment.UUID}); err != nil {
			t.Fatal(err)
		}
		w.want(t, c, checkout.Open, connector.ThreeDSFailed)
	})
}

func TestExpiry(t *testing.T) {
	t.Parallel()
	onSQLite(t, func(t *testing.T, w *world) {
		c, tried := w.sell(t, "ORD-1"), w.sell(t, "ORD-2")
		w.clock.Advance(24*time.Hour - time.Second)
		w.work(t)
		w.want(t, c, checkout.Open, "")
		w.pay(t, tried)
		w.clock.Advance(time.Second)
		w.work(t) // expires the one and puts the other off
		w.work(t) // tells the merchant
		w.want(t, tried, checkout.Authenticating, "")
		if want := "https://shop.example.com/callback " + c.ID.String(); !slices.Equal(w.courier.calls, []string{want}) {
			t.Errorf("callbacks = %v", w.courier.calls)
		}
		w.want(t, c, checkout.Failed, connector.CheckoutExpired)
		if got := w.events(t); !slices.Equal(got, []job.Kind{checkout.EventFailed}) {
			t.Errorf("events = %v", got)
		}
		w.payments.set(w.now(t, tried).Payment.ID, payment.Declined, connector.DoNotHonour)
		w.clock.Advance(time.Minute)
		w.work(t)
		w.want(t, tried, checkout.Failed, connector.CheckoutExpired)
	})
}

// TestExpiryAtTheBank holds that a payer who is at the bank when the link ends may
// still pay, once, and that nobody else may begin then.
func TestExpiryAtTheBank(t *testing.T) {
	t.Parallel()
	onSQLite(t, func(t *testing.T, w *world) {
		c, left := w.sell(t, "ORD-1"), w.sell(t, "ORD-2")
		w.clock.Advance(24*time.Hour - time.Second)
		w.pay(t, c)
		w.pay(t, left)
		w.clock.Advance(time.Minute)
		w.work(t)
		v := w.want(t, c, checkout.Authenticating, "")
		w.payments.state, w.payments.reason = payment.Captured, connector.Success
		back := checkout.Return{Checkout: c.ID, PaymentID: v.Payment.UUID, SecurityKey: "right"}
		for range 2 {
			if err := w.Return(t.Context(), back); err != nil {
				t.Fatal(err)
			}
		}
		w.want(t, c, checkout.Paid, connector.Success)
		if w.payments.complete != 1 {
			t.Errorf("charged %d times", w.payments.complete)
		}
		v = w.now(t, left)
		if err := w.GiveUp(t.Context(), left.ID, v.Version); err != nil {
			t.Fatal(err)
		}
		v = w.want(t, left, checkout.Failed, connector.CheckoutExpired)
		wantCode(t, w.Pay(t.Context(), w.attempt(t, v.Checkout)), fault.StaleVersion)
	})
}

func TestLife(t *testing.T) {
	t.Parallel()
	onSQLite(t, func(t *testing.T, w *world) {
		w.merchant.Checkout.Life = time.Minute
		c := w.sell(t, "ORD-1")
		w.clock.Advance(time.Minute)
		w.want(t, c, checkout.Failed, connector.CheckoutExpired) // whoever looks ends it, before the job does
		if next := w.sell(t, "ORD-1"); next.ID == c.ID {
			t.Error("an expired checkout is handed out again")
		}
	})
}

func TestCallback(t *testing.T) {
	t.Parallel()
	onSQLite(t, func(t *testing.T, w *world) {
		c := w.sell(t, "ORD-1")
		w.courier.status = 500
		if err := w.Cancel(t.Context(), c.ID, c.Version); err != nil {
			t.Fatal(err)
		}
		for range 5 { // the pauses grow, but are short at first
			w.work(t)
			w.clock.Advance(90 * time.Second)
		}
		if n := len(w.courier.calls); n != 5 {
			t.Fatalf("%d callbacks, want one for each round", n)
		}
		w.courier.status = 204
		w.clock.Advance(time.Hour)
		w.work(t)
		w.clock.Advance(3 * time.Hour)
		w.work(t)
		if n := len(w.courier.calls); n != 6 {
			t.Errorf("%d callbacks, want none after a 2xx", n)
		}
	})
	onSQLite(t, func(t *testing.T, w *world) {
		c := w.sell(t, "ORD-1")
		w.courier.status = 404
		if err := w.Cancel(t.Context(), c.ID, c.Version); err != nil {
			t.Fatal(err)
		}
		for range 30 {
			w.work(t)
			w.clock.Advance(2 * time.Hour)
		}
		left, err := w.jobs.Jobs(t.Context(), seller, checkout.JobCallback)
		if n := len(w.courier.calls); err != nil || len(left) != 0 || n < 12 || n > 14 {
			t.Errorf("%d callbacks in a day, %d jobs left, %v", n, len(left), err)
		}
	})
}
