package admin

import (
	"context"
	"net/http"
	"strings"
	"time"

	"github.com/vezne/vezne/internal/fault"
	"github.com/vezne/vezne/internal/httpapi/kit"
	"github.com/vezne/vezne/internal/installment"
	"github.com/vezne/vezne/internal/merchant"
	"github.com/vezne/vezne/internal/money"
	"github.com/vezne/vezne/internal/routing"
)

func (s *surface) dryRunRoutes() []route {
	return []route{
		{method: http.MethodPost, pattern: "/admin/v1/routing/dry-run", needs: merchant.RoutingRead, handle: s.dryRun},
	}
}

type dryRunView struct {
	BIN      *binView     `json:"bin"`
	Decision routingView  `json:"decision"`
	Offers   []pricedView `json:"offers"`
}

// pricedView is what a payment would cost at a candidate.
type pricedView struct {
	POS            string       `json:"pos"`
	Total          money.Amount `json:"total"`
	Each           money.Amount `json:"each"`
	Interest       money.Amount `json:"interest"`
	Commission     money.Amount `json:"commission"`
	CommissionRate money.Rate   `json:"commission_rate"`
	CustomerRate   money.Rate   `json:"customer_rate"`
}

// dryRun answers POST /admin/v1/routing/dry-run.
func (s *surface) dryRun(ctx context.Context, r *request) (kit.Response, error) {
	currency := readCurrency(r.Body)
	q := routing.Request{Installments: orInt(r.Body, "installments", 1, 1, maxCount), At: s.kit.Clock().Now()}
	q.Amount = r.Body.Amount("amount", currency)
	q.BINDigits = orText(r.Body, "bin", "", 8)
	if q.BINDigits != "" && (len(q.BINDigits) < 6 || strings.Trim(q.BINDigits, "0123456789") != "") {
		r.Body.Reject("bin", fault.FieldInvalid, "must be 6 to 8 digits")
	}
	q.POSAlias = orText(r.Body, "pos", "", maxAlias)
	if at := orTime(r.Body, "at", time.Time{}); !at.IsZero() {
		q.At = at
	}
	payer := installment.PaidByCustomer
	if !r.Body.OptionalBool("customer_pays_interest", true) {
		payer = installment.PaidByMerchant
	}
	if err := r.Body.Err(); err != nil {
		return kit.Response{}, err
	}
	table, err := s.Editor.Table(ctx, r.Principal.MerchantID)
	if err != nil {
		return kit.Response{}, err
	}
	if q.BIN, err = s.BINs.Lookup(ctx, r.Principal.MerchantID, q.BINDigits); err != nil {
		return kit.Response{}, err
	}
	decision := routing.Decide(table, q, s.Banks.Healthy)
	v := dryRunView{BIN: viewBIN(q.BIN), Decision: viewRouting(decision), Offers: []pricedView{}}
	for _, c := range decision.Candidates {
		price := c.Plan.Price(q.Amount, payer)
		v.Offers = append(v.Offers, pricedView{
			POS: c.POS.Alias, Total: price.Total, Each: price.Each, Interest: price.Interest, Commission: price.Commission,
			CommissionRate: price.CommissionRate, CustomerRate: price.CustomerRate,
		})
	}
	return kit.OK(v), nil
}

// readCurrency reads a required currency.
func readCurrency(b *kit.Object) money.Currency {
	code, ok := b.String("currency")
	if !ok {
		return 0
	}
	c, err := money.ParseCurrency(code)
	if err != nil {
		b.Reject("currency", fault.FieldInvalid, kit.CurrencyMessage(err))
	}
	return c
}
