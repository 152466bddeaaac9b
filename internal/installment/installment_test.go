package installment_test

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/vezne/vezne/internal/bin"
	"github.com/vezne/vezne/internal/card"
	"github.com/vezne/vezne/internal/fault"
	"github.com/vezne/vezne/internal/installment"
	"github.com/vezne/vezne/internal/money"
)

// TestPrice holds the table of the gateway API's reference, section 12.12.
func TestPrice(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		amount, rate                        string
		count                               int
		payer                               installment.InterestPayer
		commissionRate                      string
		interest, total, each, commissioned string
	}{
		"two_of_1000":                            {"1000.00", "2.00", 2, installment.PaidByCustomer, "2.44", "20.00", "1020.00", "510.00", "24.89"},
		"three_of_1000":                          {"1000.00", "3.50", 3, installment.PaidByCustomer, "2.89", "35.00", "1035.00", "345.00", "29.91"},
		"interest_and_installment_round_half_up": {"100.10", "3.50", 3, installment.PaidByCustomer, "2.89", "3.50", "103.60", "34.53", "2.99"},
		"merchant_bears_the_interest":            {"100.00", "3.50", 3, installment.PaidByMerchant, "2.89", "0.00", "100.00", "33.33", "2.89"},
		"one_installment_has_no_interest":        {"100.00", "3.50", 1, installment.PaidByCustomer, "1.99", "0.00", "100.00", "100.00", "1.99"},
		"half_a_kurus_goes_up":                   {"0.10", "5.00", 2, installment.PaidByCustomer, "5.00", "0.01", "0.11", "0.06", "0.01"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			plan := installment.Plan{Count: tt.count, CustomerRate: rate(t, tt.rate), CommissionRate: rate(t, tt.commissionRate)}
			got := plan.Price(lira(t, tt.amount), tt.payer)
			want := installment.Price{
				Count: tt.count, Interest: lira(t, tt.interest), Total: lira(t, tt.total), Each: lira(t, tt.each),
				CommissionRate: plan.CommissionRate, Commission: lira(t, tt.commissioned), CustomerRate: plan.CustomerRate,
			}
			if got != want {
				t.Errorf("got  %+v\nwant %+v", got, want)
			}
		})
	}
}

// TestPriceBounds holds that no amount and rate that can be asked for is too
// much to calculate with.
func TestPriceBounds(t *testing.T) {
	t.Parallel()
	largest, err := money.ParseAmount("999999999999.999", money.KWD)
	if err != nil {
		t.Fatal(err)
	}
	plan := installment.Plan{Count: 36, CustomerRate: rate(t, "1000"), CommissionRate: rate(t, "1000")}
	got := plan.Price(largest, installment.PaidByCustomer)
	if want := money.FromMinor(10_999_999_999_999_989, money.KWD); got.Total != want {
		t.Errorf("total %s, want %s", got.Total, want)
	}
	if want := money.FromMinor(109_999_999_999_999_890, money.KWD); got.Commission != want {
		t.Errorf("commission %s, want %s", got.Commission, want)
	}
}

// TestPriceSums holds what 12.12 promises of every amount, rate and count.
func TestPriceSums(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		currency := rapid.SampledFrom([]money.Currency{money.TRY, money.JPY, money.KWD}).Draw(t, "currency")
		amount := money.FromMinor(rapid.Int64Range(1, 99_999_999_999_999).Draw(t, "minor"), currency)
		plan := installment.Plan{
			Count:          rapid.IntRange(1, 36).Draw(t, "count"),
			CustomerRate:   money.Rate(rapid.Int64Range(0, 100_000_000).Draw(t, "rate")),
			CommissionRate: money.Rate(rapid.Int64Range(0, 100_000_000).Draw(t, "commission")),
		}
		paid := plan.Price(amount, installment.PaidByCustomer)
		if paid.Total != amount.Add(paid.Interest) {
			t.Fatalf("total %s is not amount %s plus interest %s", paid.Total, amount, paid.Interest)
		}
		off := paid.Each.Minor()*int64(plan.Count) - paid.Total.Minor()
		if 2*max(off, -off) > int64(plan.Count) {
			t.Fatalf("%d × %s is %d minor units off %s", plan.Count, paid.Each, off, paid.Total)
		}
		borne := plan.Price(amount, installment.PaidByMerchant)
		if borne.Total != amount || !borne.Interest.IsZero() {
			t.Fatalf("paid by the merchant: %+v", borne)
		}
		if borne.Commission.Cmp(paid.Commission) > 0 {
			t.Fatalf("commission shrinks as the charge grows: %s, %s", borne.Commission, paid.Commission)
		}
	})
}

