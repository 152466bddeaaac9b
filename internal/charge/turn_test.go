package charge_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/vezne/vezne/internal/charge"
	"github.com/vezne/vezne/internal/connector"
	"github.com/vezne/vezne/internal/fault"
	"github.com/vezne/vezne/internal/payment"
	"github.com/vezne/vezne/internal/payment/paymenttest"
	"github.com/vezne/vezne/internal/routing"
)

// followUps returns a payment's operations but for the charge, as kind and status.
func (w *world) followUps(t *testing.T, o payment.Outcome) string {
	t.Helper()
	d, err := w.Detail(t.Context(), paymenttest.DemoMerchant, o.Payment.UUID)
	if err != nil {
		t.Fatal(err)
	}
	var all []string
	for _, op := range d.Operations {
		if op.Kind != connector.Sale && op.Kind != connector.Authorize && op.Kind != connector.Capture {
			all = append(all, fmt.Sprintf("%s %s", op.Kind, op.Status))
		}
	}
	return strings.Join(all, ", ")
}

// captured returns a hold that was captured as a whole.
func (w *world) captured(t *testing.T) payment.Outcome {
	t.Helper()
	o, err := w.TryCapture(t, w.Hold(t, paymenttest.GoodCard), "1000.00")
	if err != nil {
		t.Fatal(err)
	}
	return o
}

// ask has the merchant void a payment, or refund the whole or a part of it, twice with
// one key: the second time gets the first answer.
func (w *world) ask(t *testing.T, what string, o payment.Outcome) {
	t.Helper()
	caller := w.Caller()
	caller.Key = paymenttest.KeyNamed(o.Payment.UUID.String())
	var answers [2]payment.Outcome
	for i := range answers {
		var err error
		switch what {
		case "void":
			answers[i], err = w.Void(t.Context(), charge.Void{Caller: caller, PaymentID: o.Payment.UUID})
		case "refund":
			answers[i], err = w.Refund(t.Context(), charge.Refund{Caller: caller, PaymentID: o.Payment.UUID})
		default:
			amount := paymenttest.Lira(t, "1.00")
			answers[i], err = w.Refund(t.Context(), charge.Refund{Caller: caller, PaymentID: o.Payment.UUID, Amount: amount})
		}
		if err != nil && fault.CodeOf(err) != fault.IdempotencyInProgress {
			t.Fatal(err)
		}
	}
	if a, b := answers[0].Operation, answers[1].Operation; a.Status.Final() && (a.ID != b.ID || !answers[1].Replayed) {
		t.Errorf("answered with operation %d and, asked again, with %d", a.ID, b.ID)
	}
}

// wantRefund holds that what was asked for as a refund is told as one, by the ask that
// answered it, whatever it went to the bank as; and that a void never is.
func (w *world) wantRefund(t *testing.T, o payment.Outcome, asked, operations string) {
	t.Helper()
	told, err := w.Refunds(t.Context(), paymenttest.DemoMerchant, o.Payment.ID)
	if err != nil {
		t.Fatal(err)
	}
	if asked == "void" {
		if len(told) != 0 {
			t.Errorf("a void is told as the refunds %+v", told)
		}
		return
	}
	d, err := w.Detail(t.Context(), paymenttest.DemoMerchant, o.Payment.UUID)
	if err != nil {
		t.Fatal(err)
	}
	last := d.Operations[len(d.Operations)-1]
	if len(told) != 1 || told[0].ID != last.AskID || told[0].Amount != last.Amount || told[0].Status != last.Status {
		t.Errorf("of %q is told %+v", operations, told)
	}
}

