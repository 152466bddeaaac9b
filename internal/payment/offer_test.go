package payment_test

import (
	"fmt"
	"testing"

	"github.com/vezne/vezne/internal/fault"
	"github.com/vezne/vezne/internal/id"
	"github.com/vezne/vezne/internal/installment"
	"github.com/vezne/vezne/internal/money"
	"github.com/vezne/vezne/internal/payment"
	"github.com/vezne/vezne/internal/routing"
	"github.com/vezne/vezne/internal/storage"
)

// A weighted rule draws between two banks of different prices: what was offered
// must be what is charged, whichever was drawn.
func TestOffer(t *testing.T) {
	t.Parallel()
	w := newWorld(t, storage.SQLite)
	w.table.Plans = append(w.table.Plans, installment.Plan{
		ID: 99, MerchantID: demoMerchant, POSID: 2, Program: "Axess", Count: 3,
		CommissionRate: rate(t, "2.89"), CustomerRate: rate(t, "9.00"), Active: true,
	})
	w.table.POSes[0].Programs = nil // so that the rule decides, not the card's program
	w.table.Rules = []routing.Rule{{
		ID: 1, MerchantID: demoMerchant, Name: "halves", Active: true,
		Targets: []routing.Target{{POSID: 1, Weight: 1}, {POSID: 2, Weight: 1}},
	}}
	drawn := map[id.POS]int{}
	for minor := range int64(40) {
		c := w.enrolment(t, goodCard)
		c.Price, c.Installments = money.FromMinor(100_000+minor*100, money.TRY), 3
		for _, digits := range []string{"542119", "5421190", "54211901"} {
			options, err := w.Offer(t.Context(), payment.Quote{
				MerchantID: demoMerchant, Amount: c.Price, BINDigits: digits, Terms: routing.Terms{Payer: installment.PaidByCustomer},
			})
			if err != nil || len(options) != 1 || options[0].Price.Count != 3 {
				t.Fatalf("offer = %+v, %v", options, err)
			}
			c.OrderRef = fmt.Sprintf("OFFER-%d-%s", minor, digits)
			if e := w.mustEnrol(t, c); e.Payment.Paid != options[0].Price.Total || e.Payment.POSID != options[0].POSID {
				t.Errorf("offered %s at POS %d, charged %s at POS %d", options[0].Price.Total, options[0].POSID, e.Payment.Paid, e.Payment.POSID)
			}
			drawn[options[0].POSID]++
		}
	}
	if drawn[1] == 0 || drawn[2] == 0 {
		t.Errorf("the rule drew %v", drawn)
	}
	_, err := w.Offer(t.Context(), payment.Quote{MerchantID: demoMerchant, BINDigits: "542119"})
	wantCode(t, err, fault.ValidationError)
}
