package checkout_test

import (
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/vezne/vezne/internal/checkout"
	"github.com/vezne/vezne/internal/connector"
	"github.com/vezne/vezne/internal/fault"
	"github.com/vezne/vezne/internal/job"
	"github.com/vezne/vezne/internal/money"
	"github.com/vezne/vezne/internal/payment"
)

func TestPayWith3DS(t *testing.T) {
	t.Parallel()
	eachEngine(t, func(t *testing.T, w *world) {
		c := w.sell(t, "ORD-1")
		w.pay(t, c)
		v := w.want(t, c, checkout.Authenticating, "")
		if form, err := w.BankForm(t.Context(), v.Checkout); err != nil || form.Action != "https://bank.example" ||
			w.payments.enrolled != 1 {
			t.Fatalf("form = %v, %v after %d enrolments", form, err, w.payments.enrolled)
		}
		back := checkout.Return{Checkout: c.ID, PaymentID: v.Payment.UUID, SecurityKey: "wrong"}
		if err := w.Return(t.Context(), back); err != nil {
			t.Fatal(err)
		}
		w.want(t, c, checkout.Authenticating, "") // a forged return kills nothing
		w.payments.state, w.payments.reason = payment.Captured, connector.Success
		back.SecurityKey = "right"
		var wg sync.WaitGroup
		for range 16 {
			wg.Go(func() {
				if err := w.Return(t.Context(), back); err != nil && fault.CodeOf(err) != fault.StaleVersion {
					t.Error(err)
				}
			})
		}
		wg.Wait()
		w.want(t, c, checkout.Paid, connector.Success)
		if w.payments.complete != 1 {
			t.Errorf("charged %d times", w.payments.complete)
		}
		if got := w.events(t); !slices.Equal(got, []job.Kind{checkout.EventCompleted}) {
			t.Errorf("events = %v", got)
		}
		_, err := w.Create(t.Context(), order("ORD-2"))
		if err != nil {
			t.Fatal(err)
		}
	})
}

func TestDoubleClick(t *testing.T) {
	t.Parallel()
	eachEngine(t, func(t *testing.T, w *world) {
		c := w.sell(t, "ORD-1")
		a := w.attempt(t, c)
		var stale atomic.Int64
		var wg sync.WaitGroup
		for range 16 {
			wg.Go(func() {
				if err := w.Pay(t.Context(), a); fault.CodeOf(err) == fault.StaleVersion {
					stale.Add(1)
				} else if err != nil {
					t.Error(err)
				}
			})
		}
		wg.Wait()
		if v := w.now(t, c); w.payments.enrolled != 1 || v.Attempts != 1 || stale.Load() != 15 {
			t.Errorf("%d enrolments, %d attempts, %d refused", w.payments.enrolled, v.Attempts, stale.Load())
		}
		wantCode(t, w.Pay(t.Context(), a), fault.StaleVersion)
	})
}

func TestEnrolling(t *testing.T) {
	t.Parallel()
	t.Run("looks_meanwhile_do_not_keep_the_shopper_from_the_bank", func(t *testing.T) {
		t.Parallel()
		onSQLite(t, func(t *testing.T, w *world) {
			c := w.sell(t, "ORD-1")
			w.payments.enrolling = func() { w.want(t, c, checkout.Charging, "") }
			w.pay(t, c)
			w.want(t, c, checkout.Authenticating, "")
		})
	})
}

func TestDeclines(t *testing.T) {
	t.Parallel()
	onSQLite(t, func(t *testing.T, w *world) {
		c := w.sell(t, "ORD-1")
		w.payments.state, w.payments.reason = payment.Declined, connector.NotSufficientFunds
		for n := range checkout.MaxAttempts {
			if v := w.now(t, c); v.State != checkout.Open || v.Attempts != n {
				t.Fatalf("before attempt %d: %s after %d", n+1, v.State, v.Attempts)
			}
			w.pay(t, c)
		}
		v := w.want(t, c, checkout.Failed, connector.NotSufficientFunds)
		if v.Payment.ID == 0 || v.EndedAt.IsZero() {
			t.Error("the last payment or the time of the end is missing")
		}
		wantCode(t, w.Pay(t.Context(), w.attempt(t, c)), fault.StaleVersion)
	})
}

func TestWhatIsNoAttempt(t *testing.T) {
	t.Parallel()
	for _, cause := range []*fault.Error{
		fault.Validation(fault.Field{Name: "cvv", Code: fault.FieldInvalid, Message: "wrong"}),
		fault.New(fault.Conflict, fault.OrderInProgress, "elsewhere"),
		fault.New(fault.Conflict, fault.TotalChanged, "dearer"),
	} {
		t.Run(string(cause.Code), func(t *testing.T) {
			t.Parallel()
			onSQLite(t, func(t *testing.T, w *world) {
				c := w.sell(t, "ORD-1")
				w.payments.err = cause
				wantCode(t, w.Pay(t.Context(), w.attempt(t, c)), cause.Code)
				if v := w.want(t, c, checkout.Open, ""); v.Attempts != 0 {
					t.Errorf("%d attempts", v.Attempts)
				}
				w.payments.err = nil
				w.pay(t, c)
			})
		})
	}
	onSQLite(t, func(t *testing.T, w *world) {
		c := w.sell(t, "ORD-1")
		a := w.attempt(t, c)
		a.Installments = 7
		wantCode(t, w.Pay(t.Context(), a), fault.InstallmentUnavailable)
	})
}

