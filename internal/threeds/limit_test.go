package threeds_test

import (
	"sync/atomic"
	"testing"
	"time"

	"github.com/vezne/vezne/internal/connector"
	"github.com/vezne/vezne/internal/fault"
	"github.com/vezne/vezne/internal/payment"
	"github.com/vezne/vezne/internal/payment/paymenttest"
	"github.com/vezne/vezne/internal/threeds"
)

// maxDeclines is how often a card may be declined before it has to wait.
const maxDeclines = 20

// TestDeclinedCard holds that 3-D Secure is no way around the limit of declines, in a
// row and at once.
func TestDeclinedCard(t *testing.T) {
	t.Parallel()
	t.Run("refused_enrolments_count", func(t *testing.T) {
		t.Parallel()
		onSQLite(t, func(t *testing.T, w *world) {
			for range maxDeclines {
				paymenttest.WantState(t, w.MustEnrol(t, w.Enrolment(t, paymenttest.InitFailsCard)).Payment, payment.Declined)
			}
			_, err := w.Enrol(t.Context(), w.Enrolment(t, paymenttest.InitFailsCard))
			paymenttest.WantCode(t, err, fault.TooManyRequests)
			_, err = w.Pay(t.Context(), w.Order(t, paymenttest.InitFailsCard))
			paymenttest.WantCode(t, err, fault.TooManyRequests)
			w.MustEnrol(t, w.Enrolment(t, paymenttest.GoodCard))
		})
	})
	t.Run("refused_enrolments_of_a_crowd_count", func(t *testing.T) {
		t.Parallel()
		onSQLite(t, func(t *testing.T, w *world) {
			const crowd = 200
			var asked []threeds.Enrol
			for range crowd {
				asked = append(asked, w.Enrolment(t, paymenttest.InitFailsCard))
			}
			var next, declined, refused atomic.Int32
			paymenttest.Race(crowd, func() bool {
				e, err := w.Enrol(t.Context(), asked[next.Add(1)-1])
				switch {
				case err == nil && e.Payment.State == payment.Declined:
					declined.Add(1)
				case fault.CodeOf(err) == fault.TooManyRequests:
					refused.Add(1)
				}
				return true
			})
			if declined.Load() != maxDeclines || declined.Load()+refused.Load() != crowd {
				t.Errorf("%d were declined and %d refused of %d", declined.Load(), refused.Load(), crowd)
			}
		})
	})
	t.Run("enrolments_that_succeed_do_not_count", func(t *testing.T) {
		t.Parallel()
		onSQLite(t, func(t *testing.T, w *world) {
			for range 2 * maxDeclines {
				paymenttest.WantState(t, w.MustEnrol(t, w.Enrolment(t, paymenttest.GoodCard)).Payment, payment.Enrolled)
			}
		})
	})
	t.Run("completions_of_a_crowd_count_and_can_be_tried_later", func(t *testing.T) {
		t.Parallel()
		onSQLite(t, func(t *testing.T, w *world) {
			const crowd = maxDeclines + 10
			var completions []threeds.Complete
			for range crowd {
				e, r := w.Authenticated(t, w.Enrolment(t, paymenttest.CompleteFailsCard))
				completions = append(completions, w.Completion(e, r.SecurityKey))
			}
			var next atomic.Int32
			var refused [crowd]bool
			declined := paymenttest.Race(crowd, func() bool {
				n := next.Add(1) - 1
				o, err := w.Complete(t.Context(), completions[n])
				refused[n] = fault.CodeOf(err) == fault.TooManyRequests && err != nil
				return err == nil && o.Payment.Result.Reason == connector.NotSufficientFunds
			})
			if declined != maxDeclines {
				t.Errorf("%d of %d were declined", declined, crowd)
			}
			w.Clock.Advance(time.Minute) // all tokens are back
			for n, again := range refused {
				if !again {
					continue
				}
				o, err := w.Complete(t.Context(), completions[n])
				if err != nil || o.Payment.Result.Reason != connector.NotSufficientFunds {
					t.Errorf("later: %v, %s", err, o.Payment.Result.Reason)
				}
			}
		})
	})
}
