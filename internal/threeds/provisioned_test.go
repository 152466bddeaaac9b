package threeds_test

import (
	"testing"
	"time"

	"github.com/vezne/vezne/internal/connector"
	"github.com/vezne/vezne/internal/fault"
	"github.com/vezne/vezne/internal/payment"
	"github.com/vezne/vezne/internal/payment/paymenttest"
	"github.com/vezne/vezne/internal/threeds"
)

// A "3D pay" bank charges by itself while it returns the payer.
func TestThreeDPay(t *testing.T) {
	t.Parallel()
	onSQLite(t, func(t *testing.T, w *world) {
		for _, p := range w.Routes.POSes {
			w.Settings[p.ID] = map[string]string{"model": "3d_pay"}
		}
		undone := func(t *testing.T, e threeds.Enrolment, why connector.Reason) {
			t.Helper()
			w.RunJobs(t)
			paymenttest.WantReason(t, w.Now(t, e.Outcome), why)
			w.WantBank(t, e, "sale reversed")
			w.WantNothingBooked(t, e)
			d, err := w.Detail(t.Context(), paymenttest.DemoMerchant, e.Payment.UUID)
			if err != nil || d.Operations[0].Status != payment.OperationReversed {
				t.Errorf("operations %+v, %v", d.Operations, err)
			}
		}
		t.Run("charge_is_booked_when_completed", func(t *testing.T) {
			e, r := w.Authenticated(t, w.Enrolment(t, paymenttest.GoodCard))
			w.WantBank(t, e, "sale approved")
			paymenttest.WantState(t, w.Now(t, e.Outcome), payment.Authenticated)
			w.WantNothingBooked(t, e)
			o := w.MustComplete(t, e, r.SecurityKey)
			paymenttest.WantState(t, o.Payment, payment.Captured)
			if o.Payment.Result.AuthCode == "" || o.Payment.Captured != paymenttest.Lira(t, "1000.00") {
				t.Errorf("payment %+v", o.Payment)
			}
			if sums := w.WantBalanced(t, o); sums["sales"] != "-1000.00" {
				t.Errorf("ledger %v", sums)
			}
			if again := w.MustComplete(t, e, r.SecurityKey); !again.Replayed {
				t.Error("completed twice")
			}
			w.Clock.Advance(time.Hour)
			w.RunJobs(t)
			paymenttest.WantState(t, w.Now(t, e.Outcome), payment.Captured)
			w.WantBank(t, e, "sale approved")
		})
		t.Run("charge_that_nobody_completes_is_reversed", func(t *testing.T) {
			e, r := w.Authenticated(t, w.Enrolment(t, paymenttest.GoodCard))
			w.Clock.Advance(31 * time.Minute)
			undone(t, e, connector.ThreeDSExpired)
			_, err := w.Complete(t.Context(), w.Completion(e, r.SecurityKey))
			paymenttest.WantCode(t, err, fault.SecurityKeyExpired)
		})
		t.Run("charge_whose_payer_never_came_back_is_reversed", func(t *testing.T) {
			e := w.MustEnrol(t, w.Enrolment(t, paymenttest.GoodCard))
			back := w.AtBank(t, e, "a")
			w.Clock.Advance(31 * time.Minute)
			undone(t, e, connector.ThreeDSExpired)
			if r := w.ComeBack(t, back); r.SecurityKey != "" {
				t.Errorf("a late return leads to %+v", r)
			}
			undone(t, e, connector.ThreeDSExpired)
		})
		t.Run("charge_after_the_payment_expired_is_reversed", func(t *testing.T) {
			e := w.MustEnrol(t, w.Enrolment(t, paymenttest.GoodCard))
			w.Clock.Advance(31 * time.Minute)
			w.RunJobs(t)
			w.WantBank(t, e, "")
			w.ComeBack(t, w.AtBank(t, e, "a"))
			undone(t, e, connector.ThreeDSExpired)
		})
		t.Run("crash_at_the_return_loses_no_charge", func(t *testing.T) {
			e := w.MustEnrol(t, w.Enrolment(t, paymenttest.GoodCard))
			back := paymenttest.ReturnOf(t, w.AtBank(t, e, "a"))
			w.KilledAfter(0, func(s *paymenttest.Rooms) {
				_, err := s.Return(t.Context(), back)
				t.Errorf("survived: %v", err)
			})
			w.Clock.Advance(31 * time.Minute)
			undone(t, e, connector.ThreeDSExpired)
		})
		t.Run("charge_of_an_order_paid_meanwhile_is_reversed_at_the_return", func(t *testing.T) {
			c := w.Enrolment(t, paymenttest.GoodCard)
			e := w.MustEnrol(t, c)
			back := w.AtBank(t, e, "a")
			paymenttest.WantState(t, w.MustPay(t, c.Pay).Payment, payment.Captured)
			if r := w.ComeBack(t, back); r.SecurityKey != "" || r.URL != c.FailureURL {
				t.Errorf("returned = %+v", r)
			}
			undone(t, e, connector.OrderAlreadyPaid)
		})
		t.Run("charge_of_an_order_paid_meanwhile_is_reversed_at_completion", func(t *testing.T) {
			c := w.Enrolment(t, paymenttest.GoodCard)
			e, r := w.Authenticated(t, c)
			paymenttest.WantState(t, w.MustPay(t, c.Pay).Payment, payment.Captured)
			paymenttest.WantReason(t, w.MustComplete(t, e, r.SecurityKey).Payment, connector.OrderAlreadyPaid)
			undone(t, e, connector.OrderAlreadyPaid)
		})
		t.Run("charge_with_half_security_is_reversed_for_a_strict_merchant", func(t *testing.T) {
			e := w.MustEnrol(t, w.Enrolment(t, paymenttest.HalfSecureCard))
			w.ComeBack(t, w.AtBank(t, e, "a"))
			undone(t, e, connector.ThreeDSFailed)
		})
		t.Run("guessed_keys_reverse_the_charge", func(t *testing.T) {
			e, _ := w.Authenticated(t, w.Enrolment(t, paymenttest.GoodCard))
			for range 10 {
				_, err := w.Complete(t.Context(), w.Completion(e, "guess"))
				paymenttest.WantCode(t, err, fault.InvalidSecurityKey)
			}
			undone(t, e, connector.ThreeDSFailed)
		})
		t.Run("banks_refusal_ends_the_payment", func(t *testing.T) {
			e := w.MustEnrol(t, w.Enrolment(t, paymenttest.CompleteFailsCard))
			if r := w.ComeBack(t, w.AtBank(t, e, "a")); r.SecurityKey != "" {
				t.Errorf("returned = %+v", r)
			}
			paymenttest.WantReason(t, w.Now(t, e.Outcome), connector.NotSufficientFunds)
			w.WantBank(t, e, "")
		})
	})
}
