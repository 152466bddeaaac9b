package payment_test

import (
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/vezne/vezne/internal/connector"
	"github.com/vezne/vezne/internal/fault"
	"github.com/vezne/vezne/internal/payment"
)

func wantReason(t *testing.T, p payment.Payment, want connector.Reason) {
	t.Helper()
	if p.State != payment.Declined || p.Result.Reason != want {
		t.Errorf("payment is %s, %s; want declined, %s", p.State, p.Result.Reason, want)
	}
}

func TestThreeDSecure(t *testing.T) {
	t.Parallel()
	eachEngine(t, func(t *testing.T, w *world) {
		t.Run("authenticated_payer_is_charged_when_completed", func(t *testing.T) {
			c := w.enrolment(t, goodCard)
			c.Installments = 3
			e, r := w.authenticated(t, c)
			wantState(t, w.now(t, e.Outcome), payment.Authenticated)
			w.wantNothingBooked(t, e)
			w.wantBank(t, e, "")
			o := w.mustComplete(t, e, r.SecurityKey)
			wantState(t, o.Payment, payment.Captured)
			if o.Payment.Captured != lira(t, "1035.00") || o.Replayed {
				t.Errorf("captured %s, replayed %t", o.Payment.Captured, o.Replayed)
			}
			if sums := w.wantBalanced(t, o); sums["sales"] != "-1000.00" {
				t.Errorf("ledger %v", sums)
			}
			w.wantBank(t, e, "sale approved")
			again := w.mustComplete(t, e, r.SecurityKey)
			if !again.Replayed || again.Payment.State != payment.Captured {
				t.Errorf("again: replayed %t, %s", again.Replayed, again.Payment.State)
			}
		})
		t.Run("refused_payer_is_not_charged", func(t *testing.T) {
			for name, number := range map[string]string{"b": goodCard, "a": neverSecureCard} {
				e := w.mustEnrol(t, w.enrolment(t, number))
				r := w.comeBack(t, w.atBank(t, e, name))
				wantReason(t, w.now(t, e.Outcome), connector.ThreeDSFailed)
				if r.SecurityKey != "" || r.URL != "http://merchant.test/failure" {
					t.Errorf("returned = %+v", r)
				}
				wantReason(t, w.mustComplete(t, e, "any").Payment, connector.ThreeDSFailed)
			}
		})
		t.Run("half_secure_is_the_merchants_choice", func(t *testing.T) {
			e := w.mustEnrol(t, w.enrolment(t, halfSecureCard))
			w.comeBack(t, w.atBank(t, e, "a"))
			wantReason(t, w.now(t, e.Outcome), connector.ThreeDSFailed)
			w.halfSecure = true
			defer func() { w.halfSecure = false }()
			e, r := w.authenticated(t, w.enrolment(t, halfSecureCard))
			wantState(t, w.mustComplete(t, e, r.SecurityKey).Payment, payment.Captured)
		})
		t.Run("bank_refuses_to_begin", func(t *testing.T) {
			c := w.enrolment(t, initFailsCard)
			c.Key = keyNamed("init fails")
			e := w.mustEnrol(t, c)
			wantReason(t, e.Payment, connector.ThreeDSInitError)
			if e.Form.Action != "" {
				t.Errorf("form %+v", e.Form)
			}
			again := w.mustEnrol(t, c)
			wantReason(t, again.Payment, connector.ThreeDSInitError)
			if !again.Replayed || again.Payment.UUID != e.Payment.UUID {
				t.Error("the repetition is another enrolment")
			}
			wantReason(t, w.mustComplete(t, e, "any").Payment, connector.ThreeDSInitError)
		})
		t.Run("bank_declines_at_completion", func(t *testing.T) {
			e, r := w.authenticated(t, w.enrolment(t, completeFailsCard))
			wantReason(t, w.mustComplete(t, e, r.SecurityKey).Payment, connector.NotSufficientFunds)
			again := w.mustComplete(t, e, r.SecurityKey)
			wantReason(t, again.Payment, connector.NotSufficientFunds)
			if !again.Replayed {
				t.Error("the bank was asked twice")
			}
		})
		t.Run("unreachable_bank_cannot_begin", func(t *testing.T) {
			w.misbehave(t, "reset_after_approve")
			e := w.mustEnrol(t, w.enrolment(t, goodCard))
			w.misbehave(t)
			wantReason(t, e.Payment, connector.CommunicationOrSystemError)
		})
		t.Run("completing_too_early_is_refused", func(t *testing.T) {
			e := w.mustEnrol(t, w.enrolment(t, goodCard))
			_, err := w.Complete(t.Context(), w.completion(e, "any"))
			wantCode(t, err, fault.ThreeDSNotCompleted)
		})
		t.Run("payment_without_authentication_cannot_be_completed", func(t *testing.T) {
			o := w.mustPay(t, w.order(t, goodCard))
			_, err := w.Complete(t.Context(), w.completion(payment.Enrolment{Outcome: o}, "any"))
			wantCode(t, err, fault.NoSuchThing)
		})
		t.Run("another_merchants_payment_does_not_exist", func(t *testing.T) {
			e, r := w.authenticated(t, w.enrolment(t, goodCard))
			c := w.completion(e, r.SecurityKey)
			c.MerchantID = 2
			_, err := w.Complete(t.Context(), c)
			wantCode(t, err, fault.NoSuchThing)
			wantState(t, w.now(t, e.Outcome), payment.Authenticated)
		})
		t.Run("count_that_is_not_on_offer_is_refused", func(t *testing.T) {
			c := w.enrolment(t, goodCard)
			c.Installments = 4
			_, err := w.Enrol(t.Context(), c)
			wantCode(t, err, fault.InstallmentUnavailable)
		})
	})
}

