package threeds_test

import (
	"testing"
	"time"

	"github.com/vezne/vezne/internal/charge"
	"github.com/vezne/vezne/internal/connector"
	"github.com/vezne/vezne/internal/fault"
	"github.com/vezne/vezne/internal/payment"
	"github.com/vezne/vezne/internal/payment/paymenttest"
	"github.com/vezne/vezne/internal/threeds"
)

// silence has the bank fail every request and inquiry.
const silence = `{"rate":1,"kinds":["http_500"],"inquiries":true}`

// pays3D has every POS charge by itself.
func (w *world) pays3D() {
	for _, p := range w.Routes.POSes {
		w.Settings[p.ID] = map[string]string{"model": "3d_pay"}
	}
}

// abandon gives a payment up.
func (w *world) abandon(t *testing.T, e threeds.Enrolment) payment.Payment {
	t.Helper()
	p, err := w.Abandon(t.Context(), threeds.Abandon{
		MerchantID: e.Payment.MerchantID, PaymentID: e.Payment.ID, Why: connector.CheckoutCancelled,
	})
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// wantUndone holds that nothing is left of a payment that was given up.
func (w *world) wantUndone(t *testing.T, e threeds.Enrolment, bank string) {
	t.Helper()
	p := w.Now(t, e.Outcome)
	if paymenttest.WantReason(t, p, connector.CheckoutCancelled); p.Unclear {
		t.Error("it is not known whether the bank holds money")
	}
	w.WantBank(t, e, bank)
	w.WantNothingBooked(t, e)
}

func (w *world) void(t *testing.T, e threeds.Enrolment) (payment.Outcome, error) {
	t.Helper()
	return w.Void(t.Context(), charge.Void{Caller: w.Caller(), PaymentID: e.Payment.UUID})
}

// A payer who does not go on is not charged, and what the bank took is given back in
// that moment.
func TestAbandon(t *testing.T) {
	t.Parallel()
	for _, model := range []string{"3d", "3d_pay"} {
		t.Run(model, func(t *testing.T) {
			t.Parallel()
			onSQLite(t, func(t *testing.T, w *world) {
				if model == "3d_pay" {
					w.pays3D()
				}
				t.Run("at_the_bank", func(t *testing.T) {
					e := w.MustEnrol(t, w.Enrolment(t, paymenttest.GoodCard))
					w.abandon(t, e)
					w.wantUndone(t, e, "")
				})
				t.Run("after_the_return_is_never_completed", func(t *testing.T) {
					e, r := w.Authenticated(t, w.Enrolment(t, paymenttest.GoodCard))
					w.abandon(t, e)
					paymenttest.WantReason(t, w.MustComplete(t, e, r.SecurityKey).Payment, connector.CheckoutCancelled)
					w.wantUndone(t, e, map[string]string{"3d_pay": "sale reversed"}[model])
				})
				t.Run("twice_is_once", func(t *testing.T) {
					e := w.MustEnrol(t, w.Enrolment(t, paymenttest.GoodCard))
					first := w.abandon(t, e)
					if again := w.abandon(t, e); again.Version != first.Version {
						t.Errorf("version %d, then %d", first.Version, again.Version)
					}
				})
				t.Run("what_is_paid_stays_paid", func(t *testing.T) {
					e, r := w.Authenticated(t, w.Enrolment(t, paymenttest.GoodCard))
					w.MustComplete(t, e, r.SecurityKey)
					paymenttest.WantState(t, w.abandon(t, e), payment.Captured)
					w.WantBank(t, e, "sale approved")
				})
				if model != "3d_pay" { // that bank is not asked again
					t.Run("what_is_pending_stays_pending", func(t *testing.T) {
						e, r := w.Authenticated(t, w.Enrolment(t, paymenttest.GoodCard))
						w.MisbehaveWith(t, silence)
						w.MustComplete(t, e, r.SecurityKey)
						paymenttest.WantState(t, w.abandon(t, e), payment.Pending)
						w.Misbehave(t)
					})
				}
				t.Run("against_a_completion_one_wins", func(t *testing.T) {
					e, r := w.Authenticated(t, w.Enrolment(t, paymenttest.GoodCard))
					began := make(chan struct{})
					go func() {
						defer close(began)
						_, _ = w.Complete(t.Context(), w.Completion(e, r.SecurityKey)) // what came of it is read below
					}()
					w.abandon(t, e)
					<-began
					switch p := w.Now(t, e.Outcome); p.State {
					case payment.Captured:
						w.WantBank(t, e, "sale approved")
					case payment.Declined:
						w.wantUndone(t, e, map[string]string{"3d_pay": "sale reversed"}[model])
					default:
						t.Errorf("the payment is %s", p.State)
					}
				})
			})
		})
	}
}

// TestAbandonedCharge is about a "3D pay" bank that has charged a payer who did not come
// back.
func TestAbandonedCharge(t *testing.T) {
	t.Parallel()
	onSQLite(t, func(t *testing.T, w *world) {
		w.pays3D()
		charged := func(t *testing.T) threeds.Enrolment {
			t.Helper()
			e := w.MustEnrol(t, w.Enrolment(t, paymenttest.GoodCard))
			w.AtBank(t, e, "a")
			w.WantBank(t, e, "sale approved")
			return e
		}
		t.Run("is_reversed_in_that_moment", func(t *testing.T) {
			e := charged(t)
			w.abandon(t, e)
			w.wantUndone(t, e, "sale reversed")
			_, err := w.void(t, e)
			paymenttest.WantCode(t, err, fault.NotVoidable)
		})
		t.Run("of_a_silent_bank_is_looked_after", func(t *testing.T) {
			e := charged(t)
			w.MisbehaveWith(t, silence)
			if p := w.abandon(t, e); !p.Unclear || p.State != payment.Declined || p.KnownReason() != connector.ResultUnknown {
				t.Errorf("payment %s, unclear %t, %s", p.State, p.Unclear, p.KnownReason())
			}
			_, err := w.void(t, e)
			paymenttest.WantCode(t, err, fault.OperationInProgress)
			_, err = w.Refund(t.Context(), charge.Refund{Caller: w.Caller(), PaymentID: e.Payment.UUID})
			paymenttest.WantCode(t, err, fault.OperationInProgress)
			w.Misbehave(t)
			w.Clock.Advance(time.Minute)
			w.RunJobs(t)
			w.wantUndone(t, e, "sale reversed")
		})
		t.Run("is_voided_by_whoever_sees_it", func(t *testing.T) {
			e := charged(t)
			w.MisbehaveWith(t, silence)
			w.abandon(t, e)
			w.Misbehave(t)
			c := charge.Void{Caller: w.Caller(), PaymentID: e.Payment.UUID}
			c.Key = paymenttest.KeyNamed("void it")
			o, err := w.Void(t.Context(), c)
			if err != nil || o.Operation.Status != payment.OperationApproved || o.Operation.Kind != connector.Void {
				t.Fatalf("answer %+v, %v", o.Operation, err)
			}
			w.wantUndone(t, e, "sale reversed")
			if again, err := w.Void(t.Context(), c); err != nil || again.Operation.ID != o.Operation.ID {
				t.Errorf("the repetition got %+v, %v", again.Operation, err)
			}
			w.Clock.Advance(time.Hour)
			w.RunJobs(t)
			w.wantUndone(t, e, "sale reversed")
		})
		t.Run("of_a_crash_is_reversed_later", func(t *testing.T) {
			e := charged(t)
			w.KilledAfter(1, func(s *paymenttest.Rooms) {
				_, err := s.Abandon(t.Context(), threeds.Abandon{
					MerchantID: e.Payment.MerchantID, PaymentID: e.Payment.ID, Why: connector.CheckoutCancelled,
				})
				t.Errorf("survived: %v", err)
			})
			if p := w.Now(t, e.Outcome); !p.Unclear {
				t.Error("it is taken for clear")
			}
			w.Clock.Advance(time.Minute)
			w.RunJobs(t)
			w.wantUndone(t, e, "sale reversed")
		})
		t.Run("of_a_later_return_is_reversed_then", func(t *testing.T) {
			e := w.MustEnrol(t, w.Enrolment(t, paymenttest.GoodCard))
			w.abandon(t, e)
			w.wantUndone(t, e, "")
			back := w.AtBank(t, e, "a")
			w.WantBank(t, e, "sale approved")
			if r := w.ComeBack(t, back); r.SecurityKey != "" || r.Payment.Unclear {
				t.Errorf("returned = %+v", r)
			}
			w.wantUndone(t, e, "sale reversed")
		})
		t.Run("of_a_later_return_to_a_silent_bank_is_looked_after", func(t *testing.T) {
			e := w.MustEnrol(t, w.Enrolment(t, paymenttest.GoodCard))
			w.abandon(t, e)
			back := w.AtBank(t, e, "a")
			w.MisbehaveWith(t, silence)
			if r := w.ComeBack(t, back); !r.Payment.Unclear {
				t.Error("it is taken for clear")
			}
			w.Misbehave(t)
			w.Clock.Advance(time.Minute)
			w.RunJobs(t)
			w.wantUndone(t, e, "sale reversed")
		})
	})
}
