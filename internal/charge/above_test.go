package charge_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/vezne/vezne/internal/charge"
	"github.com/vezne/vezne/internal/connector"
	"github.com/vezne/vezne/internal/fault"
	"github.com/vezne/vezne/internal/money"
	"github.com/vezne/vezne/internal/payment"
	"github.com/vezne/vezne/internal/payment/paymenttest"
)

// half is how much above a hold a surface may let be captured.
const half money.Rate = 50_000_000

func (w *world) captureAbove(t *testing.T, o payment.Outcome, amount string, above money.Rate) (payment.Outcome, error) {
	t.Helper()
	return w.Capture(t.Context(), charge.Capture{
		Caller: w.Caller(), PaymentID: o.Payment.UUID, Amount: paymenttest.Lira(t, amount), Above: above,
	})
}

func TestCapture_above_the_hold(t *testing.T) {
	t.Parallel()
	onSQLite(t, func(t *testing.T, w *world) {
		t.Run("limit_is_fixed_with_the_hold", func(t *testing.T) {
			o := w.Hold(t, paymenttest.GoodCard)
			if want := paymenttest.Lira(t, "1500.00"); o.Payment.CaptureLimit != want || w.Now(t, o).CaptureLimit != want {
				t.Errorf("%s in the answer, %s stored", o.Payment.CaptureLimit, w.Now(t, o).CaptureLimit)
			}
			if sale := w.MustPay(t, w.Order(t, paymenttest.GoodCard)); !sale.Payment.CaptureLimit.IsZero() {
				t.Errorf("%s of a sale", sale.Payment.CaptureLimit)
			}
		})
		t.Run("caller_without_leave_stays_below_the_hold", func(t *testing.T) {
			o := w.Hold(t, paymenttest.GoodCard)
			_, err := w.captureAbove(t, o, "1000.01", 0)
			paymenttest.WantCode(t, err, fault.CaptureAmountExceeded)
			if _, err := w.captureAbove(t, o, "1000.00", 0); err != nil {
				t.Error(err)
			}
		})
		t.Run("bank_and_caller_let_it_and_all_of_it_is_booked_and_given_back", func(t *testing.T) {
			c := w.cart(t, payment.PhasePreAuthorization)
			c.Installments = 3
			o := w.MustPay(t, c) // 1035.00 held
			_, err := w.captureAbove(t, o, "1552.51", half)
			paymenttest.WantCode(t, err, fault.CaptureAmountExceeded)
			captured, err := w.captureAbove(t, o, "1552.50", half)
			if err != nil || captured.Payment.Paid != paymenttest.Lira(t, "1035.00") {
				t.Fatalf("paid %s, %v", captured.Payment.Paid, err)
			}
			want := map[string]string{"pos_receivable:1": "1507.63", "bank_commission": "44.87", "sales": "-1517.50", "customer_interest": "-35.00"}
			if diff := cmp.Diff(want, w.WantBalanced(t, o)); diff != "" {
				t.Errorf("ledger (-want +got):\n%s", diff)
			}
			w.wantItems(t, o, map[string][3]string{
				"book": {"931.50", "0.00", "0.00"}, "pen": {"465.75", "0.00", "0.00"}, "card": {"155.25", "0.00", "0.00"},
			})
			w.mustRefund(t, o, of(t, o, "pen", "465.75"))
			w.mustRefund(t, o)
			paymenttest.WantState(t, w.Now(t, o), payment.Refunded)
			if left := w.WantBalanced(t, o)["sales"]; left != "0.00" {
				t.Errorf("%s of sales are left", left)
			}
		})
		t.Run("what_was_taken_so_can_be_voided", func(t *testing.T) {
			o := w.Hold(t, paymenttest.GoodCard)
			if _, err := w.captureAbove(t, o, "1200.00", half); err != nil {
				t.Fatal(err)
			}
			if v, err := w.TryVoid(t, o); err != nil || v.Operation.Amount != paymenttest.Lira(t, "1200.00") {
				t.Fatalf("voided %s, %v", v.Operation.Amount, err)
			}
			paymenttest.WantState(t, w.Now(t, o), payment.Voided)
		})
	})
}

// TestCapture_above_the_hold_needs_the_bank holds that no caller goes further than the
// bank did when it granted the hold.
func TestCapture_above_the_hold_needs_the_bank(t *testing.T) {
	t.Parallel()
	onSQLite(t, func(t *testing.T, w *world) {
		bank := &paymenttest.Scripted{}
		w.Ask(t, bank)
		o := w.Hold(t, paymenttest.GoodCard)
		bank.Facts = connector.Rules{CaptureAbove: half}
		if _, err := w.captureAbove(t, o, "1000.01", half); fault.CodeOf(err) != fault.CaptureAmountExceeded {
			t.Errorf("above a hold of a bank that takes no more: %v", err)
		}
		if len(bank.Followed) != 0 {
			t.Errorf("the bank was asked for %v", bank.Followed)
		}
	})
}
