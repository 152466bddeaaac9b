package operation_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/vezne/vezne/internal/connector"
	"github.com/vezne/vezne/internal/payment"
	"github.com/vezne/vezne/internal/payment/paymenttest"
	"github.com/vezne/vezne/internal/vault"
)

// lockedSealer is a vault whose keys cannot be had.
type lockedSealer struct{ vault.Sealer }

func (lockedSealer) Seal(context.Context, vault.Subject, []byte) ([]byte, error) {
	return nil, errors.New("the keys are away")
}

// TestOriginal holds that a bank is told everything about what a follow-up follows.
func TestOriginal(t *testing.T) {
	t.Parallel()
	onSQLite(t, func(t *testing.T, w *world) {
		memo := func(text string) (connector.Answer, error) {
			a := paymenttest.Approval()
			a.Memo, a.TransactionID = connector.Memo(text), text
			return a, nil
		}
		bank := &paymenttest.Scripted{
			Charge:   func(connector.Charge) (connector.Answer, error) { return memo("hold") },
			FollowUp: func(f connector.FollowUp) (connector.Answer, error) { return memo(string(f.Kind)) },
		}
		w.Ask(t, bank)
		t.Run("hold_and_its_capture", func(t *testing.T) {
			o := w.Hold(t, paymenttest.GoodCard)
			if _, err := w.TryCapture(t, o, "600.00"); err != nil {
				t.Fatal(err)
			}
			if _, err := w.TryRefund(t, o, "100.00"); err != nil {
				t.Fatal(err)
			}
			captured, refunded := bank.Followed[0].Original, bank.Followed[1].Original
			if captured.Capture != nil || captured.Kind != connector.Authorize || string(captured.Memo) != "hold" ||
				captured.Order != o.Payment.OrderRef || captured.Installments != 1 || captured.Amount != paymenttest.Lira(t, "1000.00") {
				t.Errorf("the capture was about %+v", captured)
			}
			if c := refunded.Capture; c == nil || string(c.Memo) != "capture" || c.TransactionID != "capture" ||
				c.Amount != paymenttest.Lira(t, "600.00") || string(refunded.Memo) != "hold" {
				t.Errorf("the refund was about %+v", refunded)
			}
		})
		t.Run("approval_whose_memo_cannot_be_kept_is_unknown_until_it_can", func(t *testing.T) {
			sealer := w.Parts.Sealer
			w.Change(func(p *paymenttest.Parts) { p.Sealer = lockedSealer{sealer} })
			bank.Inquiry = func(connector.Inquiry) (connector.Finding, error) {
				a, err := memo("found")
				return connector.Finding{Answer: a}, err
			}
			o := w.MustPay(t, w.Order(t, paymenttest.GoodCard))
			if o.Operation.Status != payment.OperationUnknown {
				t.Fatalf("the operation is %s", o.Operation.Status)
			}
			w.Change(func(p *paymenttest.Parts) { p.Sealer = sealer })
			w.Later(t, 10*time.Second)
			paymenttest.WantState(t, w.Now(t, o), payment.Captured)
			if _, err := w.TryVoid(t, o); err != nil {
				t.Fatal(err)
			}
			if f := bank.Followed[len(bank.Followed)-1]; string(f.Original.Memo) != "found" {
				t.Errorf("the void was about %+v", f.Original)
			}
		})
	})
}