// TestAgreed holds that what a page showed is what is asked to be charged, with 3-D
// Secure and without. A form that says none agrees to the checkout's amount with a single
// payment, and to what installments cost.
func TestAgreed(t *testing.T) {
	t.Parallel()
	shown := money.FromMinor(103_500, money.TRY)
	for name, tt := range map[string]struct {
		agreed money.Amount
		count  int
		want   money.Amount
	}{
		"what_was_shown":               {shown, 3, shown},
		"the_amount_if_none_said":      {money.Amount{}, 1, money.FromMinor(100_000, money.TRY)},
		"installments_if_none_is_said": {money.Amount{}, 3, money.Amount{}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			onSQLite(t, func(t *testing.T, w *world) {
				for order, direct := range map[string]bool{"ORD-1": false, "ORD-2": true} {
					w.merchant.Checkout.Without3DS = direct
					w.payments.state, w.payments.reason = payment.Captured, connector.Success
					a := w.attempt(t, w.sell(t, order))
					a.Agreed, a.Installments = tt.agreed, tt.count
					if err := w.Pay(t.Context(), a); err != nil {
						t.Fatal(err)
					}
					if got := w.payments.asked.ExpectedTotal; got != tt.want {
						t.Errorf("%s: agreed to %s, want %s", order, got, tt.want)
					}
				}
			})
		})
	}
}

func TestOrderPaidElsewhere(t *testing.T) {
	t.Parallel()
	onSQLite(t, func(t *testing.T, w *world) {
		c := w.sell(t, "ORD-1")
		w.payments.err = fault.New(fault.Conflict, fault.OrderAlreadyPaid, "paid")
		if err := w.Pay(t.Context(), w.attempt(t, c)); err != nil {
			t.Fatal(err)
		}
		w.want(t, c, checkout.Failed, connector.OrderAlreadyPaid)
	})
}

// TestLostAnswers holds that an attempt whose end nobody saw settles by itself.
func TestLostAnswers(t *testing.T) {
	t.Parallel()
	t.Run("nothing_reached_the_bank", func(t *testing.T) {
		t.Parallel()
		onSQLite(t, func(t *testing.T, w *world) {
			c := w.sell(t, "ORD-1")
			w.payments.err = fault.New(fault.Unavailable, fault.ServiceUnavailable, "down")
			wantCode(t, w.Pay(t.Context(), w.attempt(t, c)), fault.ServiceUnavailable)
			w.want(t, c, checkout.Charging, "")
			w.clock.Advance(time.Minute)
			w.want(t, c, checkout.Charging, "")
			w.clock.Advance(time.Minute)
			w.work(t)
			if v := w.want(t, c, checkout.Open, ""); v.Attempts != 0 {
				t.Errorf("%d attempts", v.Attempts)
			}
		})
	})
	t.Run("the_bank's_answer_is_unknown_and_found_later", func(t *testing.T) {
		t.Parallel()
		onSQLite(t, func(t *testing.T, w *world) {
			w.merchant.Checkout.Without3DS = true
			c := w.sell(t, "ORD-1")
			w.payments.state, w.payments.reason = payment.Pending, connector.ResultUnknown
			w.pay(t, c)
			v := w.want(t, c, checkout.Charging, "")
			wantCode(t, w.Cancel(t.Context(), c.ID, v.Version), fault.StaleVersion)
			w.clock.Advance(25 * time.Hour) // beyond its life: the attempt began in time
			w.work(t)
			w.want(t, c, checkout.Charging, "")
			w.payments.set(v.Payment.ID, payment.Captured, connector.Success)
			w.clock.Advance(10 * time.Minute)
			w.work(t)
			w.work(t)
			if len(w.courier.calls) != 1 || !slices.Equal(w.events(t), []job.Kind{checkout.EventCompleted}) {
				t.Errorf("callbacks %v, events %v", w.courier.calls, w.events(t))
			}
		})
	})
	t.Run("the_process_died_while_the_bank_was_asked", func(t *testing.T) {
		t.Parallel()
		onSQLite(t, func(t *testing.T, w *world) {
			c := w.sell(t, "ORD-1")
			w.payments.entered, w.payments.leave = make(chan struct{}), make(chan struct{})
			dead := make(chan struct{})
			a := w.attempt(t, c)
			go func() {
				defer close(dead)
				_ = w.Pay(t.Context(), a) // its answer comes too late to matter
			}()
			<-w.payments.entered
			w.want(t, c, checkout.Charging, "")
			w.clock.Advance(3 * time.Minute)
			w.want(t, c, checkout.Open, "")
			close(w.payments.leave)
			<-dead
			// The late enrolment did not move the checkout, and is never completed.
			v := w.want(t, c, checkout.Open, "")
			if v.Payment.ID != 0 {
				t.Error("the checkout is about a payment that it gave up")
			}
		})
	})
}

