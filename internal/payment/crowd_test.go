package payment_test

import (
	"testing"
	"time"

	"github.com/vezne/vezne/internal/payment"
)

func TestCrowd(t *testing.T) {
	t.Parallel()
	eachEngine(t, func(t *testing.T, w *world) {
		t.Run("many_refunds_at_once_are_all_concluded", func(t *testing.T) {
			o := w.mustPay(t, w.order(t, goodCard))
			const callers = 48
			concluded := race(callers, func() bool {
				r, err := w.refund(t, o, "10.00")
				return err == nil && r.Operation.Status == payment.OperationApproved
			})
			if concluded != callers {
				t.Errorf("%d of %d refunds were concluded at once", concluded, callers)
			}
			w.later(t, time.Minute)
			if p := w.now(t, o); p.Refunded != lira(t, "480.00") || !p.Refunding.IsZero() {
				t.Errorf("refunded %s, refunding %s", p.Refunded, p.Refunding)
			}
		})
	})
}
