package threeds_test

import (
	"strings"
	"testing"
	"time"

	"github.com/vezne/vezne/internal/connector"
	"github.com/vezne/vezne/internal/payment"
	"github.com/vezne/vezne/internal/payment/paymenttest"
)

// remembering is a bank that gives a memo with each of its answers.
func remembering() *paymenttest.Scripted {
	return &paymenttest.Scripted{
		Enrolment: func(connector.Enrolment) (connector.Enrolled, error) {
			a := paymenttest.Approval()
			a.Memo, a.BankCode, a.BankMessage = connector.Memo("enrolled"), "00", "welcome"
			return connector.Enrolled{Answer: a, Way: connector.Way{Form: connector.Form{Action: "https://bank.example/acs"}}}, nil
		},
		Return: func(c connector.Charge) (connector.Authentication, error) {
			return connector.Authentication{Reference: c.Reference, MDStatus: 1, Memo: connector.Memo("returned")}, nil
		},
		Charge: func(connector.Charge) (connector.Answer, error) {
			a := paymenttest.Approval()
			a.Memo = connector.Memo("approved")
			return a, nil
		},
	}
}

// TestMemo holds that a connector gets back what it gave: the enrolment's memo with
// the return, the return's with the charge, the charge's with follow-ups.
func TestMemo(t *testing.T) {
	t.Parallel()
	onSQLite(t, func(t *testing.T, w *world) {
		t.Run("each_step_gets_the_one_before", func(t *testing.T) {
			bank := remembering()
			w.Ask(t, bank)
			e := w.MustEnrol(t, w.Enrolment(t, paymenttest.GoodCard))
			r, err := w.Back(t, bank)
			if err != nil {
				t.Fatal(err)
			}
			if again, err := w.Back(t, bank); err != nil || again.SecurityKey != r.SecurityKey {
				t.Fatalf("the same return again: %+v, %v", again, err)
			}
			o := w.MustComplete(t, e, r.SecurityKey)
			paymenttest.WantState(t, o.Payment, payment.Captured)
			if _, err := w.TryRefund(t, o, "10.00"); err != nil {
				t.Fatal(err)
			}
			got := []string{string(bank.Returned[0]), string(bank.Returned[1]), string(bank.Proven[0].Memo), string(bank.Followed[0].Original.Memo)}
			if text := strings.Join(got, " "); text != "enrolled enrolled returned approved" {
				t.Errorf("the bank got back %s", text)
			}
			if strings.Contains(string(o.Operation.SealedMemo), "approved") || len(o.Operation.SealedMemo) == 0 {
				t.Errorf("the memo is kept as %q", o.Operation.SealedMemo)
			}
			told := bank.Enrolled[0].Charge
			if told.Order != e.Payment.OrderRef || len(told.Items) != 1 || told.Items[0].Amount != told.Price {
				t.Errorf("the bank was told %+v", told)
			}
		})
		t.Run("enrolment_of_a_payer_who_never_returns_is_asked_about_with_its_memo", func(t *testing.T) {
			bank := remembering()
			bank.Inquiry = func(connector.Inquiry) (connector.Finding, error) { return connector.Finding{Missing: true}, nil }
			w.Ask(t, bank)
			w.MustEnrol(t, w.Enrolment(t, paymenttest.GoodCard))
			w.Clock.Advance(31 * time.Minute)
			w.RunJobs(t)
			w.RunJobs(t)
			if len(bank.Inquired) == 0 || string(bank.Inquired[0].Memo) != "enrolled" {
				t.Errorf("the bank was asked %+v", bank.Inquired)
			}
		})
		t.Run("bank's_words_to_the_enrolment_are_kept", func(t *testing.T) {
			w.Ask(t, remembering())
			e := w.MustEnrol(t, w.Enrolment(t, paymenttest.GoodCard))
			session, err := w.Store.SessionOf(t.Context(), e.Payment.MerchantID, e.Payment.ID)
			if err != nil || session.BankCode != "00" || session.BankMessage != "welcome" {
				t.Errorf("kept %q, %q, %v", session.BankCode, session.BankMessage, err)
			}
		})
	})
}
