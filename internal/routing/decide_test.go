package routing_test

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/vezne/vezne/internal/bin"
	"github.com/vezne/vezne/internal/card"
	"github.com/vezne/vezne/internal/id"
	"github.com/vezne/vezne/internal/installment"
	"github.com/vezne/vezne/internal/money"
	"github.com/vezne/vezne/internal/pos"
	"github.com/vezne/vezne/internal/routing"
)

var noon = time.Date(2026, 5, 1, 12, 0, 0, 0, time.UTC)

// bank returns an active POS that takes domestic cards in lira.
func bank(n id.POS, alias string, programs ...string) pos.POS {
	return pos.POS{
		ID: n, Alias: alias, Status: pos.Active, Priority: int(n), Currencies: []money.Currency{money.TRY},
		Programs: programs, AcceptsDomestic: true,
	}
}

// banks is a merchant with two banks of their own programs, one without, and one
// for foreign cards.
func banks() routing.Table {
	foreign := bank(4, "foreign")
	foreign.AcceptsDomestic, foreign.AcceptsForeign = false, true
	foreign.Currencies = []money.Currency{money.TRY, money.USD}
	t := routing.Table{POSes: []pos.POS{bank(1, "plain"), bank(2, "bonus", "Bonus"), bank(3, "world", "World"), foreign}}
	for _, p := range t.POSes {
		t.Plans = append(t.Plans, installment.Plan{ID: id.Plan(p.ID), POSID: p.ID, Count: 1, Active: true})
	}
	for n, program := range map[id.POS]string{2: "Bonus", 3: "World"} {
		t.Plans = append(t.Plans, installment.Plan{
			ID: 30 + id.Plan(n), POSID: n, Program: program, Count: 3, CustomerRate: 3_500_000, Active: true,
			MinAmount: money.FromMinor(5000, money.TRY),
		})
	}
	return t
}

func info(program string) *bin.Info {
	return &bin.Info{
		Prefix: "542119", BankCode: "0062", Scheme: card.Mastercard, Type: card.Credit, Program: program, Domestic: true,
	}
}

func request() routing.Request {
	return routing.Request{Amount: money.FromMinor(10000, money.TRY), Installments: 1, BINDigits: "54211901", BIN: info("Bonus"), At: noon}
}

// place is what a test says about a candidate.
type place struct {
	Alias  string
	Reason routing.Reason
}

func candidates(d routing.Decision) []place {
	var out []place
	for _, c := range d.Candidates {
		out = append(out, place{c.POS.Alias, c.Reason})
	}
	return out
}

func rejected(d routing.Decision) map[string]routing.Reason {
	out := map[string]routing.Reason{}
	for _, r := range d.Rejected {
		out[r.Alias] = r.Reason
	}
	return out
}

