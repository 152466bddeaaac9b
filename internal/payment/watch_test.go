package payment_test

import (
	"context"
	"errors"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/vezne/vezne/internal/id"
	"github.com/vezne/vezne/internal/money"
	"github.com/vezne/vezne/internal/payment"
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
	w := newWorld(t, storage.SQLite)
	var mu sync.Mutex
	var told []string
	w.OnAnswer = func(a payment.Answered) {
		mu.Lock()
		defer mu.Unlock()
		told = append(told, string(a.Surface)+" "+string(a.Command)+" "+a.Connector+" "+string(a.Ending))
	}
	w.OnResolve = func(r payment.Resolved) {
		mu.Lock()
		defer mu.Unlock()
		told = append(told, "resolver "+r.Connector+" "+string(r.Resolution))
	}
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
		o := w.hold(t, goodCard)
		if _, err := w.capture(t, o, "10.00"); err != nil {
			t.Fatal(err)
		}
		if _, err := w.refund(t, o, "1.00"); err != nil {
			t.Fatal(err)
		}
		want(t, "gateway pay sandbox approved", "gateway capture sandbox approved", "gateway refund sandbox approved")
	})
	t.Run("declined", func(t *testing.T) {
		w.mustPay(t, w.order(t, poorCard))
		want(t, "gateway pay sandbox declined")
	})
	t.Run("replayed", func(t *testing.T) {
		c := w.order(t, goodCard)
		w.mustPay(t, c)
		w.mustPay(t, c)
		want(t, "gateway pay sandbox approved", "gateway pay sandbox replayed")
	})
	t.Run("refused", func(t *testing.T) {
		c := w.order(t, goodCard)
		c.Price = money.Zero(money.TRY)
		if _, err := w.Pay(t.Context(), c); err == nil {
			t.Fatal("paid nothing")
		}
		want(t, "gateway pay none refused")
	})
	t.Run("pending_then_missing_at_the_bank", func(t *testing.T) {
		w.misbehave(t, "reset_before_read")
		w.mustPay(t, w.order(t, goodCard))
		w.misbehave(t)
		w.clock.Advance(3 * time.Second)
		w.resolver.Round(t.Context())
		w.clock.Advance(10 * time.Second)
		w.resolver.Round(t.Context())
		want(t, "gateway pay sandbox pending", "resolver sandbox unknown", "resolver sandbox missing")
	})
	t.Run("failed", func(t *testing.T) {
		tables := w.Tables
		w.Tables = noTables{}
		defer func() { w.Tables = tables }()
		if _, err := w.Pay(t.Context(), w.order(t, goodCard)); err == nil {
			t.Fatal("paid without a routing table")
		}
		want(t, "gateway pay none failed")
	})
}
