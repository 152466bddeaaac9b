package operation_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/vezne/vezne/internal/connector"
	"github.com/vezne/vezne/internal/payment"
	"github.com/vezne/vezne/internal/payment/paymenttest"
)

// undoWorld is a payment that was called declined and that its bank has approved.
type undoWorld struct {
	*world
	bank *paymenttest.Scripted
	paid payment.Outcome
}

// newUndo leaves the payment to its late check. The world's clock begins at noon UTC.
func newUndo(t *testing.T, w *world, phase payment.Phase, rules connector.Rules) undoWorld {
	t.Helper()
	late := false
	u := undoWorld{world: w, bank: &paymenttest.Scripted{Facts: rules}}
	u.bank.Charge = func(connector.Charge) (connector.Answer, error) { return connector.Answer{}, errSilent }
	u.bank.Inquiry = func(q connector.Inquiry) (connector.Finding, error) {
		switch {
		case q.Kind != connector.Sale && q.Kind != connector.Authorize:
			return connector.Finding{}, nil
		case late:
			return connector.Finding{Answer: paymenttest.Approval()}, nil
		}
		return connector.Finding{Missing: true}, nil
	}
	w.Ask(t, u.bank)
	c := w.Order(t, paymenttest.GoodCard)
	c.Phase = phase
	u.paid = w.MustPay(t, c)
	w.Later(t, 20*time.Second)
	paymenttest.WantState(t, w.Now(t, u.paid), payment.Declined)
	late = true
	w.Clock.Advance(time.Minute)
	return u
}

// shown returns the payment's operations, as kind and status.
func (u undoWorld) shown(t *testing.T) string {
	t.Helper()
	d, err := u.Detail(t.Context(), paymenttest.DemoMerchant, u.paid.Payment.UUID)
	if err != nil {
		t.Fatal(err)
	}
	if d.Payment.State != payment.Declined || len(d.Postings) != 0 || !d.Payment.Refunded.IsZero() || !d.Payment.Refunding.IsZero() {
		t.Errorf("the payment is %s, %d postings", d.Payment.State, len(d.Postings))
	}
	all := make([]string, len(d.Operations))
	for i, o := range d.Operations {
		all[i] = fmt.Sprintf("%s %s", o.Kind, o.Status)
	}
	if held := d.Operations[0].Status == payment.OperationDeclined; d.Payment.Unclear != held {
		t.Errorf("the bank holds money: %t; unclear: %t", held, d.Payment.Unclear)
	}
	return strings.Join(all, ", ")
}

// TestUndo holds how a late charge is undone: by the bank's day, and turned once by
// what the bank says of it.
func TestUndo(t *testing.T) {
	t.Parallel()
	open := connector.Rules{Day: connector.Day{Zone: time.UTC}}
	closed := connector.Rules{Day: connector.Day{Zone: time.UTC, End: 12*time.Hour + 30*time.Second}}
	always := closed
	always.VoidAfterDayEnd = true
	settled, notSettled := paymenttest.Refusal(connector.AlreadySettled), paymenttest.Refusal(connector.RequiresDayEnd)
	ok := paymenttest.Approval()
	tests := map[string]struct {
		phase        payment.Phase
		rules        connector.Rules
		void, refund connector.Answer
		want         string
	}{
		"void_while_the_day_is_open":         {payment.PhaseSale, open, ok, ok, "sale reversed, void approved"},
		"void_where_no_day's_end_is_known":   {payment.PhaseSale, connector.Rules{}, ok, ok, "sale reversed, void approved"},
		"refund_after_the_day's_end":         {payment.PhaseSale, closed, settled, ok, "sale reversed, refund approved"},
		"void_where_the_bank_always_can":     {payment.PhaseSale, always, ok, ok, "sale reversed, void approved"},
		"hold_is_voided_whatever_the_day":    {payment.PhasePreAuthorization, closed, ok, ok, "authorize reversed, void approved"},
		"already_settled_turns_into_refund":  {payment.PhaseSale, open, settled, ok, "sale reversed, void declined, refund approved"},
		"not_settled_yet_turns_into_void":    {payment.PhaseSale, closed, ok, notSettled, "sale reversed, refund declined, void approved"},
		"turned_once":                        {payment.PhaseSale, open, settled, notSettled, "sale declined, void declined, refund declined"},
		"other_refusal_turns_nothing":        {payment.PhaseSale, open, paymenttest.Refusal(connector.DoNotHonour), ok, "sale declined, void declined"},
		"hold_that_is_settled_turns_nothing": {payment.PhasePreAuthorization, open, settled, ok, "authorize declined, void declined"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			onSQLite(t, func(t *testing.T, w *world) {
				u := newUndo(t, w, tt.phase, tt.rules)
				u.bank.FollowUp = func(f connector.FollowUp) (connector.Answer, error) {
					if f.Original.TransactionID != "T1" || f.Amount != f.Original.Amount {
						t.Errorf("asked for %+v", f)
					}
					if f.Kind == connector.Void {
						return tt.void, nil
					}
					return tt.refund, nil
				}
				w.RunJobs(t)
				if got := u.shown(t); got != tt.want {
					t.Errorf("operations: %s; want %s", got, tt.want)
				}
			})
		})
	}
}

