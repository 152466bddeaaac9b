package threeds_test

import (
	"testing"

	"github.com/vezne/vezne/internal/payment"
	"github.com/vezne/vezne/internal/payment/paymenttest"
)

// A return that a page in windows-1254 posted is taken, and what is stored of it can
// be read: on SQLite bytes that are no UTF-8 break every later read, PostgreSQL
// refuses them after the money was taken.
func TestReturnInWindows1254(t *testing.T) {
	t.Parallel()
	for model, words := range map[string]string{"3d": "Approved", "3d_pay": "İşlem onaylandı"} {
		t.Run(model, func(t *testing.T) {
			t.Parallel()
			eachEngine(t, func(t *testing.T, w *world) {
				for _, p := range w.Routes.POSes {
					w.Settings[p.ID] = map[string]string{"model": model}
				}
				e := w.MustEnrol(t, w.Enrolment(t, paymenttest.GoodCard))
				w.Misbehave(t, "windows_1254")
				form := w.AtBank(t, e, "a")
				if message := form.Fields.Get("message"); model == "3d_pay" && message != "\xdd\xfelem onayland\xfd" {
					t.Fatalf("the bank's page posts %q", message)
				}
				r := w.ComeBack(t, form)
				w.MisbehaveWith(t, "")
				o := w.MustComplete(t, e, r.SecurityKey)
				paymenttest.WantState(t, o.Payment, payment.Captured)
				d, err := w.Detail(t.Context(), paymenttest.DemoMerchant, e.Payment.UUID)
				if err != nil || len(d.Operations) != 1 || d.Operations[0].BankMessage != words {
					t.Errorf("operations %+v, %v", d.Operations, err)
				}
			})
		})
	}
}