// TestVoidOrRefund holds what a merchant's void or refund of the whole goes to its bank
// as: by the bank's day, and turned once by what the bank says of it. The world's clock
// begins at noon UTC.
func TestVoidOrRefund(t *testing.T) {
	t.Parallel()
	open := connector.Rules{Day: connector.Day{Zone: time.UTC}}
	closed := connector.Rules{Day: connector.Day{Zone: time.UTC, End: 12*time.Hour + 30*time.Second}}
	always := closed
	always.VoidAfterDayEnd = true
	sameDay := open
	sameDay.RefundBeforeDayEnd = true
	settled, notSettled := paymenttest.Refusal(connector.AlreadySettled), paymenttest.Refusal(connector.RequiresDayEnd)
	ok, silent := paymenttest.Approval(), connector.Answer{}
	const void, refund, part = "void", "refund", "part"
	tests := map[string]struct {
		asked        string
		rules        connector.Rules
		void, refund connector.Answer
		want         string
		state        payment.State
	}{
		"void_while_the_day_is_open":       {void, open, ok, ok, "void approved", payment.Voided},
		"void_where_no_end_is_known":       {void, connector.Rules{}, ok, ok, "void approved", payment.Voided},
		"void_after_the_day_is_a_refund":   {void, closed, settled, ok, "refund approved", payment.Refunded},
		"void_where_the_bank_always_can":   {void, always, ok, ok, "void approved", payment.Voided},
		"already_settled_is_refunded":      {void, open, settled, ok, "void declined, refund approved", payment.Refunded},
		"refund_on_another_day":            {refund, closed, settled, ok, "refund approved", payment.Refunded},
		"refund_on_the_day_is_a_void":      {refund, open, ok, notSettled, "void approved", payment.Voided},
		"refund_on_the_day_where_there_is": {refund, sameDay, ok, ok, "refund approved", payment.Refunded},
		"not_settled_yet_is_voided":        {refund, connector.Rules{}, ok, notSettled, "refund declined, void approved", payment.Voided},
		"turned_once":                      {void, open, settled, notSettled, "void declined, refund declined", payment.Captured},
		"another_refusal_turns_nothing":    {void, open, paymenttest.Refusal(connector.DoNotHonour), ok, "void declined", payment.Captured},
		"silence_turns_nothing":            {void, open, silent, ok, "void unknown", payment.Captured},
		"a_part_turns_nothing":             {part, connector.Rules{}, ok, notSettled, "refund declined", payment.Captured},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			onSQLite(t, func(t *testing.T, w *world) {
				bank := &paymenttest.Scripted{Facts: tt.rules}
				bank.Inquiry = func(connector.Inquiry) (connector.Finding, error) { return connector.Finding{}, nil }
				w.Ask(t, bank)
				for _, o := range []payment.Outcome{w.MustPay(t, w.Order(t, paymenttest.GoodCard)), w.captured(t)} {
					bank.FollowUp = func(f connector.FollowUp) (connector.Answer, error) {
						if (f.Original.Capture != nil) != (o.Payment.Phase == payment.PhasePreAuthorization) {
							t.Errorf("%s was about %+v", f.Kind, f.Original)
						}
						if f.Kind == connector.Void {
							return tt.void, nil
						}
						return tt.refund, nil
					}
					w.Clock.Advance(time.Minute)
					w.ask(t, tt.asked, o)
					if got := w.followUps(t, o); got != tt.want {
						t.Errorf("%s: operations: %s; want %s", o.Payment.Phase, got, tt.want)
					}
					w.wantRefund(t, o, tt.asked, tt.want)
					paymenttest.WantState(t, w.Now(t, o), tt.state)
					if left := w.WantBalanced(t, o)["sales"]; (left == "0.00") != (tt.state != payment.Captured) {
						t.Errorf("%s: %s of sales are left of a payment that is %s", o.Payment.Phase, left, tt.state)
					}
				}
			})
		})
	}
}

// TestVoidLeavesHold holds that what a bank still holds after the void of a capture is
// freed by a void of its own, once, and again if the first found no answer.
func TestVoidLeavesHold(t *testing.T) {
	t.Parallel()
	onSQLite(t, func(t *testing.T, w *world) {
		bank := &paymenttest.Scripted{Facts: connector.Rules{VoidLeavesHold: true}}
		w.Ask(t, bank)
		o := w.captured(t)
		bank.Followed = nil
		if _, err := w.TryVoid(t, o); err != nil {
			t.Fatal(err)
		}
		paymenttest.WantState(t, w.Now(t, o), payment.Voided)
		bank.FollowUp = func(connector.FollowUp) (connector.Answer, error) {
			return connector.Answer{Outcome: connector.Unsent}, nil
		}
		w.RunJobs(t)
		bank.FollowUp = nil
		w.Clock.Advance(time.Hour)
		w.RunJobs(t)
		w.RunJobs(t)
		if got, want := w.followUps(t, o), "void approved, void unsent, void approved"; got != want {
			t.Errorf("operations: %s; want %s", got, want)
		}
		if len(bank.Followed) != 3 || bank.Followed[0].Original.Capture == nil || bank.Followed[2].Original.Capture != nil {
			t.Errorf("the bank was asked for %+v", bank.Followed)
		}
		paymenttest.WantState(t, w.Now(t, o), payment.Voided)
		w.WantBalanced(t, o)
	})
}

// TestVoidFreesHold holds that nothing more is asked of a bank whose void does.
func TestVoidFreesHold(t *testing.T) {
	t.Parallel()
	onSQLite(t, func(t *testing.T, w *world) {
		bank := &paymenttest.Scripted{}
		w.Ask(t, bank)
		o := w.captured(t)
		if _, err := w.TryVoid(t, o); err != nil {
			t.Fatal(err)
		}
		w.RunJobs(t)
		if got := w.followUps(t, o); got != "void approved" {
			t.Errorf("operations: %s", got)
		}
	})
}

// TestHoldNeedsCapturer holds that no amount is held where nothing could be captured.
func TestHoldNeedsCapturer(t *testing.T) {
	t.Parallel()
	onSQLite(t, func(t *testing.T, w *world) {
		bank := &paymenttest.Scripted{}
		w.AskThrough(t, struct{ connector.Connector }{bank})
		c := w.Order(t, paymenttest.GoodCard)
		c.Phase = payment.PhasePreAuthorization
		o := w.MustPay(t, c)
		paymenttest.WantState(t, o.Payment, payment.Declined)
		if o.Payment.Result.Reason != connector.NoPOSAvailable || len(bank.Charged) != 0 {
			t.Errorf("%s, and the bank was asked for %v", o.Payment.Result.Reason, bank.Charged)
		}
		for _, r := range o.Payment.Routing.Rejected {
			if r.Alias == o.Payment.POSAlias && r.Reason != routing.NoHolds {
				t.Errorf("rejected for %s", r.Reason)
			}
		}
		paymenttest.WantState(t, w.MustPay(t, w.Order(t, paymenttest.GoodCard)).Payment, payment.Captured)
	})
}
