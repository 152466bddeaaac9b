package operation_test

import (
	"context"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/vezne/vezne/internal/charge"
	"github.com/vezne/vezne/internal/payment"
	"github.com/vezne/vezne/internal/payment/paymenttest"
)

// slowStore needs a long time for its next commit, as a database does whose line
// is silent for a while.
type slowStore struct {
	payment.Store
	slow func()
	left atomic.Int64
}

func (s *slowStore) InTx(ctx context.Context, fn func(payment.Tx)) error {
	err := s.Store.InTx(ctx, fn)
	if s.left.Add(-1) == 0 {
		s.slow()
	}
	return err
}

// A request that leaves long after its operation was begun could reach the bank
// when the resolver has been told that there is no such request, and has said so
// to the merchant.
func TestSlowCommit(t *testing.T) {
	t.Parallel()
	onSQLite(t, func(t *testing.T, w *world) {
		slow := func(meanwhile func()) *paymenttest.Rooms {
			store := &slowStore{Store: w.Store, slow: func() { w.Clock.Advance(30 * time.Second); meanwhile() }}
			store.left.Store(1)
			return w.With(func(p *paymenttest.Parts) { p.Store = store })
		}
		resolve := func() { w.Resolver.Round(t.Context()) }
		nothing := func() {}
		unsent := func(t *testing.T, o payment.Operation) {
			t.Helper()
			if o.Status == payment.OperationApproved || strings.Contains(w.BankLedger(t), o.Reference) {
				t.Errorf("the %s was sent and is %s", o.Kind, o.Status)
			}
		}
		t.Run("sale_that_the_resolver_has_declined_is_not_sent", func(t *testing.T) {
			o, err := slow(resolve).Pay(t.Context(), w.Order(t, paymenttest.GoodCard))
			if err != nil {
				t.Fatal(err)
			}
			unsent(t, o.Operation)
			paymenttest.WantState(t, w.Now(t, o), payment.Declined)
		})
		t.Run("sale_is_not_sent_and_the_next_bank_is_asked", func(t *testing.T) {
			o, err := slow(nothing).Pay(t.Context(), w.Order(t, paymenttest.GoodCard))
			if err != nil {
				t.Fatal(err)
			}
			paymenttest.WantState(t, w.Now(t, o), payment.Captured)
			d, err := w.Detail(t.Context(), paymenttest.DemoMerchant, o.Payment.UUID)
			if err != nil {
				t.Fatal(err)
			}
			unsent(t, d.Operations[0])
		})
		for name, meanwhile := range map[string]func(){"resolver_was_faster": resolve, "resolver_was_slower": nothing} {
			t.Run("refund_is_not_sent_and_may_be_asked_for_again/"+name, func(t *testing.T) {
				o := w.MustPay(t, w.Order(t, paymenttest.GoodCard))
				r, err := slow(meanwhile).Refund(t.Context(), charge.Refund{Caller: w.Caller(), PaymentID: o.Payment.UUID, Amount: paymenttest.Lira(t, "700.00")})
				if err != nil {
					t.Fatal(err)
				}
				unsent(t, r.Operation)
				if _, err := w.TryRefund(t, o, "700.00"); err != nil {
					t.Fatal(err)
				}
				if p := w.Now(t, o); p.Refunded != paymenttest.Lira(t, "700.00") || !p.Refunding.IsZero() {
					t.Errorf("refunded %s, refunding %s", p.Refunded, p.Refunding)
				}
			})
		}
	})
}
