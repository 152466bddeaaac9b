package charge_test

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/vezne/vezne/internal/charge"
	"github.com/vezne/vezne/internal/connector"
	"github.com/vezne/vezne/internal/fault"
	"github.com/vezne/vezne/internal/id"
	"github.com/vezne/vezne/internal/money"
	"github.com/vezne/vezne/internal/payment"
	"github.com/vezne/vezne/internal/payment/paymenttest"
)

func TestCapture(t *testing.T) {
	t.Parallel()
	eachEngine(t, func(t *testing.T, w *world) {
		t.Run("part_of_a_hold_is_taken_and_booked", func(t *testing.T) {
			o := w.Hold(t, paymenttest.GoodCard)
			if sums := w.WantBalanced(t, o); len(sums) != 0 {
				t.Errorf("a hold was booked: %v", sums)
			}
			captured, err := w.TryCapture(t, o, "900.00")
			if err != nil {
				t.Fatal(err)
			}
			paymenttest.WantState(t, w.Now(t, o), payment.Captured)
			if captured.Operation.Amount != paymenttest.Lira(t, "900.00") || captured.Payment.Commission != paymenttest.Lira(t, "17.91") {
				t.Errorf("amount %s, commission %s", captured.Operation.Amount, captured.Payment.Commission)
			}
			want := map[string]string{"pos_receivable:1": "882.09", "bank_commission": "17.91", "sales": "-900.00"}
			if diff := cmp.Diff(want, w.WantBalanced(t, o)); diff != "" {
				t.Errorf("ledger (-want +got):\n%s", diff)
			}
		})
		t.Run("without_an_amount_all_of_a_hold_is_taken", func(t *testing.T) {
			o := w.Hold(t, paymenttest.GoodCard)
			captured, err := w.Capture(t.Context(), charge.Capture{Caller: w.Caller(), PaymentID: o.Payment.UUID})
			if err != nil || captured.Operation.Amount != o.Payment.Authorized {
				t.Errorf("captured %s of %s, %v", captured.Operation.Amount, o.Payment.Authorized, err)
			}
		})
		t.Run("amount_over_authorized_is_refused", func(t *testing.T) {
			_, err := w.TryCapture(t, w.Hold(t, paymenttest.GoodCard), "1000.01")
			paymenttest.WantCode(t, err, fault.CaptureAmountExceeded)
		})
		t.Run("other_currency_is_refused", func(t *testing.T) {
			o := w.Hold(t, paymenttest.GoodCard)
			_, err := w.Capture(t.Context(), charge.Capture{Caller: w.Caller(), PaymentID: o.Payment.UUID, Amount: money.FromMinor(100, money.USD)})
			paymenttest.WantCode(t, err, fault.CurrencyMismatch)
		})
		t.Run("equal_second_capture_is_replayed_and_another_refused", func(t *testing.T) {
			o := w.Hold(t, paymenttest.GoodCard)
			if _, err := w.TryCapture(t, o, "500.00"); err != nil {
				t.Fatal(err)
			}
			again, err := w.TryCapture(t, o, "500.00")
			if err != nil || !again.Replayed {
				t.Errorf("replayed %v, %v", again.Replayed, err)
			}
			_, err = w.TryCapture(t, o, "400.00")
			paymenttest.WantCode(t, err, fault.AlreadyCaptured)
		})
		t.Run("sale_and_declined_hold_are_not_capturable", func(t *testing.T) {
			_, err := w.TryCapture(t, w.MustPay(t, w.Order(t, paymenttest.GoodCard)), "1.00")
			paymenttest.WantCode(t, err, fault.NotCapturable)
			_, err = w.TryCapture(t, w.Hold(t, paymenttest.PoorCard), "1.00")
			paymenttest.WantCode(t, err, fault.NotCapturable)
		})
		t.Run("declined_capture_keeps_the_hold", func(t *testing.T) {
			o := w.Hold(t, paymenttest.HoldOnlyCard)
			c, err := w.TryCapture(t, o, "10.00")
			if err != nil {
				t.Fatal(err)
			}
			if c.Operation.Result.Reason != connector.InvalidTransaction {
				t.Errorf("reason %s", c.Operation.Result.Reason)
			}
			paymenttest.WantState(t, w.Now(t, o), payment.Authorized)
		})
		t.Run("of_two_at_once_one_wins", func(t *testing.T) {
			o := w.Hold(t, paymenttest.GoodCard)
			amounts := make(chan string, 8)
			for i := range 8 {
				amounts <- money.FromMinor(int64(100+i), money.TRY).Decimal()
			}
			if won := paymenttest.Race(8, func() bool { _, err := w.TryCapture(t, o, <-amounts); return err == nil }); won != 1 {
				t.Errorf("%d captures won", won)
			}
		})
		t.Run("another_merchant_finds_nothing", func(t *testing.T) {
			o := w.Hold(t, paymenttest.GoodCard)
			stranger := w.Caller()
			stranger.MerchantID = id.Merchant(2)
			_, err := w.Capture(t.Context(), charge.Capture{Caller: stranger, PaymentID: o.Payment.UUID, Amount: paymenttest.Lira(t, "1.00")})
			if fault.KindOf(err) != fault.NotFound {
				t.Errorf("error = %v", err)
			}
		})
		t.Run("late_capture_is_refused", func(t *testing.T) {
			o := w.Hold(t, paymenttest.GoodCard)
			w.Clock.Advance(16 * 24 * time.Hour)
			_, err := w.TryCapture(t, o, "1.00")
			paymenttest.WantCode(t, err, fault.PreAuthExpired)
		})
	})
}

