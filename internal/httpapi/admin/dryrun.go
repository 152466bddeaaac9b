package admin

import (
	"bytes"
	"context"
	"net/http"
	"strings"
	"time"

	"github.com/vezne/vezne/internal/bin"
	"github.com/vezne/vezne/internal/fault"
	"github.com/vezne/vezne/internal/httpapi/kit"
	"github.com/vezne/vezne/internal/installment"
	"github.com/vezne/vezne/internal/merchant"
	"github.com/vezne/vezne/internal/money"
	"github.com/vezne/vezne/internal/routing"
)

// maxCSV is how large an uploaded BIN table may be: the largest on the market have
// half a million rows of fifty bytes.
const maxCSV = 32 << 20

// BINs looks cards' leading digits up; nil is unknown.
type BINs interface {
	Lookup(ctx context.Context, digits string) (*bin.Info, error)
}

func (s *surface) dryRunRoutes() []route {
	return []route{
		{method: http.MethodPost, pattern: "/admin/v1/routing/dry-run", needs: merchant.RoutingRead, handle: s.dryRun},
		{method: http.MethodGet, pattern: "/admin/v1/bins/{digits}", needs: merchant.RoutingRead, handle: s.lookUpBIN},
		{
			method: http.MethodPost, pattern: "/admin/v1/bins/import", needs: merchant.BINsImport, handle: s.importBINs,
			raw: &kit.RawBody{MediaType: "text/csv", Max: maxCSV},
		},
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
	if q.BIN, err = s.BINs.Lookup(ctx, q.BINDigits); err != nil {
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

type binView struct {
	Prefix     string  `json:"prefix"`
	BankCode   *string `json:"bank_code"`
	Bank       *string `json:"bank"`
	Scheme     string  `json:"scheme"`
	Type       string  `json:"type"`
	Program    *string `json:"program"`
	Brand      *string `json:"brand"`
	Commercial bool    `json:"commercial"`
	Domestic   bool    `json:"domestic"`
}

func viewBIN(i *bin.Info) *binView {
	if i == nil {
		return nil
	}
	return &binView{
		Prefix: i.Prefix, BankCode: kit.TextOrNull(i.BankCode), Bank: kit.TextOrNull(i.Bank), Scheme: string(i.Scheme),
		Type: string(i.Type), Program: kit.TextOrNull(i.Program), Brand: kit.TextOrNull(i.Brand),
		Commercial: i.Commercial, Domestic: i.Domestic,
	}
}

// lookUpBIN answers GET /admin/v1/bins/{digits}. More than eight digits are nobody's
// business here: they would be a card number in a path.
func (s *surface) lookUpBIN(ctx context.Context, r *request) (kit.Response, error) {
	digits := r.Path("digits")
	none := fault.New(fault.NotFound, fault.NoSuchThing, "no such BIN")
	if len(digits) < 6 || len(digits) > 8 {
		return kit.Response{}, none
	}
	info, err := s.BINs.Lookup(ctx, digits)
	if err != nil {
		return kit.Response{}, err
	}
	if info == nil {
		return kit.Response{}, none
	}
	return kit.OK(viewBIN(info)), nil
}

type importView struct {
	Imported int          `json:"imported"`
	Refused  []badRowView `json:"refused"`
}

type badRowView struct {
	Line   int     `json:"line"`
	Column *string `json:"column"`
	Why    string  `json:"why"`
}

// importBINs answers POST /admin/v1/bins/import: the good rows are stored, the bad
// ones reported.
func (s *surface) importBINs(ctx context.Context, r *request) (kit.Response, error) {
	rows, bad, err := bin.ParseCSV(bytes.NewReader(r.Raw))
	if err != nil {
		return kit.Response{}, fault.Validation(fault.Field{Name: "file", Code: fault.FieldInvalid, Message: err.Error()})
	}
	if len(rows) > 0 {
		facts := map[string]any{"rows": len(rows), "refused": len(bad)}
		if err := s.Editor.Note(ctx, r.Principal.MerchantID, r.Principal.Actor, "bins.import", facts); err != nil {
			return kit.Response{}, err
		}
		if err := s.Editor.ImportBINs(ctx, rows); err != nil {
			return kit.Response{}, err
		}
	}
	v := importView{Imported: len(rows), Refused: make([]badRowView, 0, len(bad))}
	for _, b := range bad {
		v.Refused = append(v.Refused, badRowView{Line: b.Line, Column: kit.TextOrNull(b.Column), Why: b.Why})
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