var (
	noon  = time.Date(2026, 5, 1, 12, 0, 0, 0, time.UTC)
	query = installment.Query{POSID: 1, Program: "Bonus", Count: 3, Amount: money.FromMinor(10000, money.TRY), At: noon}
)

func TestFind(t *testing.T) {
	t.Parallel()
	base := installment.Plan{ID: 1, POSID: 1, Program: "Bonus", Count: 3, Active: true}
	with := func(change func(*installment.Plan)) []installment.Plan {
		p := base
		change(&p)
		return []installment.Plan{p}
	}
	general := base
	general.ID, general.Program = 2, installment.AnyProgram
	tests := map[string]struct {
		plans []installment.Plan
		want  int64 // plan id, zero for none
	}{
		"exact_program":                     {[]installment.Plan{base}, 1},
		"exact_before_any":                  {[]installment.Plan{general, base}, 1},
		"any_where_no_exact":                {[]installment.Plan{general}, 2},
		"any_where_the_exact_is_not_usable": {append(with(func(p *installment.Plan) { p.Active = false }), general), 2},
		"first_of_equals":                   {[]installment.Plan{base, {ID: 9, POSID: 1, Program: "Bonus", Count: 3, Active: true}}, 1},
		"other_program":                     {with(func(p *installment.Plan) { p.Program = "World" }), 0},
		"other_POS":                         {with(func(p *installment.Plan) { p.POSID = 2 }), 0},
		"other_count":                       {with(func(p *installment.Plan) { p.Count = 2 }), 0},
		"inactive":                          {with(func(p *installment.Plan) { p.Active = false }), 0},
		"at_the_lower_bound":                {with(func(p *installment.Plan) { p.MinAmount = query.Amount }), 1},
		"below_the_lower_bound":             {with(func(p *installment.Plan) { p.MinAmount = money.FromMinor(10001, money.TRY) }), 0},
		"at_the_upper_bound":                {with(func(p *installment.Plan) { p.MaxAmount = query.Amount }), 1},
		"above_the_upper_bound":             {with(func(p *installment.Plan) { p.MaxAmount = money.FromMinor(9999, money.TRY) }), 0},
		"bound_in_another_currency":         {with(func(p *installment.Plan) { p.MinAmount = money.FromMinor(1, money.USD) }), 0},
		"from_the_first_moment":             {with(func(p *installment.Plan) { p.ValidFrom = noon }), 1},
		"before_its_time":                   {with(func(p *installment.Plan) { p.ValidFrom = noon.Add(1) }), 0},
		"until_the_end_excluded":            {with(func(p *installment.Plan) { p.ValidUntil = noon }), 0},
		"just_before_the_end":               {with(func(p *installment.Plan) { p.ValidUntil = noon.Add(1) }), 1},
		"no_plans":                          {nil, 0},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got, ok := installment.Find(tt.plans, query)
			if int64(got.ID) != tt.want || ok != (tt.want != 0) {
				t.Errorf("found plan %d, %t; want %d", got.ID, ok, tt.want)
			}
		})
	}
	for minor, want := range map[int64]bool{2: false, 3: true} {
		t.Run(fmt.Sprintf("three_installments_of_%d_kurus", minor), func(t *testing.T) {
			t.Parallel()
			small := query
			small.Amount = money.FromMinor(minor, money.TRY)
			if got, ok := installment.Find([]installment.Plan{base}, small); ok != want {
				t.Errorf("found plan %d, %t", got.ID, ok)
			}
		})
	}
}

