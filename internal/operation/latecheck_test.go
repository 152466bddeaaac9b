package operation_test

import (
	"strings"
	"testing"
	"time"

	"github.com/vezne/vezne/internal/connector"
	"github.com/vezne/vezne/internal/payment"
	"github.com/vezne/vezne/internal/payment/paymenttest"
)

// declinedTooEarly leaves a payment declined that the bank books afterwards: its
// request is so slow that the bank denied all knowledge of it for too long.
func (w *world) declinedTooEarly(t *testing.T, ask func() (payment.Outcome, error)) payment.Outcome {
	t.Helper()
	w.Misbehave(t, "slow")
	o, err := ask()
	if err != nil {
		t.Fatal(err)
	}
	w.Misbehave(t)
	w.Later(t, 20*time.Second)
	deadline := time.Now().Add(10 * time.Second)
	for !strings.Contains(w.BankLedger(t), o.Operation.Reference) {
		if time.Now().After(deadline) {
			t.Fatal("the bank never booked the slow request")
		}
	}
	return o
}

func TestLateCheck(t *testing.T) {
	t.Parallel()
	onSQLite(t, func(t *testing.T, w *world) {
		t.Run("late_sale_is_reversed_at_the_bank", func(t *testing.T) {
			o := w.declinedTooEarly(t, func() (payment.Outcome, error) { return w.Pay(t.Context(), w.Order(t, paymenttest.GoodCard)) })
			paymenttest.WantState(t, w.Now(t, o), payment.Declined)
			w.Clock.Advance(time.Minute)
			w.RunJobs(t)
			d, err := w.Detail(t.Context(), paymenttest.DemoMerchant, o.Payment.UUID)
			if err != nil {
				t.Fatal(err)
			}
			paymenttest.WantState(t, d.Payment, payment.Declined)
			if len(d.Operations) != 2 || d.Operations[0].Status != payment.OperationReversed ||
				d.Operations[1].Kind != connector.Void || d.Operations[1].Status != payment.OperationApproved {
				t.Errorf("operations: %+v", d.Operations)
			}
			if len(d.Postings) != 0 {
				t.Errorf("%d postings of a payment that was never charged", len(d.Postings))
			}
		})
		t.Run("clock_that_was_ahead_puts_no_check_off", func(t *testing.T) {
			o := w.declinedTooEarly(t, func() (payment.Outcome, error) {
				now := w.Clock.Now()
				w.Clock.Set(now.Add(4 * time.Minute))
				defer w.Clock.Set(now)
				return w.Pay(t.Context(), w.Order(t, paymenttest.GoodCard))
			})
			w.Clock.Advance(time.Minute)
			w.RunJobs(t)
			d, err := w.Detail(t.Context(), paymenttest.DemoMerchant, o.Payment.UUID)
			if err != nil || len(d.Operations) != 2 {
				t.Fatalf("%d operations, %v", len(d.Operations), err)
			}
			for _, done := range d.Operations { // by their dates, so the reversal stands first
				if done.ID == o.Operation.ID && done.Status != payment.OperationReversed {
					t.Errorf("the sale is %s", done.Status)
				}
			}
		})
		t.Run("late_refund_of_a_voided_payment_is_left_to_people", func(t *testing.T) {
			o := w.MustPay(t, w.Order(t, paymenttest.GoodCard))
			w.declinedTooEarly(t, func() (payment.Outcome, error) { return w.TryRefund(t, o, "400.00") })
			voided := w.Now(t, o) // by a bank that does not mind its own refund
			voided.State, voided.HoldsOrder = payment.Voided, false
			if err := w.Store.InTx(t.Context(), func(tx payment.Tx) { tx.SavePayment(voided) }); err != nil {
				t.Fatal(err)
			}
			w.Clock.Advance(time.Minute)
			w.RunJobs(t)
			p := w.Now(t, o)
			if paymenttest.WantState(t, p, payment.Voided); !p.Refunded.IsZero() {
				t.Errorf("%s was given back once more", p.Refunded)
			}
			p.State, p.HoldsOrder = payment.Captured, true // for the books, in which it was never voided
			if err := w.Store.InTx(t.Context(), func(tx payment.Tx) { tx.SavePayment(p) }); err != nil {
				t.Fatal(err)
			}
		})
		t.Run("late_refund_is_booked", func(t *testing.T) {
			o := w.MustPay(t, w.Order(t, paymenttest.GoodCard))
			w.declinedTooEarly(t, func() (payment.Outcome, error) { return w.TryRefund(t, o, "250.00") })
			if p := w.Now(t, o); !p.Refunded.IsZero() {
				t.Fatalf("refunded %s before the bank did", p.Refunded)
			}
			w.Clock.Advance(time.Minute)
			w.RunJobs(t)
			if p := w.Now(t, o); p.Refunded != paymenttest.Lira(t, "250.00") || p.State != payment.PartiallyRefunded {
				t.Errorf("refunded %s, %s", p.Refunded, p.State)
			}
			if sums := w.WantBalanced(t, o); sums["sales"] != "-750.00" {
				t.Errorf("ledger %v", sums)
			}
		})
	})
}

func TestLateReversal(t *testing.T) {
	t.Parallel()
	onSQLite(t, func(t *testing.T, w *world) {
		t.Run("late_reversal_is_recorded", func(t *testing.T) {
			o := w.declinedTooEarly(t, func() (payment.Outcome, error) { return w.Pay(t.Context(), w.Order(t, paymenttest.GoodCard)) })
			w.Clock.Advance(time.Minute)
			w.declinedTooEarly(t, func() (payment.Outcome, error) {
				w.RunJobs(t)
				d, err := w.Detail(t.Context(), paymenttest.DemoMerchant, o.Payment.UUID)
				if err != nil || len(d.Operations) != 2 {
					t.Fatalf("%d operations, %v", len(d.Operations), err)
				}
				return payment.Outcome{Operation: d.Operations[1]}, nil
			})
			w.Clock.Advance(10 * time.Minute)
			w.RunJobs(t)
			w.Clock.Advance(time.Hour)
			w.RunJobs(t)
			d, err := w.Detail(t.Context(), paymenttest.DemoMerchant, o.Payment.UUID)
			if err != nil {
				t.Fatal(err)
			}
			paymenttest.WantState(t, d.Payment, payment.Declined)
			if d.Operations[0].Status != payment.OperationReversed || d.Operations[1].Status != payment.OperationApproved {
				t.Errorf("operations: %s, %s", d.Operations[0].Status, d.Operations[1].Status)
			}
		})
	})
}