func TestDecide(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		table    func(*routing.Table)
		request  func(*routing.Request)
		sick     id.POS
		want     []place
		rejected map[string]routing.Reason
	}{
		"on_us_program_goes_first": {
			want:     []place{{"bonus", routing.OnUs}, {"plain", routing.ByPriority}, {"world", routing.ByPriority}},
			rejected: map[string]routing.Reason{"foreign": routing.NoDomestic},
		},
		"priority_where_no_program_is_on_us": {
			request:  func(r *routing.Request) { r.BIN = info("Axess") },
			want:     []place{{"plain", routing.ByPriority}, {"bonus", routing.ByPriority}, {"world", routing.ByPriority}},
			rejected: map[string]routing.Reason{"foreign": routing.NoDomestic},
		},
		"equal_priorities_go_by_id_whatever_the_order_of_the_table": {
			table: func(t *routing.Table) {
				for i := range t.POSes {
					t.POSes[i].Priority = 5
				}
				t.POSes[0], t.POSes[2] = t.POSes[2], t.POSes[0]
			},
			request:  func(r *routing.Request) { r.BIN = info("") },
			want:     []place{{"plain", routing.ByPriority}, {"bonus", routing.ByPriority}, {"world", routing.ByPriority}},
			rejected: map[string]routing.Reason{"foreign": routing.NoDomestic},
		},
		"foreign_card_goes_where_foreign_cards_are_taken": {
			request: func(r *routing.Request) { r.BIN = &bin.Info{Scheme: card.Visa, Type: card.Credit} },
			want:    []place{{"foreign", routing.ByPriority}},
			rejected: map[string]routing.Reason{
				"plain": routing.NoForeignCards, "bonus": routing.NoForeignCards, "world": routing.NoForeignCards,
			},
		},
		"unknown_BIN_may_be_either": {
			request: func(r *routing.Request) { r.BIN = nil },
			want: []place{
				{"plain", routing.ByPriority}, {"bonus", routing.ByPriority}, {"world", routing.ByPriority}, {"foreign", routing.ByPriority},
			},
			rejected: map[string]routing.Reason{},
		},
		"domestic_card_in_a_foreign_currency_has_no_POS": {
			request: func(r *routing.Request) { r.Amount = money.FromMinor(100, money.USD) },
			rejected: map[string]routing.Reason{
				"plain": routing.OtherCurrency, "bonus": routing.OtherCurrency, "world": routing.OtherCurrency, "foreign": routing.NoDomestic,
			},
		},
		"installments_need_a_plan_of_the_program": {
			request:  func(r *routing.Request) { r.Installments = 3 },
			want:     []place{{"bonus", routing.OnUs}},
			rejected: map[string]routing.Reason{"plain": routing.NoPlan, "world": routing.NoPlan, "foreign": routing.NoDomestic},
		},
		"plan_bounds_count": {
			request: func(r *routing.Request) { r.Installments = 3; r.Amount = money.FromMinor(4999, money.TRY) },
			rejected: map[string]routing.Reason{
				"plain": routing.NoPlan, "bonus": routing.NoPlan, "world": routing.NoPlan, "foreign": routing.NoDomestic,
			},
		},
		"debit_card_has_no_installments": {
			request: func(r *routing.Request) { r.Installments = 3; r.BIN.Type = card.Debit },
			rejected: map[string]routing.Reason{
				"plain": routing.NoPlan, "bonus": routing.NoPlan, "world": routing.NoPlan, "foreign": routing.NoDomestic,
			},
		},
		"plan_of_any_program_grants_them_all_the_same": {
			table: func(t *routing.Table) {
				t.Plans = append(t.Plans, installment.Plan{POSID: 1, Count: 3, Active: true})
			},
			request:  func(r *routing.Request) { r.Installments = 3; r.BIN.Type = card.Debit },
			want:     []place{{"plain", routing.ByPriority}},
			rejected: map[string]routing.Reason{"bonus": routing.NoPlan, "world": routing.NoPlan, "foreign": routing.NoDomestic},
		},
		"POS_that_is_not_active_is_left_out": {
			table: func(t *routing.Table) {
				t.POSes[0].Status, t.POSes[1].Status = pos.Disabled, pos.RefundOnly
			},
			want: []place{{"world", routing.ByPriority}},
			rejected: map[string]routing.Reason{
				"plain": routing.NotActive, "bonus": routing.NotActive, "foreign": routing.NoDomestic,
			},
		},
		"requested_alias_is_the_only_one": {
			request: func(r *routing.Request) { r.POSAlias = "world" },
			want:    []place{{"world", routing.Requested}},
			rejected: map[string]routing.Reason{
				"plain": routing.NotRequested, "bonus": routing.NotRequested, "foreign": routing.NotRequested,
			},
		},
		"requested_POS_must_be_fit_all_the_same": {
			request: func(r *routing.Request) { r.POSAlias = "foreign" },
			rejected: map[string]routing.Reason{
				"plain": routing.NotRequested, "bonus": routing.NotRequested, "world": routing.NotRequested, "foreign": routing.NoDomestic,
			},
		},
		"unknown_alias_has_no_candidate": {
			request: func(r *routing.Request) { r.POSAlias = "nowhere" },
			rejected: map[string]routing.Reason{
				"plain": routing.NotRequested, "bonus": routing.NotRequested, "world": routing.NotRequested, "foreign": routing.NotRequested,
			},
		},
		"open_breaker_goes_last_but_stays": {
			sick:     2,
			want:     []place{{"plain", routing.ByPriority}, {"world", routing.ByPriority}, {"bonus", routing.BreakerOpen}},
			rejected: map[string]routing.Reason{"foreign": routing.NoDomestic},
		},
		"requested_POS_with_open_breaker_stays_requested": {
			request: func(r *routing.Request) { r.POSAlias = "bonus" },
			sick:    2,
			want:    []place{{"bonus", routing.Requested}},
			rejected: map[string]routing.Reason{
				"plain": routing.NotRequested, "world": routing.NotRequested, "foreign": routing.NotRequested,
			},
		},
		"no_installments_said_means_a_single_payment": {
			request:  func(r *routing.Request) { r.Installments = 0 },
			want:     []place{{"bonus", routing.OnUs}, {"plain", routing.ByPriority}, {"world", routing.ByPriority}},
			rejected: map[string]routing.Reason{"foreign": routing.NoDomestic},
		},
		"merchant_without_POSes": {
			table:    func(t *routing.Table) { *t = routing.Table{} },
			rejected: map[string]routing.Reason{},
		},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			table, r := banks(), request()
			if tt.table != nil {
				tt.table(&table)
			}
			if tt.request != nil {
				tt.request(&r)
			}
			d := routing.Decide(table, r, func(p id.POS) bool { return p != tt.sick })
			if diff := cmp.Diff(tt.want, candidates(d)); diff != "" {
				t.Errorf("candidates (-want +got):\n%s", diff)
			}
			if diff := cmp.Diff(tt.rejected, rejected(d)); diff != "" {
				t.Errorf("rejected (-want +got):\n%s", diff)
			}
			if len(d.Candidates)+len(d.Rejected) != len(table.POSes) {
				t.Error("a POS is neither candidate nor rejected, or both")
			}
		})
	}
}

func TestDecidePlan(t *testing.T) {
	t.Parallel()
	r := request()
	r.Installments = 3
	d := routing.Decide(banks(), r, nil)
	if len(d.Candidates) != 1 || d.Candidates[0].Plan.ID != 32 {
		t.Fatalf("%+v, want the plan 32 of the program", d.Candidates)
	}
}

// TestDecideManyPOSes goes past the size that is sorted without allocating.
func TestDecideManyPOSes(t *testing.T) {
	t.Parallel()
	var table routing.Table
	for n := id.POS(60); n > 0; n-- {
		table.POSes = append(table.POSes, bank(n, "x"))
		table.Plans = append(table.Plans, installment.Plan{POSID: n, Count: 1, Active: true})
	}
	d := routing.Decide(table, request(), nil)
	for i, c := range d.Candidates {
		if c.POS.ID != id.POS(i+1) {
			t.Fatalf("POS %d in place %d", c.POS.ID, i+1)
		}
	}
	if len(d.Candidates) != 60 {
		t.Errorf("%d candidates, want 60", len(d.Candidates))
	}
}

//nolint:paralleltest // allocations are counted for the whole process
func TestDecideAllocatesLittle(t *testing.T) {
	table, r := banks(), request()
	if n := testing.AllocsPerRun(100, func() { routing.Decide(table, r, nil) }); n > 2 {
		t.Errorf("%v allocations, want candidates and rejections alone", n)
	}
}