func TestPlanCheck(t *testing.T) {
	t.Parallel()
	lira := func(minor int64) money.Amount { return money.FromMinor(minor, money.TRY) }
	noon := time.Date(2026, 11, 20, 12, 0, 0, 0, time.UTC)
	for name, tt := range map[string]struct {
		plan installment.Plan
		want []string
	}{
		"without_bounds":                 {installment.Plan{}, nil},
		"one_amount_between":             {installment.Plan{MinAmount: lira(5), MaxAmount: lira(5)}, nil},
		"no_amount_between":              {installment.Plan{MinAmount: lira(6), MaxAmount: lira(5)}, []string{"max_amount"}},
		"a_lower_bound_alone":            {installment.Plan{MinAmount: lira(6)}, nil},
		"an_upper_bound_alone":           {installment.Plan{MaxAmount: lira(5)}, nil},
		"bounds_in_two_currencies":       {installment.Plan{MinAmount: lira(6), MaxAmount: money.FromMinor(5, money.USD)}, nil},
		"a_moment_between":               {installment.Plan{ValidFrom: noon, ValidUntil: noon.Add(1)}, nil},
		"no_moment_between":              {installment.Plan{ValidFrom: noon, ValidUntil: noon}, []string{"valid_until"}},
		"an_end_alone":                   {installment.Plan{ValidUntil: noon}, nil},
		"neither_amount_nor_moment":      {installment.Plan{MinAmount: lira(6), MaxAmount: lira(5), ValidFrom: noon, ValidUntil: noon}, []string{"valid_until", "max_amount"}},
		"a_beginning_without_any_bounds": {installment.Plan{ValidFrom: noon}, nil},
	} {
		var wrong []string
		if err := tt.plan.Check(); err != nil {
			for _, f := range fault.From(err).Fields {
				wrong = append(wrong, f.Name)
			}
		}
		if !slices.Equal(wrong, tt.want) {
			t.Errorf("%s: wrong are %v, want %v", name, wrong, tt.want)
		}
	}
}

func TestProgramOf(t *testing.T) {
	t.Parallel()
	credit := bin.Info{Program: "Bonus", Type: card.Credit, Domestic: true}
	debit, prepaid, foreign := credit, credit, credit
	debit.Type, prepaid.Type, foreign.Domestic = card.Debit, card.Prepaid, false
	tests := map[string]struct {
		info     *bin.Info
		count    int
		currency money.Currency
		want     string
	}{
		"domestic_credit_card_in_lira":       {&credit, 2, money.TRY, "Bonus"},
		"debit_card_has_no_installments":     {&debit, 2, money.TRY, installment.AnyProgram},
		"prepaid_card_has_no_installments":   {&prepaid, 2, money.TRY, installment.AnyProgram},
		"foreign_card_has_no_installments":   {&foreign, 2, money.TRY, installment.AnyProgram},
		"unknown_card_has_no_installments":   {nil, 2, money.TRY, installment.AnyProgram},
		"other_currency_has_no_installments": {&credit, 2, money.USD, installment.AnyProgram},
		"single_payment_of_a_debit_card":     {&debit, 1, money.USD, "Bonus"},
		"single_payment_of_an_unknown_card":  {nil, 1, money.TRY, installment.AnyProgram},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if got := installment.ProgramOf(tt.info, tt.count, tt.currency); got != tt.want {
				t.Errorf("%q, want %q", got, tt.want)
			}
		})
	}
}

func lira(t *testing.T, s string) money.Amount {
	t.Helper()
	a, err := money.ParseAmount(s, money.TRY)
	if err != nil {
		t.Fatalf("%s: %v", s, err)
	}
	return a
}

func rate(t *testing.T, s string) money.Rate {
	t.Helper()
	r, err := money.ParseRate(s)
	if err != nil {
		t.Fatal(err)
	}
	return r
}
