package charge_test

import (
	"testing"
	"time"

	"github.com/vezne/vezne/internal/fault"
	"github.com/vezne/vezne/internal/payment"
	"github.com/vezne/vezne/internal/payment/paymenttest"
)

func TestCrowd(t *testing.T) {
	t.Parallel()
	eachEngine(t, func(t *testing.T, w *world) {
		t.Run("many_refunds_at_once_are_all_concluded", func(t *testing.T) {
			o := w.MustPay(t, w.Order(t, paymenttest.GoodCard))
			const callers = 48
			concluded := paymenttest.Race(callers, func() bool {
				r, err := w.TryRefund(t, o, "10.00")
				for fault.CodeOf(err) == fault.OperationInProgress && t.Context().Err() == nil { // a busy machine: as told, try again
					r, err = w.TryRefund(t, o, "10.00")
				}
				return err == nil && r.Operation.Status == payment.OperationApproved
			})
			if concluded != callers {
				t.Errorf("%d of %d refunds were concluded at once", concluded, callers)
			}
			w.Later(t, time.Minute)
			if p := w.Now(t, o); p.Refunded != paymenttest.Lira(t, "480.00") || !p.Refunding.IsZero() {
				t.Errorf("refunded %s, refunding %s", p.Refunded, p.Refunding)
			}
		})
	})
}
