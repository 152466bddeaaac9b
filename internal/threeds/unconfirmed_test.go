package threeds_test

import (
	"fmt"
	"testing"

	"github.com/vezne/vezne/internal/connector"
	"github.com/vezne/vezne/internal/fault"
	"github.com/vezne/vezne/internal/payment"
	"github.com/vezne/vezne/internal/payment/paymenttest"
)

// TestUnconfirmedReturn holds that a return which the bank did not confirm decides
// nothing: the same return counts when it comes again.
func TestUnconfirmedReturn(t *testing.T) {
	t.Parallel()
	onSQLite(t, func(t *testing.T, w *world) {
		silent := true
		bank := &paymenttest.Scripted{Return: func(c connector.Charge) (connector.Authentication, error) {
			if silent {
				return connector.Authentication{}, fmt.Errorf("explain return: %w", connector.ErrUnconfirmedReturn)
			}
			return connector.Authentication{Reference: c.Reference, MDStatus: 1}, nil
		}}
		w.Ask(t, bank)
		e := w.MustEnrol(t, w.Enrolment(t, paymenttest.GoodCard))
		_, err := w.Back(t, bank)
		paymenttest.WantCode(t, err, fault.ServiceUnavailable)
		if p := w.Now(t, e.Outcome); p.State != payment.Enrolled || p.Version != e.Payment.Version {
			t.Errorf("the payment is %s in version %d", p.State, p.Version)
		}
		silent = false
		r, err := w.Back(t, bank)
		if err != nil {
			t.Fatal(err)
		}
		paymenttest.WantState(t, w.MustComplete(t, e, r.SecurityKey).Payment, payment.Captured)
	})
}