func TestOrderOfThreeDSecure(t *testing.T) {
	t.Parallel()
	eachEngine(t, func(t *testing.T, w *world) {
		t.Run("first_enrolment_to_be_completed_is_charged", func(t *testing.T) {
			c := w.enrolment(t, goodCard)
			first, one := w.authenticated(t, c)
			second, two := w.authenticated(t, c)
			wantState(t, w.mustComplete(t, second, two.SecurityKey).Payment, payment.Captured)
			wantReason(t, w.mustComplete(t, first, one.SecurityKey).Payment, connector.OrderAlreadyPaid)
			wantReason(t, w.mustComplete(t, first, one.SecurityKey).Payment, connector.OrderAlreadyPaid)
			w.wantBank(t, first, "")
			w.wantNothingBooked(t, first)
		})
		t.Run("enrolment_does_not_keep_the_order_from_being_paid", func(t *testing.T) {
			c := w.enrolment(t, goodCard)
			e, r := w.authenticated(t, c)
			wantState(t, w.mustPay(t, c.Pay).Payment, payment.Captured)
			wantReason(t, w.mustComplete(t, e, r.SecurityKey).Payment, connector.OrderAlreadyPaid)
			_, err := w.Enrol(t.Context(), c)
			wantCode(t, err, fault.OrderAlreadyPaid)
		})
		t.Run("order_paid_with_authentication_is_paid", func(t *testing.T) {
			c := w.enrolment(t, goodCard)
			e, r := w.authenticated(t, c)
			w.mustComplete(t, e, r.SecurityKey)
			_, err := w.Pay(t.Context(), c.Pay)
			wantCode(t, err, fault.OrderAlreadyPaid)
		})
		t.Run("repeated_enrolment_has_the_same_form", func(t *testing.T) {
			c := w.enrolment(t, goodCard)
			c.Key = keyNamed("same form")
			e := w.mustEnrol(t, c)
			again := w.mustEnrol(t, c)
			if diff := cmp.Diff(e.Form, again.Form); diff != "" || !again.Replayed || again.Payment.UUID != e.Payment.UUID {
				t.Errorf("replayed %t, form %s", again.Replayed, diff)
			}
			r := w.comeBack(t, w.atBank(t, e, "a"))
			w.mustComplete(t, e, r.SecurityKey)
			if diff := cmp.Diff(e.Form, w.mustEnrol(t, c).Form); diff != "" {
				t.Errorf("form of a completed payment: %s", diff)
			}
			other := c
			other.Key.Hash[0]++
			_, err := w.Enrol(t.Context(), other)
			wantCode(t, err, fault.IdempotencyKeyReused)
		})
		t.Run("repeated_completion_has_the_same_answer", func(t *testing.T) {
			e, r := w.authenticated(t, w.enrolment(t, goodCard))
			c := w.completion(e, r.SecurityKey)
			c.Key = keyNamed("same answer")
			if o, err := w.Complete(t.Context(), c); err != nil || o.Replayed {
				t.Fatalf("%v, replayed %t", err, o.Replayed)
			}
			if o, err := w.Complete(t.Context(), c); err != nil || !o.Replayed || o.Payment.State != payment.Captured {
				t.Errorf("%v, %+v", err, o)
			}
			c.Key.Hash[0]++
			_, err := w.Complete(t.Context(), c)
			wantCode(t, err, fault.IdempotencyKeyReused)
		})
	})
}

