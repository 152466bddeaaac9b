package charge_test

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/vezne/vezne/internal/charge"
	"github.com/vezne/vezne/internal/connector"
	"github.com/vezne/vezne/internal/id"
	"github.com/vezne/vezne/internal/money"
	"github.com/vezne/vezne/internal/payment"
	"github.com/vezne/vezne/internal/payment/paymenttest"
)

// TestRefunds holds that each refund of a payment is told by itself: by the id that its
// answer gave, with how it ended.
func TestRefunds(t *testing.T) {
	t.Parallel()
	eachEngine(t, func(t *testing.T, w *world) {
		bank := &paymenttest.Scripted{Facts: connector.Rules{RefundBeforeDayEnd: true}}
		bank.Inquiry = func(connector.Inquiry) (connector.Finding, error) { return connector.Finding{}, nil }
		w.Ask(t, bank)
		o := w.MustPay(t, w.Order(t, paymenttest.GoodCard))
		var want []payment.Refund
		for i, says := range []connector.Answer{
			paymenttest.Approval(), {}, paymenttest.Refusal(connector.DoNotHonour), {Outcome: connector.Unsent},
		} {
			w.Clock.Advance(time.Minute)
			bank.FollowUp = func(connector.FollowUp) (connector.Answer, error) { return says, nil }
			amount := paymenttest.Lira(t, []string{"1.00", "1.00", "2.00", "2.00"}[i])
			r, err := w.Refund(t.Context(), charge.Refund{Caller: w.Caller(), PaymentID: o.Payment.UUID, Amount: amount})
			if err != nil {
				t.Fatal(err)
			}
			want = append([]payment.Refund{{
				ID: r.Operation.AskID, Amount: amount, Status: r.Operation.Status, AskedAt: r.Operation.StartedAt,
			}}, want...)
		}
		if want[3].Status != payment.OperationApproved || want[2].Status != payment.OperationUnknown ||
			want[1].Status != payment.OperationDeclined || want[0].Status != payment.OperationUnsent {
			t.Fatalf("the refunds ended as %+v", want)
		}
		got, err := w.Refunds(t.Context(), paymenttest.DemoMerchant, o.Payment.ID)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(want, got, cmpopts.EquateComparable(money.Amount{})); diff != "" {
			t.Errorf("refunds (-want +got):\n%s", diff)
		}
		if got, err = w.Refunds(t.Context(), id.Merchant(2), o.Payment.ID); err != nil || len(got) != 0 {
			t.Errorf("another merchant is told %v, %v", got, err)
		}
		w.WantBalanced(t, o)
	})
}

// TestRefundsAreBounded holds that of a payment with very many refunds the newest are
// told.
func TestRefundsAreBounded(t *testing.T) {
	t.Parallel()
	onSQLite(t, func(t *testing.T, w *world) {
		w.Ask(t, &paymenttest.Scripted{Facts: connector.Rules{RefundBeforeDayEnd: true}})
		o := w.MustPay(t, w.Order(t, paymenttest.GoodCard))
		var last id.Operation
		for range charge.MaxRefunds + 3 {
			r, err := w.TryRefund(t, o, "0.01")
			if err != nil {
				t.Fatal(err)
			}
			last = r.Operation.AskID
		}
		told, err := w.Refunds(t.Context(), paymenttest.DemoMerchant, o.Payment.ID)
		if err != nil || len(told) != charge.MaxRefunds || told[0].ID != last {
			t.Errorf("%d refunds, %v; the newest is %d, want %d", len(told), err, told[0].ID, last)
		}
	})
}
