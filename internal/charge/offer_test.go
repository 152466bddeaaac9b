package charge_test

import (
	"fmt"
	"testing"

	"github.com/vezne/vezne/internal/charge"
	"github.com/vezne/vezne/internal/fault"
	"github.com/vezne/vezne/internal/id"
	"github.com/vezne/vezne/internal/installment"
	"github.com/vezne/vezne/internal/money"
	"github.com/vezne/vezne/internal/payment/paymenttest"
	"github.com/vezne/vezne/internal/routing"
	"github.com/vezne/vezne/internal/storage"
)

// A weighted rule draws between two banks of different prices: what was offered
// must be what is charged, whichever was drawn.
func TestOffer(t *testing.T) {
	t.Parallel()
	w := paymenttest.NewWorld(t, storage.SQLite)
	w.Routes.Plans = append(w.Routes.Plans, installment.Plan{
		ID: 99, MerchantID: paymenttest.DemoMerchant, POSID: 2, Program: "Axess", Count: 3,
		CommissionRate: paymenttest.Rate(t, "2.89"), CustomerRate: paymenttest.Rate(t, "9.00"), Active: true,
	})
	w.Routes.POSes[0].Programs = nil // so that the rule decides, not the card's program
	w.Routes.Rules = []routing.Rule{{
		ID: 1, MerchantID: paymenttest.DemoMerchant, Name: "halves", Active: true,
		Targets: []routing.Target{{POSID: 1, Weight: 1}, {POSID: 2, Weight: 1}},
	}}
	drawn := map[id.POS]int{}
	for minor := range int64(40) {
		c := w.Enrolment(t, paymenttest.GoodCard)
		c.Price, c.Installments = money.FromMinor(100_000+minor*100, money.TRY), 3
		for _, digits := range []string{"542119", "5421190", "54211901"} {
			options, err := w.Offer(t.Context(), charge.Quote{
				MerchantID: paymenttest.DemoMerchant, Amount: c.Price, BINDigits: digits, Terms: routing.Terms{Payer: installment.PaidByCustomer},
			})
			if err != nil || len(options) != 1 || options[0].Price.Count != 3 {
				t.Fatalf("offer = %+v, %v", options, err)
			}
			c.OrderRef = fmt.Sprintf("OFFER-%d-%s", minor, digits)
			if e := w.MustEnrol(t, c); e.Payment.Paid != options[0].Price.Total || e.Payment.POSID != options[0].POSID {
				t.Errorf("offered %s at POS %d, charged %s at POS %d", options[0].Price.Total, options[0].POSID, e.Payment.Paid, e.Payment.POSID)
			}
			drawn[options[0].POSID]++
		}
	}
	if drawn[1] == 0 || drawn[2] == 0 {
		t.Errorf("the rule drew %v", drawn)
	}
	_, err := w.Offer(t.Context(), charge.Quote{MerchantID: paymenttest.DemoMerchant, BINDigits: "542119"})
	paymenttest.WantCode(t, err, fault.ValidationError)
}
