package threeds_test

import (
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/vezne/vezne/internal/connector"
	"github.com/vezne/vezne/internal/fault"
	"github.com/vezne/vezne/internal/payment"
	"github.com/vezne/vezne/internal/payment/paymenttest"
	"github.com/vezne/vezne/internal/threeds"
)

func TestThreeDSecure(t *testing.T) {
	t.Parallel()
	onSQLite(t, func(t *testing.T, w *world) {
		t.Run("authenticated_payer_is_charged_when_completed", func(t *testing.T) {
			c := w.Enrolment(t, paymenttest.GoodCard)
			c.Installments = 3
			e, r := w.Authenticated(t, c)
			paymenttest.WantState(t, w.Now(t, e.Outcome), payment.Authenticated)
			w.WantNothingBooked(t, e)
			w.WantBank(t, e, "")
			o := w.MustComplete(t, e, r.SecurityKey)
			paymenttest.WantState(t, o.Payment, payment.Captured)
			if o.Payment.Captured != paymenttest.Lira(t, "1035.00") || o.Replayed {
				t.Errorf("captured %s, replayed %t", o.Payment.Captured, o.Replayed)
			}
			if sums := w.WantBalanced(t, o); sums["sales"] != "-1000.00" {
				t.Errorf("ledger %v", sums)
			}
			w.WantBank(t, e, "sale approved")
			again := w.MustComplete(t, e, r.SecurityKey)
			if !again.Replayed || again.Payment.State != payment.Captured {
				t.Errorf("again: replayed %t, %s", again.Replayed, again.Payment.State)
			}
		})
		t.Run("refused_payer_is_not_charged", func(t *testing.T) {
			for name, number := range map[string]string{"b": paymenttest.GoodCard, "a": paymenttest.NeverSecureCard} {
				e := w.MustEnrol(t, w.Enrolment(t, number))
				r := w.ComeBack(t, w.AtBank(t, e, name))
				paymenttest.WantReason(t, w.Now(t, e.Outcome), connector.ThreeDSFailed)
				if r.SecurityKey != "" || r.URL != "http://merchant.test/failure" {
					t.Errorf("returned = %+v", r)
				}
				paymenttest.WantReason(t, w.MustComplete(t, e, "any").Payment, connector.ThreeDSFailed)
			}
		})
		t.Run("half_secure_is_the_merchants_choice", func(t *testing.T) {
			e := w.MustEnrol(t, w.Enrolment(t, paymenttest.HalfSecureCard))
			w.ComeBack(t, w.AtBank(t, e, "a"))
			paymenttest.WantReason(t, w.Now(t, e.Outcome), connector.ThreeDSFailed)
			w.HalfSecure = true
			defer func() { w.HalfSecure = false }()
			e, r := w.Authenticated(t, w.Enrolment(t, paymenttest.HalfSecureCard))
			paymenttest.WantState(t, w.MustComplete(t, e, r.SecurityKey).Payment, payment.Captured)
		})
		t.Run("bank_refuses_to_begin", func(t *testing.T) {
			c := w.Enrolment(t, paymenttest.InitFailsCard)
			c.Key = paymenttest.KeyNamed("init fails")
			e := w.MustEnrol(t, c)
			paymenttest.WantReason(t, e.Payment, connector.ThreeDSInitError)
			if e.Form.Action != "" {
				t.Errorf("form %+v", e.Form)
			}
			again := w.MustEnrol(t, c)
			paymenttest.WantReason(t, again.Payment, connector.ThreeDSInitError)
			if !again.Replayed || again.Payment.UUID != e.Payment.UUID {
				t.Error("the repetition is another enrolment")
			}
			paymenttest.WantReason(t, w.MustComplete(t, e, "any").Payment, connector.ThreeDSInitError)
		})
		t.Run("bank_declines_at_completion", func(t *testing.T) {
			e, r := w.Authenticated(t, w.Enrolment(t, paymenttest.CompleteFailsCard))
			paymenttest.WantReason(t, w.MustComplete(t, e, r.SecurityKey).Payment, connector.NotSufficientFunds)
			again := w.MustComplete(t, e, r.SecurityKey)
			paymenttest.WantReason(t, again.Payment, connector.NotSufficientFunds)
			if !again.Replayed {
				t.Error("the bank was asked twice")
			}
		})
		t.Run("unreachable_bank_cannot_begin", func(t *testing.T) {
			w.Misbehave(t, "reset_after_approve")
			e := w.MustEnrol(t, w.Enrolment(t, paymenttest.GoodCard))
			w.Misbehave(t)
			paymenttest.WantReason(t, e.Payment, connector.CommunicationOrSystemError)
		})
		t.Run("completing_too_early_is_refused", func(t *testing.T) {
			e := w.MustEnrol(t, w.Enrolment(t, paymenttest.GoodCard))
			_, err := w.Complete(t.Context(), w.Completion(e, "any"))
			paymenttest.WantCode(t, err, fault.ThreeDSNotCompleted)
		})
		t.Run("payment_without_authentication_cannot_be_completed", func(t *testing.T) {
			o := w.MustPay(t, w.Order(t, paymenttest.GoodCard))
			_, err := w.Complete(t.Context(), w.Completion(threeds.Enrolment{Outcome: o}, "any"))
			paymenttest.WantCode(t, err, fault.NoSuchThing)
		})
		t.Run("another_merchants_payment_does_not_exist", func(t *testing.T) {
			e, r := w.Authenticated(t, w.Enrolment(t, paymenttest.GoodCard))
			c := w.Completion(e, r.SecurityKey)
			c.MerchantID = 2
			_, err := w.Complete(t.Context(), c)
			paymenttest.WantCode(t, err, fault.NoSuchThing)
			paymenttest.WantState(t, w.Now(t, e.Outcome), payment.Authenticated)
		})
		t.Run("count_that_is_not_on_offer_is_refused", func(t *testing.T) {
			c := w.Enrolment(t, paymenttest.GoodCard)
			c.Installments = 4
			_, err := w.Enrol(t.Context(), c)
			paymenttest.WantCode(t, err, fault.InstallmentUnavailable)
		})
	})
}

