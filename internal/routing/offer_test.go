package routing_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/vezne/vezne/internal/bin"
	"github.com/vezne/vezne/internal/card"
	"github.com/vezne/vezne/internal/id"
	"github.com/vezne/vezne/internal/installment"
	"github.com/vezne/vezne/internal/money"
	"github.com/vezne/vezne/internal/routing"
)

// offerTable has the plans of the contract's demo data at the POS "bonus", and a
// cheaper second POS of the same program that routing would try later.
func offerTable() routing.Table {
	t := banks()
	t.POSes[2].Programs = []string{"World", "Bonus"}
	t.Plans = t.Plans[:4]
	for i, count := range []int{12, 2, 9, 3, 6} {
		t.Plans = append(t.Plans,
			installment.Plan{ID: id.Plan(100 + i), POSID: 2, Program: "Bonus", Count: count, CustomerRate: rates[count], Active: true},
			installment.Plan{ID: id.Plan(200 + i), POSID: 3, Program: "Bonus", Count: count, CustomerRate: 10_000, Active: true},
		)
	}
	return t
}

var rates = map[int]money.Rate{2: 2_000_000, 3: 3_500_000, 6: 7_000_000, 9: 10_500_000, 12: 14_000_000}

// quote is what a test says about an option.
type quote struct {
	Count                 int
	Each, Interest, Total string
}

func quotes(options []routing.Option) []quote {
	var out []quote
	for _, o := range options {
		out = append(out, quote{o.Price.Count, o.Price.Each.Decimal(), o.Price.Interest.Decimal(), o.Price.Total.Decimal()})
	}
	return out
}

func TestOffer(t *testing.T) {
	t.Parallel()
	paying := routing.Terms{Payer: installment.PaidByCustomer}
	tests := map[string]struct {
		table   func(*routing.Table)
		request func(*routing.Request)
		terms   routing.Terms
		want    []quote
	}{
		"counts_ascend_and_the_POS_that_would_charge_gives_the_price": {
			terms: paying,
			want: []quote{
				{2, "510.00", "20.00", "1020.00"}, {3, "345.00", "35.00", "1035.00"}, {6, "178.33", "70.00", "1070.00"},
				{9, "122.78", "105.00", "1105.00"}, {12, "95.00", "140.00", "1140.00"},
			},
		},
		"interest_paid_by_the_merchant": {
			terms: routing.Terms{MaxCount: 3},
			want:  []quote{{2, "500.00", "0.00", "1000.00"}, {3, "333.33", "0.00", "1000.00"}},
		},
		"up_to_the_highest_count": {
			terms: routing.Terms{Payer: installment.PaidByCustomer, MaxCount: 2},
			want:  []quote{{2, "510.00", "20.00", "1020.00"}},
		},
		"highest_count_of_one_is_none": {terms: routing.Terms{MaxCount: 1}},
		"other_POS_where_the_first_has_no_plan_for_the_count": {
			table: func(t *routing.Table) {
				for i := range t.Plans {
					t.Plans[i].Active = t.Plans[i].Active && (t.Plans[i].POSID != 2 || t.Plans[i].Count != 2)
				}
			},
			terms: routing.Terms{Payer: installment.PaidByCustomer, MaxCount: 2},
			want:  []quote{{2, "500.05", "0.10", "1000.10"}},
		},
		"amount_out_of_a_plan_s_bounds": {
			table: func(t *routing.Table) {
				for i := range t.Plans {
					t.Plans[i].MinAmount = money.FromMinor(100_001, money.TRY)
				}
			},
			terms: paying,
		},
		"none_for_a_debit_card":           {request: func(r *routing.Request) { r.BIN.Type = card.Debit }, terms: paying},
		"none_for_a_prepaid_card":         {request: func(r *routing.Request) { r.BIN.Type = card.Prepaid }, terms: paying},
		"none_for_an_unknown_card":        {request: func(r *routing.Request) { r.BIN = nil }, terms: paying},
		"none_for_a_foreign_card":         {request: func(r *routing.Request) { r.BIN = &bin.Info{Program: "Bonus", Type: card.Credit} }, terms: paying},
		"none_in_another_currency":        {request: func(r *routing.Request) { r.Amount = money.FromMinor(100_000, money.USD) }, terms: paying},
		"none_for_another_program":        {request: func(r *routing.Request) { r.BIN = info("Axess") }, terms: paying},
		"none_for_a_card_without_program": {request: func(r *routing.Request) { r.BIN = info("") }, terms: paying},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			table, r := offerTable(), request()
			r.Amount = money.FromMinor(100_000, money.TRY)
			if tt.table != nil {
				tt.table(&table)
			}
			if tt.request != nil {
				tt.request(&r)
			}
			options := routing.Offer(table, r, tt.terms, nil)
			if diff := cmp.Diff(tt.want, quotes(options)); diff != "" {
				t.Errorf("options (-want +got):\n%s", diff)
			}
			for _, o := range options {
				r.Installments = o.Price.Count
				first := routing.Decide(table, r, nil).Candidates[0]
				if first.POS.ID != o.POSID || first.Plan.Price(r.Amount, tt.terms.Payer) != o.Price {
					t.Errorf("%d installments are offered at POS %d and charged at %d", o.Price.Count, o.POSID, first.POS.ID)
				}
			}
		})
	}
}