// TestUndoOfUnknownOutcome holds that nothing else is tried while it is not known
// whether the money is back.
func TestUndoOfUnknownOutcome(t *testing.T) {
	t.Parallel()
	onSQLite(t, func(t *testing.T, w *world) {
		u := newUndo(t, w, payment.PhaseSale, connector.Rules{Day: connector.Day{Zone: time.UTC, End: 13 * time.Hour}})
		u.bank.FollowUp = func(connector.FollowUp) (connector.Answer, error) { return connector.Answer{}, errSilent }
		w.RunJobs(t)
		w.Clock.Advance(2 * time.Hour) // past the day's end
		w.RunJobs(t)
		if got := u.shown(t); got != "sale declined, void unknown" {
			t.Fatalf("operations: %s", got)
		}
		u.bank.Inquiry = func(connector.Inquiry) (connector.Finding, error) {
			return connector.Finding{Answer: paymenttest.Approval()}, nil
		}
		w.Later(t, time.Hour)
		w.Clock.Advance(time.Hour)
		w.RunJobs(t)
		if got := u.shown(t); got != "sale reversed, void approved" {
			t.Errorf("operations: %s", got)
		}
	})
}

// TestUnclearOfSilentBank holds that a payment whose bank may hold money is asked about
// for as long as the bank says nothing: nobody else would.
func TestUnclearOfSilentBank(t *testing.T) {
	t.Parallel()
	onSQLite(t, func(t *testing.T, w *world) {
		u := newUndo(t, w, payment.PhaseSale, connector.Rules{})
		answers := u.bank.Inquiry
		u.bank.Inquiry = func(connector.Inquiry) (connector.Finding, error) { return connector.Finding{}, errSilent }
		p := w.Now(t, u.paid)
		p.Unclear = true
		p.MarkChanged(w.Clock.Now())
		if err := w.Store.InTx(t.Context(), func(tx payment.Tx) { tx.SavePayment(p) }); err != nil {
			t.Fatal(err)
		}
		for range 60 { // more often than a job may fail
			w.Clock.Advance(2 * time.Hour)
			w.RunJobs(t)
		}
		if p := w.Now(t, u.paid); !p.Unclear {
			t.Fatal("a silent bank made it clear")
		}
		u.bank.Inquiry = answers
		w.Clock.Advance(2 * time.Hour)
		w.RunJobs(t)
		if got := u.shown(t); got != "sale reversed, void approved" {
			t.Errorf("operations: %s", got)
		}
		if p := w.Now(t, u.paid); p.Unclear {
			t.Error("it is unclear still")
		}
	})
}
