package payment_test

import (
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/vezne/vezne/internal/ledger"
	"github.com/vezne/vezne/internal/payment"
	"github.com/vezne/vezne/internal/payment/paymenttest"
)

// TestVerify_beside_payments holds that the books can be proven at any time.
func TestVerify_beside_payments(t *testing.T) {
	t.Parallel()
	paymenttest.EachEngine(t, func(t *testing.T, w *paymenttest.World) {
		const callers, payments = 8, 12
		var busy sync.WaitGroup
		for range callers {
			busy.Go(func() {
				for range payments {
					o, err := w.Pay(t.Context(), w.Order(t, paymenttest.GoodCard))
					if err == nil {
						_, err = w.TryRefund(t, o, "10.00")
					}
					if err == nil {
						_, err = w.TryRefund(t, o, "20.00")
					}
					if err != nil {
						t.Error(err)
					}
				}
			})
		}
		done := make(chan struct{})
		go func() { busy.Wait(); close(done) }()
		for over := false; !over; {
			select {
			case <-done:
				over = true // and once more, of all of them
			default:
			}
			if found := w.Findings(t.Context(), t); len(found) > 0 {
				t.Errorf("while payments are made: %v", found)
				<-done
				return
			}
		}
	})
}

// TestLedgerWords holds that the ledger, which knows no payments, has their words.
func TestLedgerWords(t *testing.T) {
	t.Parallel()
	t.Run("every_state_is_known_to_the_verifier", func(t *testing.T) {
		t.Parallel()
		var states []payment.State
		for _, s := range ledger.States() {
			states = append(states, payment.State(s))
		}
		if diff := cmp.Diff(payment.States(), states); diff != "" {
			t.Error(diff)
		}
	})
	t.Run("every_status_is_known_to_the_verifier", func(t *testing.T) {
		t.Parallel()
		want := []payment.Status{
			payment.OperationOpen, payment.OperationEnrolled, payment.OperationUnknown, payment.OperationApproved,
			payment.OperationDeclined, payment.OperationUnsent, payment.OperationReversed,
		}
		var statuses []payment.Status
		for _, s := range ledger.Statuses() {
			statuses = append(statuses, payment.Status(s))
		}
		if diff := cmp.Diff(want, statuses); diff != "" {
			t.Error(diff)
		}
	})
}