func TestRequired3DS(t *testing.T) {
	t.Parallel()
	onSQLite(t, func(t *testing.T, w *world) {
		w.merchant.Checkout.Without3DS = true
		c := w.sell(t, "ORD-1")
		w.payments.state, w.payments.reason = payment.Declined, connector.Requires3DS
		a := w.attempt(t, c)
		w.payments.entered, w.payments.leave = make(chan struct{}), make(chan struct{})
		done := make(chan error, 1)
		go func() { done <- w.Pay(t.Context(), a) }()
		<-w.payments.entered
		w.payments.leave <- struct{}{}
		<-w.payments.entered // the bank refused, and is asked to authenticate
		w.want(t, c, checkout.Charging, "")
		w.payments.state = payment.Captured
		w.payments.leave <- struct{}{}
		if err := <-done; err != nil {
			t.Fatal(err)
		}
		w.payments.entered = nil
		if v := w.want(t, c, checkout.Authenticating, ""); v.Attempts != 1 {
			t.Errorf("%d attempts", v.Attempts)
		}
	})
}

// TestLookAtDirectCharge has somebody look while a card is charged without 3-D
// Secure: what the bank's answer leads to is not decided by the look.
func TestLookAtDirectCharge(t *testing.T) {
	t.Parallel()
	onSQLite(t, func(t *testing.T, w *world) {
		w.merchant.Checkout.Without3DS = true
		charge := func(t *testing.T, order string, state payment.State, reason connector.Reason) checkout.Checkout {
			t.Helper()
			c := w.sell(t, order)
			w.payments.state, w.payments.reason = state, reason
			w.payments.charging = func() { w.want(t, c, checkout.Charging, "") }
			w.pay(t, c)
			return c
		}
		t.Run("shopper_still_gets_to_the_bank_that_asks_for_it", func(t *testing.T) {
			w.want(t, charge(t, "ORD-1", payment.Declined, connector.Requires3DS), checkout.Authenticating, "")
		})
		t.Run("approval_is_told", func(t *testing.T) {
			w.want(t, charge(t, "ORD-2", payment.Captured, connector.Success), checkout.Paid, connector.Success)
		})
		t.Run("decline_is_told", func(t *testing.T) {
			w.want(t, charge(t, "ORD-3", payment.Declined, connector.NotSufficientFunds), checkout.Open, connector.NotSufficientFunds)
		})
		t.Run("answer_that_stays_unknown_is_found_later", func(t *testing.T) {
			c := charge(t, "ORD-4", payment.Pending, connector.ResultUnknown)
			v := w.want(t, c, checkout.Charging, "")
			w.payments.set(v.Payment.ID, payment.Declined, connector.Requires3DS)
			w.want(t, c, checkout.Open, connector.Requires3DS) // nobody is at work on it any more
		})
	})
}

// TestDirectChargeLeftBehind: a process that died between a bank's refusal and the
// enrolment leaves a decline, told once nobody can be at work any more.
func TestDirectChargeLeftBehind(t *testing.T) {
	t.Parallel()
	onSQLite(t, func(t *testing.T, w *world) {
		w.merchant.Checkout.Without3DS = true
		w.payments.state, w.payments.reason = payment.Declined, connector.Requires3DS
		w.payments.enrolErr = fault.New(fault.Unavailable, fault.ServiceUnavailable, "the process is gone")
		c := w.sell(t, "ORD-1")
		if err := w.Pay(t.Context(), w.attempt(t, c)); err == nil {
			t.Fatal("the enrolment was made")
		}
		w.want(t, c, checkout.Charging, "")
		w.clock.Advance(2 * time.Minute)
		w.want(t, c, checkout.Open, connector.Requires3DS)
	})
}

func TestForced3DS(t *testing.T) {
	t.Parallel()
	onSQLite(t, func(t *testing.T, w *world) {
		w.merchant.Checkout.Without3DS = true
		w.payments.state, w.payments.reason = payment.Captured, connector.Success
		w.payments.forced = connector.DebitCardsRequires3DS
		c := w.sell(t, "ORD-1")
		w.pay(t, c)
		if v := w.want(t, c, checkout.Authenticating, ""); v.Attempts != 1 || w.payments.directly != 0 ||
			len(w.payments.all) != 1 {
			t.Errorf("%d attempts, %d charged, %d payments", v.Attempts, w.payments.directly, len(w.payments.all))
		}
		w.payments.forced = ""
		c = w.sell(t, "ORD-2")
		w.pay(t, c)
		if w.want(t, c, checkout.Paid, connector.Success); w.payments.directly != 1 {
			t.Errorf("%d charged", w.payments.directly)
		}
	})
}