func TestVoid(t *testing.T) {
	t.Parallel()
	eachEngine(t, func(t *testing.T, w *world) {
		zero := map[string]string{"pos_receivable:1": "0.00", "bank_commission": "0.00", "sales": "0.00"}
		t.Run("sale_is_undone_and_unbooked", func(t *testing.T) {
			o := w.MustPay(t, w.Order(t, paymenttest.GoodCard))
			if _, err := w.TryVoid(t, o); err != nil {
				t.Fatal(err)
			}
			paymenttest.WantState(t, w.Now(t, o), payment.Voided)
			if diff := cmp.Diff(zero, w.WantBalanced(t, o)); diff != "" {
				t.Errorf("ledger (-want +got):\n%s", diff)
			}
			_, err := w.TryVoid(t, o)
			paymenttest.WantCode(t, err, fault.NotVoidable)
		})
		t.Run("captured_hold_is_undone", func(t *testing.T) {
			o := w.Hold(t, paymenttest.GoodCard)
			if _, err := w.TryCapture(t, o, "400.00"); err != nil {
				t.Fatal(err)
			}
			if _, err := w.TryVoid(t, o); err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(zero, w.WantBalanced(t, o)); diff != "" {
				t.Errorf("ledger (-want +got):\n%s", diff)
			}
		})
		t.Run("refunded_payment_is_not_voidable", func(t *testing.T) {
			o := w.MustPay(t, w.Order(t, paymenttest.GoodCard))
			if _, err := w.TryRefund(t, o, "1.00"); err != nil {
				t.Fatal(err)
			}
			_, err := w.TryVoid(t, o)
			paymenttest.WantCode(t, err, fault.NotVoidable)
		})
		t.Run("of_many_at_once_one_wins", func(t *testing.T) {
			o := w.MustPay(t, w.Order(t, paymenttest.GoodCard))
			if won := paymenttest.Race(8, func() bool { _, err := w.TryVoid(t, o); return err == nil }); won != 1 {
				t.Errorf("%d voids won", won)
			}
		})
	})
}

func TestRefund(t *testing.T) {
	t.Parallel()
	eachEngine(t, func(t *testing.T, w *world) {
		t.Run("many_parts_add_up_and_leave_nothing_in_the_books", func(t *testing.T) {
			c := w.Order(t, paymenttest.GoodCard)
			c.Installments = 3
			o := w.MustPay(t, c)
			for _, part := range []string{"345.01", "344.99", "0.03"} {
				if _, err := w.TryRefund(t, o, part); err != nil {
					t.Fatal(err)
				}
			}
			paymenttest.WantState(t, w.Now(t, o), payment.PartiallyRefunded)
			last, err := w.Refund(t.Context(), charge.Refund{Caller: w.Caller(), PaymentID: o.Payment.UUID})
			if err != nil {
				t.Fatal(err)
			}
			if last.Operation.Amount != paymenttest.Lira(t, "344.97") {
				t.Errorf("rest was %s", last.Operation.Amount)
			}
			paymenttest.WantState(t, w.Now(t, o), payment.Refunded)
			want := map[string]string{"pos_receivable:1": "0.00", "bank_commission": "0.00", "sales": "0.00", "customer_interest": "0.00"}
			if diff := cmp.Diff(want, w.WantBalanced(t, o)); diff != "" {
				t.Errorf("ledger (-want +got):\n%s", diff)
			}
		})
		t.Run("more_than_is_left_is_refused", func(t *testing.T) {
			o := w.MustPay(t, w.Order(t, paymenttest.GoodCard))
			if _, err := w.TryRefund(t, o, "999.99"); err != nil {
				t.Fatal(err)
			}
			_, err := w.TryRefund(t, o, "0.02")
			paymenttest.WantCode(t, err, fault.RefundAmountExceeded)
		})
		t.Run("hold_is_not_refundable", func(t *testing.T) {
			_, err := w.TryRefund(t, w.Hold(t, paymenttest.GoodCard), "1.00")
			paymenttest.WantCode(t, err, fault.NotRefundable)
		})
		t.Run("declined_refund_leaves_the_money_refundable", func(t *testing.T) {
			o := w.MustPay(t, w.Order(t, paymenttest.KeepMoneyCard))
			r, err := w.TryRefund(t, o, "1000.00")
			if err != nil {
				t.Fatal(err)
			}
			if r.Operation.Result.Reason != connector.RefundDecline {
				t.Errorf("reason %s", r.Operation.Result.Reason)
			}
			if p := w.Now(t, o); p.State != payment.Captured || !p.Refunding.IsZero() {
				t.Errorf("state %s, refunding %s", p.State, p.Refunding)
			}
		})
		t.Run("parts_at_once_never_exceed_the_whole", func(t *testing.T) {
			o := w.MustPay(t, w.Order(t, paymenttest.GoodCard))
			if won := paymenttest.Race(8, func() bool { _, err := w.TryRefund(t, o, "300.00"); return err == nil }); won != 3 {
				t.Errorf("%d refunds of 300.00 won, want 3", won)
			}
			if got := w.Now(t, o).Refunded; got != paymenttest.Lira(t, "900.00") {
				t.Errorf("refunded %s", got)
			}
		})
	})
}
