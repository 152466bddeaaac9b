package charge_test

import (
	"testing"

	"github.com/vezne/vezne/internal/fault"
	"github.com/vezne/vezne/internal/payment/paymenttest"
	"github.com/vezne/vezne/internal/pos"
	"github.com/vezne/vezne/internal/storage/sqlstore"
)

// TestPay_marks_its_POS holds that the first payment fixes the connector of each POS
// that it asks, and that one which was routed by a former connector asks no bank.
func TestPay_marks_its_POS(t *testing.T) {
	t.Parallel()
	onSQLite(t, func(t *testing.T, w *world) {
		poses := sqlstore.NewPOSes(w.DB)
		save := func(p pos.POS) {
			t.Helper()
			if err := poses.InTx(t.Context(), func(tx pos.Tx) { tx.SavePOS(p) }); err != nil {
				t.Fatal(err)
			}
		}
		for i := range w.Routes.POSes {
			w.Routes.POSes[i].Used = false
			p := w.Routes.POSes[i]
			p.Version = 0
			save(p)
		}
		used := func() (all []bool) {
			t.Helper()
			stored, err := poses.POSes(t.Context(), paymenttest.DemoMerchant)
			if err != nil {
				t.Fatal(err)
			}
			for _, p := range stored {
				all = append(all, p.Used)
			}
			return all
		}

		moved := w.Routes.POSes[0]
		moved.Connector = "moved"
		save(moved)
		_, err := w.Pay(t.Context(), w.Order(t, paymenttest.GoodCard))
		paymenttest.WantCode(t, err, fault.ServiceUnavailable)
		if got := w.BankLedger(t); got != `{"transactions":[]}` {
			t.Errorf("the bank has %q", got)
		}
		moved.Connector, moved.Version = w.Routes.POSes[0].Connector, moved.Version+1
		save(moved)

		w.MustPay(t, w.Order(t, paymenttest.GoodCard))
		if got := used(); !got[0] || got[1] {
			t.Errorf("used are %v, want the first alone", got)
		}
		w.MustPay(t, w.Order(t, paymenttest.SoftCard))
		if got := used(); !got[0] || !got[1] {
			t.Errorf("used are %v after a payment that failed over", got)
		}
	})
}
