package routing_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/vezne/vezne/internal/card"
	"github.com/vezne/vezne/internal/connector"
	"github.com/vezne/vezne/internal/installment"
	"github.com/vezne/vezne/internal/money"
	"github.com/vezne/vezne/internal/pos"
	"github.com/vezne/vezne/internal/routing"
)

func TestForced3DS(t *testing.T) {
	t.Parallel()
	large := routing.Rule{
		ID: 1, Name: "large", Active: true, Requires3DS: true, Condition: routing.Condition{MinAmount: money.FromMinor(10000, money.TRY)},
	}
	debit := func(r *routing.Request) { r.BIN.Type = card.Debit }
	for name, test := range map[string]struct {
		table   func(*routing.Table)
		request func(*routing.Request)
		want    map[string]connector.Reason // of the candidates that require it
		direct  []string
		why     connector.Reason
	}{
		"nothing_is_forced_by_default": {
			request: debit, direct: []string{"bonus", "plain", "world"},
		},
		"pos_forces_it_for_debit_cards": {
			table:   func(t *routing.Table) { t.POSes[1].ThreeDS = pos.ThreeDSDebit },
			request: debit,
			want:    map[string]connector.Reason{"bonus": connector.DebitCardsRequires3DS}, direct: []string{"plain", "world"},
		},
		"pos_that_forces_it_for_debit_cards_takes_credit_cards": {
			table: func(t *routing.Table) { t.POSes[1].ThreeDS = pos.ThreeDSDebit }, direct: []string{"bonus", "plain", "world"},
		},
		"unknown_BIN_is_no_debit_card": {
			table:   func(t *routing.Table) { t.ThreeDS = pos.ThreeDSDebit },
			request: func(r *routing.Request) { r.BIN = nil }, direct: []string{"plain", "bonus", "world", "foreign"},
		},
		"merchant_forces_it_everywhere": {
			table: func(t *routing.Table) { t.ThreeDS = pos.ThreeDSAll },
			want: map[string]connector.Reason{
				"bonus": connector.Requires3DS, "plain": connector.Requires3DS, "world": connector.Requires3DS,
			},
			why: connector.Requires3DS,
		},
		"the_stricter_of_merchant_and_pos_counts": {
			table:   func(t *routing.Table) { t.ThreeDS, t.POSes[0].ThreeDS = pos.ThreeDSDebit, pos.ThreeDSAll },
			request: debit,
			want: map[string]connector.Reason{
				"bonus": connector.DebitCardsRequires3DS, "plain": connector.Requires3DS, "world": connector.DebitCardsRequires3DS,
			},
			why: connector.DebitCardsRequires3DS, // of bonus, which would go first
		},
		"rule_forces_it_for_what_it_matches": {
			table: func(t *routing.Table) { t.Rules = []routing.Rule{large} },
			want: map[string]connector.Reason{
				"bonus": connector.Requires3DS, "plain": connector.Requires3DS, "world": connector.Requires3DS,
			},
			why: connector.Requires3DS,
		},
		"rule_forces_nothing_else": {
			table:   func(t *routing.Table) { t.Rules = []routing.Rule{large} },
			request: func(r *routing.Request) { r.Amount = money.FromMinor(9999, money.TRY) }, direct: []string{"bonus", "plain", "world"},
		},
		"inactive_rule_forces_nothing": {
			table: func(t *routing.Table) {
				off := large
				off.Active = false
				t.Rules = []routing.Rule{off}
			},
			direct: []string{"bonus", "plain", "world"},
		},
		"rule_without_targets_leaves_the_order_to_the_next": {
			table: func(t *routing.Table) {
				t.Rules = []routing.Rule{large, {ID: 2, Active: true, Targets: []routing.Target{{POSID: 3}}}}
			},
			request: func(r *routing.Request) { r.BIN = info("Axess") },
			want: map[string]connector.Reason{
				"world": connector.Requires3DS, "plain": connector.Requires3DS, "bonus": connector.Requires3DS,
			},
			why: connector.Requires3DS,
		},
		"rule_behind_the_one_that_orders_forces_it_too": {
			table: func(t *routing.Table) {
				t.Rules = []routing.Rule{{ID: 2, Active: true, Targets: []routing.Target{{POSID: 3}}}, large}
			},
			request: func(r *routing.Request) { r.POSAlias = "plain" }, // and whoever asks for a POS does not get around it
			want:    map[string]connector.Reason{"plain": connector.Requires3DS},
			why:     connector.Requires3DS,
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			table, r := banks(), request()
			if test.table != nil {
				test.table(&table)
			}
			if test.request != nil {
				test.request(&r)
			}
			d := routing.Decide(table, r, nil)
			var want map[string]connector.Reason
			for _, c := range d.Candidates {
				if c.ThreeDS != "" {
					if want == nil {
						want = map[string]connector.Reason{}
					}
					want[c.POS.Alias] = c.ThreeDS
				}
			}
			if diff := cmp.Diff(test.want, want); diff != "" {
				t.Error(diff)
			}
			left, why := routing.Direct(d.Candidates)
			var direct []string
			for _, c := range left {
				direct = append(direct, c.POS.Alias)
			}
			if diff := cmp.Diff(test.direct, direct); diff != "" || why != test.why {
				t.Errorf("directly, %q: %s", why, diff)
			}
			recorded := d.Direct()
			if len(recorded.Candidates) != len(left) || len(recorded.Rejected) != len(d.Rejected)+len(d.Candidates)-len(left) {
				t.Errorf("recorded %d candidates and %d rejections", len(recorded.Candidates), len(recorded.Rejected))
			}
			for alias := range test.want {
				if reason := rejected(recorded)[alias]; reason != routing.Needs3DS {
					t.Errorf("%s is rejected for %q", alias, reason)
				}
			}
		})
	}
}

func TestRuleWithoutTargetsThatForcesNothingStillDecides(t *testing.T) {
	t.Parallel()
	table, r := banks(), request()
	table.Rules = []routing.Rule{{ID: 1, Name: "none", Active: true}, {ID: 2, Active: true, Targets: []routing.Target{{POSID: 3}}}}
	r.BIN = info("Axess")
	if d := routing.Decide(table, r, nil); d.RuleName != "none" || d.Candidates[0].POS.Alias != "plain" {
		t.Errorf("rule %q, first %s", d.RuleName, d.Candidates[0].POS.Alias)
	}
}

func TestOffer_says_what_needs_3DS(t *testing.T) {
	t.Parallel()
	table, r := banks(), request()
	table.POSes[1].ThreeDS = pos.ThreeDSAll
	terms := routing.Terms{Payer: installment.PaidByCustomer}
	if options := routing.Offer(table, r, terms, nil); len(options) != 1 || options[0].ThreeDS != connector.Requires3DS {
		t.Errorf("options = %+v", options)
	}
	// Another POS takes the program for the same price, without 3-D Secure.
	table.Plans = append(table.Plans, installment.Plan{ID: 99, POSID: 1, Program: "Bonus", Count: 3, CustomerRate: 3_500_000, Active: true})
	table.POSes[0].Programs = []string{"Bonus"}
	table.POSes[0].Priority = 9
	if options := routing.Offer(table, r, terms, nil); len(options) != 1 || options[0].ThreeDS != "" ||
		options[0].POSID != 2 {
		t.Errorf("options = %+v", options)
	}
	// For another price it is no way around.
	table.Plans[len(table.Plans)-1].CustomerRate = 5_000_000
	if options := routing.Offer(table, r, terms, nil); len(options) != 1 || options[0].ThreeDS != connector.Requires3DS {
		t.Errorf("options = %+v", options)
	}
}