func TestOrderOfThreeDSecure(t *testing.T) {
	t.Parallel()
	onSQLite(t, func(t *testing.T, w *world) {
		t.Run("first_enrolment_to_be_completed_is_charged", func(t *testing.T) {
			c := w.Enrolment(t, paymenttest.GoodCard)
			first, one := w.Authenticated(t, c)
			second, two := w.Authenticated(t, c)
			paymenttest.WantState(t, w.MustComplete(t, second, two.SecurityKey).Payment, payment.Captured)
			paymenttest.WantReason(t, w.MustComplete(t, first, one.SecurityKey).Payment, connector.OrderAlreadyPaid)
			paymenttest.WantReason(t, w.MustComplete(t, first, one.SecurityKey).Payment, connector.OrderAlreadyPaid)
			w.WantBank(t, first, "")
			w.WantNothingBooked(t, first)
		})
		t.Run("enrolment_does_not_keep_the_order_from_being_paid", func(t *testing.T) {
			c := w.Enrolment(t, paymenttest.GoodCard)
			e, r := w.Authenticated(t, c)
			paymenttest.WantState(t, w.MustPay(t, c.Pay).Payment, payment.Captured)
			paymenttest.WantReason(t, w.MustComplete(t, e, r.SecurityKey).Payment, connector.OrderAlreadyPaid)
			_, err := w.Enrol(t.Context(), c)
			paymenttest.WantCode(t, err, fault.OrderAlreadyPaid)
		})
		t.Run("order_paid_with_authentication_is_paid", func(t *testing.T) {
			c := w.Enrolment(t, paymenttest.GoodCard)
			e, r := w.Authenticated(t, c)
			w.MustComplete(t, e, r.SecurityKey)
			_, err := w.Pay(t.Context(), c.Pay)
			paymenttest.WantCode(t, err, fault.OrderAlreadyPaid)
		})
		t.Run("repeated_enrolment_has_the_same_form", func(t *testing.T) {
			c := w.Enrolment(t, paymenttest.GoodCard)
			c.Key = paymenttest.KeyNamed("same form")
			e := w.MustEnrol(t, c)
			again := w.MustEnrol(t, c)
			if diff := cmp.Diff(e.Form, again.Form); diff != "" || !again.Replayed || again.Payment.UUID != e.Payment.UUID {
				t.Errorf("replayed %t, form %s", again.Replayed, diff)
			}
			r := w.ComeBack(t, w.AtBank(t, e, "a"))
			w.MustComplete(t, e, r.SecurityKey)
			if diff := cmp.Diff(e.Form, w.MustEnrol(t, c).Form); diff != "" {
				t.Errorf("form of a completed payment: %s", diff)
			}
			other := c
			other.Key.Request[0]++
			_, err := w.Enrol(t.Context(), other)
			paymenttest.WantCode(t, err, fault.IdempotencyKeyReused)
		})
		t.Run("repeated_completion_has_the_same_answer", func(t *testing.T) {
			e, r := w.Authenticated(t, w.Enrolment(t, paymenttest.GoodCard))
			c := w.Completion(e, r.SecurityKey)
			c.Key = paymenttest.KeyNamed("same answer")
			if o, err := w.Complete(t.Context(), c); err != nil || o.Replayed {
				t.Fatalf("%v, replayed %t", err, o.Replayed)
			}
			if o, err := w.Complete(t.Context(), c); err != nil || !o.Replayed || o.Payment.State != payment.Captured {
				t.Errorf("%v, %+v", err, o)
			}
			c.Key.Request[0]++
			_, err := w.Complete(t.Context(), c)
			paymenttest.WantCode(t, err, fault.IdempotencyKeyReused)
		})
	})
}

