package payment_test

import (
	"testing"
	"time"

	"github.com/vezne/vezne/internal/connector"
	"github.com/vezne/vezne/internal/fault"
	"github.com/vezne/vezne/internal/payment"
)

// A "3D pay" bank charges by itself while it returns the payer.
func TestThreeDPay(t *testing.T) {
	t.Parallel()
	eachEngine(t, func(t *testing.T, w *world) {
		for _, p := range w.table.POSes {
			w.settings[p.ID] = map[string]string{"model": "3d_pay"}
		}
		undone := func(t *testing.T, e payment.Enrolment, why connector.Reason) {
			t.Helper()
			w.runJobs(t)
			wantReason(t, w.now(t, e.Outcome), why)
			w.wantBank(t, e, "sale reversed")
			w.wantNothingBooked(t, e)
			d, err := w.Detail(t.Context(), demoMerchant, e.Payment.UUID)
			if err != nil || d.Operations[0].Status != payment.OperationReversed {
				t.Errorf("operations %+v, %v", d.Operations, err)
			}
		}
		t.Run("charge_is_booked_when_completed", func(t *testing.T) {
			e, r := w.authenticated(t, w.enrolment(t, goodCard))
			w.wantBank(t, e, "sale approved")
			wantState(t, w.now(t, e.Outcome), payment.Authenticated)
			w.wantNothingBooked(t, e)
			o := w.mustComplete(t, e, r.SecurityKey)
			wantState(t, o.Payment, payment.Captured)
			if o.Payment.Result.AuthCode == "" || o.Payment.Captured != lira(t, "1000.00") {
				t.Errorf("payment %+v", o.Payment)
			}
			if sums := w.wantBalanced(t, o); sums["sales"] != "-1000.00" {
				t.Errorf("ledger %v", sums)
			}
			if again := w.mustComplete(t, e, r.SecurityKey); !again.Replayed {
				t.Error("completed twice")
			}
			w.clock.Advance(time.Hour)
			w.runJobs(t)
			wantState(t, w.now(t, e.Outcome), payment.Captured)
			w.wantBank(t, e, "sale approved")
		})
		t.Run("charge_that_nobody_completes_is_reversed", func(t *testing.T) {
			e, r := w.authenticated(t, w.enrolment(t, goodCard))
			w.clock.Advance(31 * time.Minute)
			undone(t, e, connector.ThreeDSExpired)
			_, err := w.Complete(t.Context(), w.completion(e, r.SecurityKey))
			wantCode(t, err, fault.SecurityKeyExpired)
		})
		t.Run("charge_whose_payer_never_came_back_is_reversed", func(t *testing.T) {
			e := w.mustEnrol(t, w.enrolment(t, goodCard))
			back := w.atBank(t, e, "a")
			w.clock.Advance(31 * time.Minute)
			undone(t, e, connector.ThreeDSExpired)
			if r := w.comeBack(t, back); r.SecurityKey != "" {
				t.Errorf("a late return leads to %+v", r)
			}
			undone(t, e, connector.ThreeDSExpired)
		})
		t.Run("charge_after_the_payment_expired_is_reversed", func(t *testing.T) {
			e := w.mustEnrol(t, w.enrolment(t, goodCard))
			w.clock.Advance(31 * time.Minute)
			w.runJobs(t)
			w.wantBank(t, e, "")
			w.comeBack(t, w.atBank(t, e, "a"))
			undone(t, e, connector.ThreeDSExpired)
		})
		t.Run("crash_at_the_return_loses_no_charge", func(t *testing.T) {
			e := w.mustEnrol(t, w.enrolment(t, goodCard))
			back := returnOf(t, w.atBank(t, e, "a"))
			w.killedAfter(0, func(s *payment.Service) {
				_, err := s.Return(t.Context(), back)
				t.Errorf("survived: %v", err)
			})
			w.clock.Advance(31 * time.Minute)
			undone(t, e, connector.ThreeDSExpired)
		})
		t.Run("charge_of_an_order_paid_meanwhile_is_reversed_at_the_return", func(t *testing.T) {
			c := w.enrolment(t, goodCard)
			e := w.mustEnrol(t, c)
			back := w.atBank(t, e, "a")
			wantState(t, w.mustPay(t, c.Pay).Payment, payment.Captured)
			if r := w.comeBack(t, back); r.SecurityKey != "" || r.URL != c.FailureURL {
				t.Errorf("returned = %+v", r)
			}
			undone(t, e, connector.OrderAlreadyPaid)
		})
		t.Run("charge_of_an_order_paid_meanwhile_is_reversed_at_completion", func(t *testing.T) {
			c := w.enrolment(t, goodCard)
			e, r := w.authenticated(t, c)
			wantState(t, w.mustPay(t, c.Pay).Payment, payment.Captured)
			wantReason(t, w.mustComplete(t, e, r.SecurityKey).Payment, connector.OrderAlreadyPaid)
			undone(t, e, connector.OrderAlreadyPaid)
		})
		t.Run("charge_with_half_security_is_reversed_for_a_strict_merchant", func(t *testing.T) {
			e := w.mustEnrol(t, w.enrolment(t, halfSecureCard))
			w.comeBack(t, w.atBank(t, e, "a"))
			undone(t, e, connector.ThreeDSFailed)
		})
		t.Run("guessed_keys_reverse_the_charge", func(t *testing.T) {
			e, _ := w.authenticated(t, w.enrolment(t, goodCard))
			for range 10 {
				_, err := w.Complete(t.Context(), w.completion(e, "guess"))
				wantCode(t, err, fault.InvalidSecurityKey)
			}
			undone(t, e, connector.ThreeDSFailed)
		})
		t.Run("banks_refusal_ends_the_payment", func(t *testing.T) {
			e := w.mustEnrol(t, w.enrolment(t, completeFailsCard))
			if r := w.comeBack(t, w.atBank(t, e, "a")); r.SecurityKey != "" {
				t.Errorf("returned = %+v", r)
			}
			wantReason(t, w.now(t, e.Outcome), connector.NotSufficientFunds)
			w.wantBank(t, e, "")
		})
	})
}