func TestCrowdOfCompletes(t *testing.T) {
	t.Parallel()
	eachEngine(t, func(t *testing.T, w *world) {
		e, r := w.authenticated(t, w.enrolment(t, goodCard))
		var charged atomic.Int64
		var wg sync.WaitGroup
		for range 64 {
			wg.Go(func() {
				o, err := w.Complete(t.Context(), w.completion(e, r.SecurityKey))
				switch {
				case err == nil && !o.Replayed:
					charged.Add(1)
				case err != nil && fault.CodeOf(err) != fault.CompleteInProgress:
					t.Errorf("complete: %v", err)
				}
			})
		}
		wg.Wait()
		if n := charged.Load(); n != 1 {
			t.Errorf("%d completes charged", n)
		}
		w.wantBank(t, e, "sale approved")
		if sums := w.wantBalanced(t, e.Outcome); sums["sales"] != "-1000.00" {
			t.Errorf("ledger %v", sums)
		}
	})
}

func TestCrowdOfReturns(t *testing.T) {
	t.Parallel()
	eachEngine(t, func(t *testing.T, w *world) {
		e := w.mustEnrol(t, w.enrolment(t, goodCard))
		back := returnOf(t, w.atBank(t, e, "a"))
		var keys sync.Map
		var wg sync.WaitGroup
		for range 32 {
			wg.Go(func() {
				r, err := w.Return(t.Context(), back)
				if err != nil {
					t.Errorf("return: %v", err)
				}
				keys.Store(r.SecurityKey, true)
			})
		}
		wg.Wait()
		n := 0
		keys.Range(func(key, _ any) bool {
			n++
			if text, ok := key.(string); ok {
				wantState(t, w.mustComplete(t, e, text).Payment, payment.Captured)
			}
			return true
		})
		if n != 1 {
			t.Errorf("%d security keys", n)
		}
	})
}

func TestLostCompletion(t *testing.T) {
	t.Parallel()
	eachEngine(t, func(t *testing.T, w *world) {
		t.Run("lost_answer_is_pending_and_then_resolved", func(t *testing.T) {
			for _, lost := range []struct {
				fault string
				want  payment.State
			}{{"slow", payment.Captured}, {"reset_before_read", payment.Declined}} {
				e, r := w.authenticated(t, w.enrolment(t, goodCard))
				w.misbehave(t, lost.fault)
				o := w.mustComplete(t, e, r.SecurityKey)
				w.misbehave(t)
				wantState(t, o.Payment, payment.Pending)
				wantState(t, w.mustComplete(t, e, r.SecurityKey).Payment, payment.Pending)
				w.awaitBank(t, e, lost.want)
				w.later(t, time.Minute)
				wantState(t, w.now(t, e.Outcome), lost.want)
				wantState(t, w.mustComplete(t, e, r.SecurityKey).Payment, lost.want)
			}
		})
		t.Run("crash_during_completion_is_resolved", func(t *testing.T) {
			e, r := w.authenticated(t, w.enrolment(t, goodCard))
			w.killedAfter(1, func(s *payment.Service) {
				_, err := s.Complete(t.Context(), w.completion(e, r.SecurityKey))
				t.Errorf("survived: %v", err)
			})
			w.wantBank(t, e, "sale approved")
			wantState(t, w.now(t, e.Outcome), payment.Pending)
			_, err := w.Complete(t.Context(), w.completion(e, r.SecurityKey))
			wantCode(t, err, fault.CompleteInProgress)
			w.later(t, time.Minute)
			wantState(t, w.mustComplete(t, e, r.SecurityKey).Payment, payment.Captured)
			w.wantBank(t, e, "sale approved")
		})
	})
}

// awaitBank waits until a slow bank has booked what will be captured.
func (w *world) awaitBank(t *testing.T, e payment.Enrolment, want payment.State) {
	t.Helper()
	deadline := time.Now().Add(10 * time.Second)
	for want == payment.Captured && w.bankSum(t, e) == "" {
		if time.Now().After(deadline) {
			t.Fatal("the bank never booked the slow request")
		}
	}
}

