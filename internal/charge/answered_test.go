package charge_test

import (
	"context"
	"errors"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/vezne/vezne/internal/charge"
	"github.com/vezne/vezne/internal/id"
	"github.com/vezne/vezne/internal/money"
	"github.com/vezne/vezne/internal/operation"
	"github.com/vezne/vezne/internal/payment/paymenttest"
	"github.com/vezne/vezne/internal/routing"
	"github.com/vezne/vezne/internal/storage"
)

// noTables is a routing table that cannot be read.
type noTables struct{}

func (noTables) Table(context.Context, id.Merchant) (*routing.Table, error) {
	return nil, errors.New("away")
}

// TestWatch holds that every command and every inquiry is told once, as what it
// came to.
func TestWatch(t *testing.T) {
	t.Parallel()
	w := paymenttest.NewWorld(t, storage.SQLite)
	var mu sync.Mutex
	var told []string
	w.Change(func(p *paymenttest.Parts) {
		p.OnAnswer = func(a charge.Answered) {
			mu.Lock()
			defer mu.Unlock()
			told = append(told, string(a.Surface)+" "+string(a.Command)+" "+a.Connector+" "+string(a.Ending))
		}
		p.OnResolve = func(r operation.Resolved) {
			mu.Lock()
			defer mu.Unlock()
			told = append(told, "resolver "+r.Connector+" "+string(r.Resolution))
		}
	})
	told = nil
	want := func(t *testing.T, lines ...string) {
		t.Helper()
		mu.Lock()
		defer mu.Unlock()
		if diff := cmp.Diff(lines, told); diff != "" {
			t.Error(diff)
		}
		told = slices.Delete(told, 0, len(told))
	}

	t.Run("approved_and_followed_up", func(t *testing.T) {
		o := w.Hold(t, paymenttest.GoodCard)
		if _, err := w.TryCapture(t, o, "10.00"); err != nil {
			t.Fatal(err)
		}
		if _, err := w.TryRefund(t, o, "1.00"); err != nil {
			t.Fatal(err)
		}
		want(t, "gateway pay sandbox approved", "gateway capture sandbox approved", "gateway refund sandbox approved")
	})
	t.Run("declined", func(t *testing.T) {
		w.MustPay(t, w.Order(t, paymenttest.PoorCard))
		want(t, "gateway pay sandbox declined")
	})
	t.Run("replayed", func(t *testing.T) {
		c := w.Order(t, paymenttest.GoodCard)
		w.MustPay(t, c)
		w.MustPay(t, c)
		want(t, "gateway pay sandbox approved", "gateway pay sandbox replayed")
	})
	t.Run("refused", func(t *testing.T) {
		c := w.Order(t, paymenttest.GoodCard)
		c.Price = money.Zero(money.TRY)
		if _, err := w.Pay(t.Context(), c); err == nil {
			t.Fatal("paid nothing")
		}
		want(t, "gateway pay none refused")
	})
	t.Run("pending_then_missing_at_the_bank", func(t *testing.T) {
		w.Misbehave(t, "reset_before_read")
		w.MustPay(t, w.Order(t, paymenttest.GoodCard))
		w.Misbehave(t)
		w.Clock.Advance(3 * time.Second)
		w.Resolver.Round(t.Context())
		w.Clock.Advance(10 * time.Second)
		w.Resolver.Round(t.Context())
		want(t, "gateway pay sandbox pending", "resolver sandbox unknown", "resolver sandbox missing")
	})
	t.Run("failed", func(t *testing.T) {
		blind := w.With(func(p *paymenttest.Parts) { p.Tables = noTables{} })
		if _, err := blind.Pay(t.Context(), w.Order(t, paymenttest.GoodCard)); err == nil {
			t.Fatal("paid without a routing table")
		}
		want(t, "gateway pay none failed")
	})
}