func TestCrowdOfCompletes(t *testing.T) {
	t.Parallel()
	eachEngine(t, func(t *testing.T, w *world) {
		e, r := w.Authenticated(t, w.Enrolment(t, paymenttest.GoodCard))
		var charged atomic.Int64
		var wg sync.WaitGroup
		for range 64 {
			wg.Go(func() {
				o, err := w.Complete(t.Context(), w.Completion(e, r.SecurityKey))
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
		w.WantBank(t, e, "sale approved")
		if sums := w.WantBalanced(t, e.Outcome); sums["sales"] != "-1000.00" {
			t.Errorf("ledger %v", sums)
		}
	})
}

func TestCrowdOfReturns(t *testing.T) {
	t.Parallel()
	eachEngine(t, func(t *testing.T, w *world) {
		e := w.MustEnrol(t, w.Enrolment(t, paymenttest.GoodCard))
		back := paymenttest.ReturnOf(t, w.AtBank(t, e, "a"))
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
				paymenttest.WantState(t, w.MustComplete(t, e, text).Payment, payment.Captured)
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
	onSQLite(t, func(t *testing.T, w *world) {
		t.Run("lost_answer_is_pending_and_then_resolved", func(t *testing.T) {
			for _, lost := range []struct {
				fault string
				want  payment.State
			}{{"slow", payment.Captured}, {"reset_before_read", payment.Declined}} {
				e, r := w.Authenticated(t, w.Enrolment(t, paymenttest.GoodCard))
				w.Misbehave(t, lost.fault)
				o := w.MustComplete(t, e, r.SecurityKey)
				w.Misbehave(t)
				paymenttest.WantState(t, o.Payment, payment.Pending)
				paymenttest.WantState(t, w.MustComplete(t, e, r.SecurityKey).Payment, payment.Pending)
				w.awaitBank(t, e, lost.want)
				w.Later(t, time.Minute)
				paymenttest.WantState(t, w.Now(t, e.Outcome), lost.want)
				paymenttest.WantState(t, w.MustComplete(t, e, r.SecurityKey).Payment, lost.want)
			}
		})
		t.Run("crash_during_completion_is_resolved", func(t *testing.T) {
			e, r := w.Authenticated(t, w.Enrolment(t, paymenttest.GoodCard))
			w.KilledAfter(1, func(s *paymenttest.Rooms) {
				_, err := s.Complete(t.Context(), w.Completion(e, r.SecurityKey))
				t.Errorf("survived: %v", err)
			})
			w.WantBank(t, e, "sale approved")
			paymenttest.WantState(t, w.Now(t, e.Outcome), payment.Pending)
			_, err := w.Complete(t.Context(), w.Completion(e, r.SecurityKey))
			paymenttest.WantCode(t, err, fault.CompleteInProgress)
			w.Later(t, time.Minute)
			paymenttest.WantState(t, w.MustComplete(t, e, r.SecurityKey).Payment, payment.Captured)
			w.WantBank(t, e, "sale approved")
		})
	})
}

// awaitBank waits until a slow bank has booked what will be captured.
func (w *world) awaitBank(t *testing.T, e threeds.Enrolment, want payment.State) {
	t.Helper()
	deadline := time.Now().Add(10 * time.Second)
	for want == payment.Captured && w.BankSum(t, e) == "" {
		if time.Now().After(deadline) {
			t.Fatal("the bank never booked the slow request")
		}
	}
}

func TestSecurityKey(t *testing.T) {
	t.Parallel()
	onSQLite(t, func(t *testing.T, w *world) {
		t.Run("tenth_wrong_key_ends_the_payment", func(t *testing.T) {
			e, r := w.Authenticated(t, w.Enrolment(t, paymenttest.GoodCard))
			for i := range 10 {
				if i == 9 {
					paymenttest.WantState(t, w.Now(t, e.Outcome), payment.Authenticated)
				}
				_, err := w.Complete(t.Context(), w.Completion(e, "guess"))
				paymenttest.WantCode(t, err, fault.InvalidSecurityKey)
			}
			paymenttest.WantReason(t, w.MustComplete(t, e, r.SecurityKey).Payment, connector.ThreeDSFailed)
			w.WantBank(t, e, "")
		})
		t.Run("nine_wrong_keys_do_no_harm", func(t *testing.T) {
			e, r := w.Authenticated(t, w.Enrolment(t, paymenttest.GoodCard))
			for range 9 {
				_, err := w.Complete(t.Context(), w.Completion(e, ""))
				paymenttest.WantCode(t, err, fault.InvalidSecurityKey)
			}
			paymenttest.WantState(t, w.MustComplete(t, e, r.SecurityKey).Payment, payment.Captured)
			_, err := w.Complete(t.Context(), w.Completion(e, "guess"))
			paymenttest.WantCode(t, err, fault.InvalidSecurityKey)
		})
		t.Run("key_of_another_payment_is_wrong", func(t *testing.T) {
			e, _ := w.Authenticated(t, w.Enrolment(t, paymenttest.GoodCard))
			_, other := w.Authenticated(t, w.Enrolment(t, paymenttest.GoodCard))
			_, err := w.Complete(t.Context(), w.Completion(e, other.SecurityKey))
			paymenttest.WantCode(t, err, fault.InvalidSecurityKey)
		})
		t.Run("key_works_for_fifteen_minutes", func(t *testing.T) {
			e, r := w.Authenticated(t, w.Enrolment(t, paymenttest.GoodCard))
			late, key := w.Authenticated(t, w.Enrolment(t, paymenttest.GoodCard))
			w.Clock.Advance(15 * time.Minute)
			paymenttest.WantState(t, w.MustComplete(t, e, r.SecurityKey).Payment, payment.Captured)
			w.Clock.Advance(time.Second)
			_, err := w.Complete(t.Context(), w.Completion(late, key.SecurityKey))
			paymenttest.WantCode(t, err, fault.SecurityKeyExpired)
			w.Clock.Advance(16 * time.Minute)
			w.RunJobs(t)
			paymenttest.WantReason(t, w.Now(t, late.Outcome), connector.ThreeDSExpired)
			_, err = w.Complete(t.Context(), w.Completion(late, key.SecurityKey))
			paymenttest.WantCode(t, err, fault.SecurityKeyExpired)
		})
		t.Run("payer_may_take_thirty_minutes", func(t *testing.T) {
			e := w.MustEnrol(t, w.Enrolment(t, paymenttest.GoodCard))
			back := w.AtBank(t, e, "a")
			w.Clock.Advance(29 * time.Minute)
			w.RunJobs(t)
			r := w.ComeBack(t, back)
			w.Clock.Advance(14 * time.Minute)
			w.RunJobs(t)
			paymenttest.WantState(t, w.MustComplete(t, e, r.SecurityKey).Payment, payment.Captured)
		})
		t.Run("enrolment_that_nobody_finishes_ends", func(t *testing.T) {
			e := w.MustEnrol(t, w.Enrolment(t, paymenttest.GoodCard))
			back := w.AtBank(t, e, "a")
			w.Clock.Advance(30*time.Minute + time.Second)
			w.RunJobs(t)
			paymenttest.WantReason(t, w.Now(t, e.Outcome), connector.ThreeDSExpired)
			if r := w.ComeBack(t, back); r.SecurityKey != "" || r.URL != "http://merchant.test/failure" {
				t.Errorf("a late return leads to %+v", r)
			}
			paymenttest.WantReason(t, w.MustComplete(t, e, "any").Payment, connector.ThreeDSExpired)
			w.WantBank(t, e, "")
		})
		t.Run("late_return_ends_it_before_the_job_does", func(t *testing.T) {
			e := w.MustEnrol(t, w.Enrolment(t, paymenttest.GoodCard))
			back := w.AtBank(t, e, "a")
			w.Clock.Advance(31 * time.Minute)
			if r := w.ComeBack(t, back); r.SecurityKey != "" || r.URL != "http://merchant.test/failure" {
				t.Errorf("a late return leads to %+v", r)
			}
			w.RunJobs(t)
			paymenttest.WantReason(t, w.Now(t, e.Outcome), connector.ThreeDSExpired)
		})
	})
}
