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

// TestLeavingWhileCharged holds that nobody gets away from a card that is being
// charged, or may turn out to be: not by a return with a wrong key, and not by leaving.
func TestLeavingWhileCharged(t *testing.T) {
	t.Parallel()
	leave := func(t *testing.T, w *world, c checkout.Checkout) {
		t.Helper()
		v := w.want(t, c, checkout.Charging, "")
		forged := checkout.Return{Checkout: c.ID, PaymentID: v.Payment.UUID, SecurityKey: "wrong"}
		for range 2 {
			if err := w.Return(t.Context(), forged); err != nil {
				t.Fatal(err)
			}
		}
		v = w.want(t, c, checkout.Charging, "")
		wantCode(t, w.Cancel(t.Context(), c.ID, v.Version), fault.StaleVersion)
		wantCode(t, w.GiveUp(t.Context(), c.ID, v.Version), fault.StaleVersion)
		wantCode(t, w.Pay(t.Context(), w.attempt(t, c)), fault.StaleVersion)
		another := order("ORD-1")
		another.Description = "Three tickets"
		_, err := w.Create(t.Context(), another)
		wantCode(t, err, fault.OrderInProgress)
		w.want(t, c, checkout.Charging, "")
	}
	t.Run("at_the_bank_and_after_it_did_not_answer", func(t *testing.T) {
		t.Parallel()
		onSQLite(t, func(t *testing.T, w *world) {
			c := w.sell(t, "ORD-1")
			w.pay(t, c)
			v := w.want(t, c, checkout.Authenticating, "")
			w.payments.state, w.payments.reason = payment.Pending, connector.ResultUnknown
			w.payments.completing = func() { leave(t, w, c) }
			if err := w.Return(t.Context(), checkout.Return{Checkout: c.ID, PaymentID: v.Payment.UUID, SecurityKey: "right"}); err != nil {
				t.Fatal(err)
			}
			leave(t, w, c)
			w.payments.set(v.Payment.ID, payment.Captured, connector.Success)
			w.want(t, c, checkout.Paid, connector.Success)
			if got := w.events(t); !slices.Equal(got, []job.Kind{checkout.EventCompleted}) || w.payments.complete != 1 {
				t.Errorf("events = %v after %d charges", got, w.payments.complete)
			}
		})
	})
	t.Run("by_somebody_of_whom_the_checkout_does_not_know", func(t *testing.T) {
		t.Parallel()
		onSQLite(t, func(t *testing.T, w *world) {
			c := w.sell(t, "ORD-1")
			w.pay(t, c)
			v := w.want(t, c, checkout.Authenticating, "")
			w.payments.set(v.Payment.ID, payment.Pending, connector.ResultUnknown)
			wantCode(t, w.Cancel(t.Context(), c.ID, v.Version), fault.StaleVersion)
			leave(t, w, c)
		})
	})
	t.Run("a_wrong_key_changes_nothing_before", func(t *testing.T) {
		t.Parallel()
		onSQLite(t, func(t *testing.T, w *world) {
			c := w.sell(t, "ORD-1")
			w.pay(t, c)
			v := w.want(t, c, checkout.Authenticating, "")
			if err := w.Return(t.Context(), checkout.Return{Checkout: c.ID, PaymentID: v.Payment.UUID, SecurityKey: "wrong"}); err != nil {
				t.Fatal(err)
			}
			if now := w.want(t, c, checkout.Authenticating, ""); now.Version != v.Version {
				t.Errorf("version %d, want %d", now.Version, v.Version)
			}
		})
	})
	t.Run("a_completion_that_never_began_leads_back", func(t *testing.T) {
		t.Parallel()
		onSQLite(t, func(t *testing.T, w *world) {
			c := w.sell(t, "ORD-1")
			w.pay(t, c)
			v := w.want(t, c, checkout.Authenticating, "")
			w.payments.set(v.Payment.ID, payment.Authenticated, connector.Awaiting3DS)
			w.payments.dies = true
			back := checkout.Return{Checkout: c.ID, PaymentID: v.Payment.UUID, SecurityKey: "right"}
			wantCode(t, w.Return(t.Context(), back), fault.ServiceUnavailable)
			w.want(t, c, checkout.Charging, "")
			w.clock.Advance(2 * time.Minute)
			v = w.want(t, c, checkout.Authenticating, "")
			if err := w.Cancel(t.Context(), c.ID, v.Version); err != nil {
				t.Fatal(err)
			}
			w.want(t, c, checkout.Failed, connector.CheckoutCancelled)
		})
	})
}

