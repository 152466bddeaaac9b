package charge_test

import (
	"errors"
	"testing"

	"github.com/vezne/vezne/internal/charge"
	"github.com/vezne/vezne/internal/connector"
	"github.com/vezne/vezne/internal/fault"
	"github.com/vezne/vezne/internal/installment"
	"github.com/vezne/vezne/internal/money"
	"github.com/vezne/vezne/internal/payment"
	"github.com/vezne/vezne/internal/payment/paymenttest"
	"github.com/vezne/vezne/internal/routing"
)

// threeOf is an order of which three installments cost the payer 1035.00.
func (w *world) threeOf(t *testing.T) charge.Pay {
	t.Helper()
	c := w.Order(t, paymenttest.GoodCard)
	c.Installments = 3
	return c
}

// raise makes every plan of three cost the payer another rate from now on.
func (w *world) raise(t *testing.T, rate string) {
	t.Helper()
	for i := range w.Routes.Plans {
		if w.Routes.Plans[i].Count == 3 {
			w.Routes.Plans[i].CustomerRate = paymenttest.Rate(t, rate)
		}
	}
}

// TestAgreedTotal holds that nobody is charged a total that nobody has agreed to: no
// bank hears of it, and nothing is stored.
func TestAgreedTotal(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		agreed, rate string
		want         string // the total of now, empty if it is charged
	}{
		"the_same_is_charged":            {"1035.00", "3.50", ""},
		"nobody_said":                    {"", "25.00", ""},
		"a_rate_that_was_raised":         {"1035.00", "25.00", "1250.00"},
		"a_rate_that_was_lowered":        {"1035.00", "1.00", "1010.00"},
		"a_kuruş_more":                   {"1034.99", "3.50", "1035.00"},
		"the_price_without_its_interest": {"1000.00", "3.50", "1035.00"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			onSQLite(t, func(t *testing.T, w *world) {
				bank := &paymenttest.Scripted{}
				w.Ask(t, bank)
				w.raise(t, tt.rate)
				for _, secure := range []bool{false, true} {
					bank.Charged, bank.Enrolled = nil, nil
					c := w.threeOf(t)
					if tt.agreed != "" {
						c.ExpectedTotal = paymenttest.Lira(t, tt.agreed)
					}
					var o payment.Outcome
					var err error
					if secure {
						e := w.Enrolment(t, paymenttest.GoodCard)
						e.Pay = c
						enrolled, failed := w.Enrol(t.Context(), e)
						o, err = enrolled.Outcome, failed
					} else {
						o, err = w.Pay(t.Context(), c)
					}
					w.wantTotal(t, o, err, tt.want)
					if tt.want != "" && len(bank.Charged)+len(bank.Enrolled) != 0 {
						t.Errorf("the bank was asked for %v, %v", bank.Charged, bank.Enrolled)
					}
					page, _, err := w.List(t.Context(), paymenttest.DemoMerchant, payment.Filter{OrderRef: c.OrderRef, Limit: 1})
					if err != nil || (len(page) == 0) != (tt.want != "") {
						t.Errorf("%d payments are stored, %v", len(page), err)
					}
				}
			})
		})
	}
}

// wantTotal checks that a payment was refused for its total, or not if that is empty.
func (w *world) wantTotal(t *testing.T, o payment.Outcome, err error, total string) {
	t.Helper()
	if total == "" {
		if err != nil {
			t.Error(err)
		}
		if o.Payment.State == payment.Captured {
			w.WantBalanced(t, o)
		}
		return
	}
	paymenttest.WantCode(t, err, fault.TotalChanged)
	changed, ok := errors.AsType[*charge.TotalChangedError](err)
	if !ok || changed.Total != paymenttest.Lira(t, total) {
		t.Errorf("the error says %+v, want %s", changed, total)
	}
}

// TestAgreedTotalOfARepeatedRequest holds that a request that was carried out is
// answered by its first answer, whatever the plan costs now.
func TestAgreedTotalOfARepeatedRequest(t *testing.T) {
	t.Parallel()
	onSQLite(t, func(t *testing.T, w *world) {
		w.Ask(t, &paymenttest.Scripted{})
		c := w.threeOf(t)
		c.ExpectedTotal, c.Key = paymenttest.Lira(t, "1035.00"), paymenttest.KeyNamed("agreed")
		first := w.MustPay(t, c)
		w.raise(t, "25.00")
		again := w.MustPay(t, c)
		if !again.Replayed || again.Payment.ID != first.Payment.ID || again.Payment.Paid != c.ExpectedTotal {
			t.Errorf("the second answer is %+v", again.Payment)
		}
		w.WantBalanced(t, again)
	})
}

// TestAgreedTotalHoldsForFailover holds that the bank that is asked next charges what
// was agreed to as well, and that a dearer or a cheaper one is not asked at all.
func TestAgreedTotalHoldsForFailover(t *testing.T) {
	t.Parallel()
	for rate, asked := range map[string]int{"3.50": 2, "25.00": 1, "1.00": 1} {
		onSQLite(t, func(t *testing.T, w *world) {
			bank := &paymenttest.Scripted{}
			w.Ask(t, bank)
			w.Routes.POSes[0].Programs, w.Routes.POSes[1].Programs = nil, nil
			w.Routes.Plans = append(w.Routes.Plans, installment.Plan{
				ID: 99, MerchantID: paymenttest.DemoMerchant, POSID: 2, Program: "Axess", Count: 3,
				CommissionRate: paymenttest.Rate(t, "2.89"), CustomerRate: paymenttest.Rate(t, rate), Active: true,
			})
			w.Routes.Rules = []routing.Rule{{
				ID: 1, MerchantID: paymenttest.DemoMerchant, Name: "first", Active: true,
				Targets: []routing.Target{{POSID: 1}, {POSID: 2}},
			}}
			bank.Charge = func(connector.Charge) (connector.Answer, error) {
				return connector.Answer{Outcome: connector.Unsent}, nil
			}
			c := w.threeOf(t)
			c.ExpectedTotal = paymenttest.Lira(t, "1035.00")
			o := w.MustPay(t, c)
			paymenttest.WantState(t, o.Payment, payment.Declined)
			if len(bank.Charged) != asked {
				t.Errorf("beside a rate of %s%% the banks were asked %d times, want %d", rate, len(bank.Charged), asked)
			}
			for _, charged := range bank.Charged {
				if charged.Amount != c.ExpectedTotal {
					t.Errorf("a bank was asked for %s", charged.Amount)
				}
			}
			w.WantBalanced(t, o)
		})
	}
}

// TestAgreedTotalOfAWallet holds the same where no bank is asked.
func TestAgreedTotalOfAWallet(t *testing.T) {
	t.Parallel()
	onSQLite(t, func(t *testing.T, w *world) {
		w.alone(t)
		c := w.fromWallet(t)
		c.ExpectedTotal = c.Price.Sub(money.FromMinor(1, money.TRY))
		o, err := w.Pay(t.Context(), c)
		w.wantTotal(t, o, err, "1000.00")
		c.ExpectedTotal = c.Price
		o, err = w.Pay(t.Context(), c)
		w.wantTotal(t, o, err, "")
		paymenttest.WantState(t, o.Payment, payment.Captured)
	})
}