func TestSecurityKey(t *testing.T) {
	t.Parallel()
	eachEngine(t, func(t *testing.T, w *world) {
		t.Run("tenth_wrong_key_ends_the_payment", func(t *testing.T) {
			e, r := w.authenticated(t, w.enrolment(t, goodCard))
			for i := range 10 {
				if i == 9 {
					wantState(t, w.now(t, e.Outcome), payment.Authenticated)
				}
				_, err := w.Complete(t.Context(), w.completion(e, "guess"))
				wantCode(t, err, fault.InvalidSecurityKey)
			}
			wantReason(t, w.mustComplete(t, e, r.SecurityKey).Payment, connector.ThreeDSFailed)
			w.wantBank(t, e, "")
		})
		t.Run("nine_wrong_keys_do_no_harm", func(t *testing.T) {
			e, r := w.authenticated(t, w.enrolment(t, goodCard))
			for range 9 {
				_, err := w.Complete(t.Context(), w.completion(e, ""))
				wantCode(t, err, fault.InvalidSecurityKey)
			}
			wantState(t, w.mustComplete(t, e, r.SecurityKey).Payment, payment.Captured)
			_, err := w.Complete(t.Context(), w.completion(e, "guess"))
			wantCode(t, err, fault.InvalidSecurityKey)
		})
		t.Run("key_of_another_payment_is_wrong", func(t *testing.T) {
			e, _ := w.authenticated(t, w.enrolment(t, goodCard))
			_, other := w.authenticated(t, w.enrolment(t, goodCard))
			_, err := w.Complete(t.Context(), w.completion(e, other.SecurityKey))
			wantCode(t, err, fault.InvalidSecurityKey)
		})
		t.Run("key_works_for_fifteen_minutes", func(t *testing.T) {
			e, r := w.authenticated(t, w.enrolment(t, goodCard))
			late, key := w.authenticated(t, w.enrolment(t, goodCard))
			w.clock.Advance(15 * time.Minute)
			wantState(t, w.mustComplete(t, e, r.SecurityKey).Payment, payment.Captured)
			w.clock.Advance(time.Second)
			_, err := w.Complete(t.Context(), w.completion(late, key.SecurityKey))
			wantCode(t, err, fault.SecurityKeyExpired)
			w.clock.Advance(16 * time.Minute)
			w.runJobs(t)
			wantReason(t, w.now(t, late.Outcome), connector.ThreeDSExpired)
			_, err = w.Complete(t.Context(), w.completion(late, key.SecurityKey))
			wantCode(t, err, fault.SecurityKeyExpired)
		})
		t.Run("payer_may_take_thirty_minutes", func(t *testing.T) {
			e := w.mustEnrol(t, w.enrolment(t, goodCard))
			back := w.atBank(t, e, "a")
			w.clock.Advance(29 * time.Minute)
			w.runJobs(t)
			r := w.comeBack(t, back)
			w.clock.Advance(14 * time.Minute)
			w.runJobs(t)
			wantState(t, w.mustComplete(t, e, r.SecurityKey).Payment, payment.Captured)
		})
		t.Run("enrolment_that_nobody_finishes_ends", func(t *testing.T) {
			e := w.mustEnrol(t, w.enrolment(t, goodCard))
			back := w.atBank(t, e, "a")
			w.clock.Advance(30*time.Minute + time.Second)
			w.runJobs(t)
			wantReason(t, w.now(t, e.Outcome), connector.ThreeDSExpired)
			if r := w.comeBack(t, back); r.SecurityKey != "" || r.URL != "http://merchant.test/failure" {
				t.Errorf("a late return leads to %+v", r)
			}
			wantReason(t, w.mustComplete(t, e, "any").Payment, connector.ThreeDSExpired)
			w.wantBank(t, e, "")
		})
		t.Run("late_return_ends_it_before_the_job_does", func(t *testing.T) {
			e := w.mustEnrol(t, w.enrolment(t, goodCard))
			back := w.atBank(t, e, "a")
			w.clock.Advance(31 * time.Minute)
			if r := w.comeBack(t, back); r.SecurityKey != "" || r.URL != "http://merchant.test/failure" {
				t.Errorf("a late return leads to %+v", r)
			}
			w.runJobs(t)
			wantReason(t, w.now(t, e.Outcome), connector.ThreeDSExpired)
		})
	})
}
