package charge_test

import (
	"fmt"
	"sync/atomic"
	"testing"

	"github.com/vezne/vezne/internal/card"
	"github.com/vezne/vezne/internal/charge"
	"github.com/vezne/vezne/internal/fault"
	"github.com/vezne/vezne/internal/payment"
	"github.com/vezne/vezne/internal/payment/paymenttest"
)

// declineCrowd is how many attempts come at once, and maxDeclines how many of them a
// bank may decline.
const (
	declineCrowd = 200
	maxDeclines  = 20
)

// TestDeclinedCard_crowd guesses at once what TestDeclinedCard guesses in a row.
func TestDeclinedCard_crowd(t *testing.T) {
	t.Parallel()
	for name, guess := range map[string]func(t *testing.T, c *charge.Pay, n int){
		"one_code": func(*testing.T, *charge.Pay, int) {},
		"many_codes": func(t *testing.T, c *charge.Pay, n int) {
			t.Helper()
			var err error
			if c.Card.CVV, err = card.ParseCVV(fmt.Sprintf("%03d", n)); err != nil {
				t.Fatal(err)
			}
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			onSQLite(t, func(t *testing.T, w *world) {
				var orders []charge.Pay
				for n := range declineCrowd {
					c := w.Order(t, paymenttest.PoorCard)
					guess(t, &c, n)
					orders = append(orders, c)
				}
				var next, declined, refused atomic.Int32
				paymenttest.Race(declineCrowd, func() bool {
					o, err := w.Pay(t.Context(), orders[next.Add(1)-1])
					switch {
					case err == nil && o.Payment.State == payment.Declined:
						declined.Add(1)
					case fault.CodeOf(err) == fault.TooManyRequests:
						refused.Add(1)
					}
					return true
				})
				if declined.Load() != maxDeclines || declined.Load()+refused.Load() != declineCrowd {
					t.Errorf("%d were declined and %d refused of %d", declined.Load(), refused.Load(), declineCrowd)
				}
			})
		})
	}
	t.Run("what_the_bank_takes_is_never_refused", func(t *testing.T) {
		t.Parallel()
		onSQLite(t, func(t *testing.T, w *world) {
			var orders []charge.Pay
			for range declineCrowd {
				orders = append(orders, w.Order(t, paymenttest.GoodCard))
			}
			var next atomic.Int32
			captured := paymenttest.Race(declineCrowd, func() bool {
				o, err := w.Pay(t.Context(), orders[next.Add(1)-1])
				return err == nil && o.Payment.State == payment.Captured
			})
			if captured != declineCrowd {
				t.Errorf("%d of %d were captured", captured, declineCrowd)
			}
		})
	})
	t.Run("what_asks_no_bank_costs_nothing", func(t *testing.T) {
		t.Parallel()
		onSQLite(t, func(t *testing.T, w *world) {
			paid := w.Order(t, paymenttest.GoodCard)
			paymenttest.WantState(t, w.MustPay(t, paid).Payment, payment.Captured)
			for range 2 * maxDeclines { // the order is paid, and asked for in another way
				again := paid
				again.Installments = 3
				_, err := w.Pay(t.Context(), again)
				paymenttest.WantCode(t, err, fault.OrderAlreadyPaid)
			}
			paymenttest.WantState(t, w.MustPay(t, w.Order(t, paymenttest.GoodCard)).Payment, payment.Captured)
		})
	})
}