// TestLeavingABankThatMayHaveCharged holds that a checkout neither ends nor takes another
// card before it is known that nothing was taken for the one that was given up.
func TestLeavingABankThatMayHaveCharged(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		leave  func(t *testing.T, w *world, v checkout.View)
		state  checkout.State
		reason connector.Reason
		events []job.Kind
	}{
		"another_card": {func(t *testing.T, w *world, v checkout.View) {
			if err := w.GiveUp(t.Context(), v.ID, v.Version); err != nil {
				t.Fatal(err)
			}
		}, checkout.Open, connector.ThreeDSFailed, nil},
		"cancelled": {func(t *testing.T, w *world, v checkout.View) {
			if err := w.Cancel(t.Context(), v.ID, v.Version); err != nil {
				t.Fatal(err)
			}
		}, checkout.Failed, connector.CheckoutCancelled, []job.Kind{checkout.EventFailed}},
		"replaced": {func(t *testing.T, w *world, _ checkout.View) {
			another := order("ORD-1")
			another.Description = "Three tickets"
			_, err := w.Create(t.Context(), another)
			wantCode(t, err, fault.OrderInProgress)
		}, checkout.Failed, connector.CheckoutCancelled, []job.Kind{checkout.EventFailed}},
		"expired_at_the_bank": {func(t *testing.T, w *world, v checkout.View) {
			w.payments.set(v.Payment.ID, payment.Declined, connector.ThreeDSExpired)
			w.payments.unclear(v.Payment.ID, true)
		}, checkout.Open, connector.ThreeDSExpired, nil},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			onSQLite(t, func(t *testing.T, w *world) {
				c := w.sell(t, "ORD-1")
				w.pay(t, c)
				v := w.want(t, c, checkout.Authenticating, "")
				w.payments.silent = true
				tt.leave(t, w, v)
				v = w.want(t, c, checkout.Charging, "")
				if !v.Payment.Unclear || len(w.events(t)) != 0 {
					t.Errorf("payment %+v, events %v", v.Payment, w.events(t))
				}
				wantCode(t, w.Pay(t.Context(), w.attempt(t, c)), fault.StaleVersion)
				wantCode(t, w.Cancel(t.Context(), c.ID, v.Version), fault.StaleVersion)
				w.clock.Advance(time.Minute)
				w.work(t) // whoever was there may be gone: the watch settles it
				w.want(t, c, checkout.Charging, "")
				w.payments.unclear(v.Payment.ID, false)
				w.clock.Advance(time.Minute)
				w.work(t)
				w.want(t, c, tt.state, tt.reason)
				if got := w.events(t); !slices.Equal(got, tt.events) {
					t.Errorf("events = %v, want %v", got, tt.events)
				}
			})
		})
	}
	t.Run("charge_that_a_late_return_tells_of_keeps_other_cards_away", func(t *testing.T) {
		t.Parallel()
		onSQLite(t, func(t *testing.T, w *world) {
			c := w.sell(t, "ORD-1")
			w.pay(t, c)
			v := w.want(t, c, checkout.Authenticating, "")
			if err := w.GiveUp(t.Context(), c.ID, v.Version); err != nil {
				t.Fatal(err)
			}
			w.payments.unclear(v.Payment.ID, true)
			v = w.want(t, c, checkout.Open, connector.ThreeDSFailed)
			wantCode(t, w.Pay(t.Context(), w.attempt(t, c)), fault.StaleVersion)
			wantCode(t, w.Cancel(t.Context(), c.ID, v.Version), fault.StaleVersion)
			another := order("ORD-1")
			another.Description = "Three tickets"
			_, err := w.Create(t.Context(), another)
			wantCode(t, err, fault.OrderInProgress)
			w.clock.Advance(25 * time.Hour)
			w.work(t)
			w.want(t, c, checkout.Open, connector.ThreeDSFailed)
			w.payments.unclear(v.Payment.ID, false)
			w.want(t, c, checkout.Failed, connector.CheckoutExpired)
		})
	})
}
