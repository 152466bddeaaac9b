package routing_test

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/vezne/vezne/internal/card"
	"github.com/vezne/vezne/internal/fault"
	"github.com/vezne/vezne/internal/id"
	"github.com/vezne/vezne/internal/money"
	"github.com/vezne/vezne/internal/routing"
)

func TestRules(t *testing.T) {
	t.Parallel()
	rule := func(n id.Rule, targets ...routing.Target) routing.Rule {
		return routing.Rule{ID: n, Name: "rule", Active: true, Targets: targets}
	}
	never := routing.Condition{Currencies: []money.Currency{money.EUR}}
	tests := map[string]struct {
		rules    []routing.Rule
		request  func(*routing.Request)
		sick     id.POS
		want     []place
		wantRule id.Rule
	}{
		"rule_targets_come_after_on_us_and_before_priority": {
			rules:    []routing.Rule{rule(1, routing.Target{POSID: 3})},
			want:     []place{{"bonus", routing.OnUs}, {"world", routing.ByRule}, {"plain", routing.ByPriority}},
			wantRule: 1,
		},
		"targets_keep_the_order_of_the_rule": {
			rules:    []routing.Rule{rule(1, routing.Target{POSID: 3}, routing.Target{POSID: 2}, routing.Target{POSID: 1})},
			request:  func(r *routing.Request) { r.BIN = info("") },
			want:     []place{{"world", routing.ByRule}, {"bonus", routing.ByRule}, {"plain", routing.ByRule}},
			wantRule: 1,
		},
		"target_twice_is_one_candidate": {
			rules:    []routing.Rule{rule(1, routing.Target{POSID: 3}, routing.Target{POSID: 3})},
			request:  func(r *routing.Request) { r.BIN = info("") },
			want:     []place{{"world", routing.ByRule}, {"plain", routing.ByPriority}, {"bonus", routing.ByPriority}},
			wantRule: 1,
		},
		"first_match_decides": {
			rules: []routing.Rule{
				{ID: 1, Active: false, Targets: []routing.Target{{POSID: 1}}},
				{ID: 2, Active: true, Condition: never, Targets: []routing.Target{{POSID: 1}}},
				rule(3, routing.Target{POSID: 3}),
				rule(4, routing.Target{POSID: 2}),
			},
			request:  func(r *routing.Request) { r.BIN = info("") },
			want:     []place{{"world", routing.ByRule}, {"plain", routing.ByPriority}, {"bonus", routing.ByPriority}},
			wantRule: 3,
		},
		"rule_does_not_make_an_unfit_POS_fit": {
			rules:    []routing.Rule{rule(1, routing.Target{POSID: 4}, routing.Target{POSID: 99})},
			want:     []place{{"bonus", routing.OnUs}, {"plain", routing.ByPriority}, {"world", routing.ByPriority}},
			wantRule: 1,
		},
		"requested_alias_asks_no_rule": {
			rules:   []routing.Rule{rule(1, routing.Target{POSID: 3})},
			request: func(r *routing.Request) { r.POSAlias = "plain" },
			want:    []place{{"plain", routing.Requested}},
		},
		"rule_target_with_open_breaker_goes_last": {
			rules:    []routing.Rule{rule(1, routing.Target{POSID: 3})},
			sick:     3,
			want:     []place{{"bonus", routing.OnUs}, {"plain", routing.ByPriority}, {"world", routing.BreakerOpen}},
			wantRule: 1,
		},
		"weight_draws_the_first_and_the_others_follow_in_order": {
			rules:    []routing.Rule{rule(1, routing.Target{POSID: 1, Weight: 1}, routing.Target{POSID: 2, Weight: 1}, routing.Target{POSID: 3, Weight: 2})},
			request:  func(r *routing.Request) { r.BIN = info(""); r.Seed = 1 << 31 },
			want:     []place{{"world", routing.ByRule}, {"plain", routing.ByRule}, {"bonus", routing.ByRule}},
			wantRule: 1,
		},
		"draw_passes_over_an_open_breaker": {
			rules:    []routing.Rule{rule(1, routing.Target{POSID: 1}, routing.Target{POSID: 2, Weight: 1}, routing.Target{POSID: 3, Weight: 1000})},
			request:  func(r *routing.Request) { r.BIN = info(""); r.Seed = 1<<32 - 1 },
			sick:     3,
			want:     []place{{"bonus", routing.ByRule}, {"plain", routing.ByRule}, {"world", routing.BreakerOpen}},
			wantRule: 1,
		},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			table, r := banks(), request()
			table.Rules = tt.rules
			if tt.request != nil {
				tt.request(&r)
			}
			d := routing.Decide(table, r, func(p id.POS) bool { return p != tt.sick })
			if diff := cmp.Diff(tt.want, candidates(d)); diff != "" {
				t.Errorf("candidates (-want +got):\n%s", diff)
			}
			if d.RuleID != tt.wantRule {
				t.Errorf("rule %d, want %d", d.RuleID, tt.wantRule)
			}
		})
	}
}

// TestWeights holds that draws spread over the whole range hit each target in
// exactly its proportion.
func TestWeights(t *testing.T) {
	t.Parallel()
	table, r := banks(), request()
	table.Rules = []routing.Rule{{ID: 1, Active: true, Targets: []routing.Target{
		{POSID: 1, Weight: 70}, {POSID: 2, Weight: 30}, {POSID: 3, Weight: 0}, {POSID: 4, Weight: 900},
	}}}
	r.BIN = info("")
	got := map[string]int{}
	const draws = 1000
	for i := range uint32(draws) {
		r.Seed = i * (1 << 32 / draws)
		got[routing.Decide(table, r, nil).Candidates[0].POS.Alias]++
	}
	// 700 draws fall below 70 hundredths of the range, plus the one at its edge
	// that the rounded step leaves below it.
	if diff := cmp.Diff(map[string]int{"plain": 701, "bonus": 299}, got); diff != "" {
		t.Errorf("draws (-want +got):\n%s", diff)
	}
}

func TestConditionCheck(t *testing.T) {
	t.Parallel()
	low, high := money.FromMinor(5, money.TRY), money.FromMinor(6, money.TRY)
	if err := (routing.Condition{MinAmount: low, MaxAmount: high}).Check(); err != nil {
		t.Errorf("bounds with an amount between = %v", err)
	}
	if err := (routing.Condition{MinAmount: high, MaxAmount: low}).Check(); fault.CodeOf(err) != fault.ValidationError {
		t.Errorf("bounds without one = %v", err)
	}
}

func TestCondition(t *testing.T) {
	t.Parallel()
	yes, no := true, false
	foreignCurrency := money.FromMinor(1, money.USD)
	tests := map[string]struct {
		condition routing.Condition
		request   func(*routing.Request)
		want      bool
	}{
		"empty_matches_all":                {want: true},
		"empty_matches_an_unknown_BIN":     {request: func(r *routing.Request) { r.BIN = nil }, want: true},
		"at_the_lower_amount":              {condition: routing.Condition{MinAmount: money.FromMinor(10000, money.TRY)}, want: true},
		"below_the_lower_amount":           {condition: routing.Condition{MinAmount: money.FromMinor(10001, money.TRY)}},
		"at_the_upper_amount":              {condition: routing.Condition{MaxAmount: money.FromMinor(10000, money.TRY)}, want: true},
		"above_the_upper_amount":           {condition: routing.Condition{MaxAmount: money.FromMinor(9999, money.TRY)}},
		"lower_amount_in_another_currency": {condition: routing.Condition{MinAmount: foreignCurrency}},
		"upper_amount_in_another_currency": {condition: routing.Condition{MaxAmount: foreignCurrency}},
		"currency":                         {condition: routing.Condition{Currencies: []money.Currency{money.USD, money.TRY}}, want: true},
		"other_currency":                   {condition: routing.Condition{Currencies: []money.Currency{money.USD}}},
		"BIN_of_six":                       {condition: routing.Condition{BINs: []string{"411111", "542119"}}, want: true},
		"BIN_of_eight":                     {condition: routing.Condition{BINs: []string{"54211901"}}, want: true},
		"BIN_of_one":                       {condition: routing.Condition{BINs: []string{"5"}}, want: true},
		"other_BIN":                        {condition: routing.Condition{BINs: []string{"54211902"}}},
		"BIN_longer_than_what_is_known": {
			condition: routing.Condition{BINs: []string{"54211901"}},
			request:   func(r *routing.Request) { r.BINDigits = "542119" },
		},
		"bank":          {condition: routing.Condition{BankCodes: []string{"0062"}}, want: true},
		"other_bank":    {condition: routing.Condition{BankCodes: []string{"0067"}}},
		"program":       {condition: routing.Condition{Programs: []string{"World", "Bonus"}}, want: true},
		"other_program": {condition: routing.Condition{Programs: []string{"World"}}},
		"scheme":        {condition: routing.Condition{Schemes: []card.Scheme{card.Mastercard}}, want: true},
		"other_scheme":  {condition: routing.Condition{Schemes: []card.Scheme{card.Troy}}},
		"type":          {condition: routing.Condition{Types: []card.Type{card.Credit}}, want: true},
		"other_type":    {condition: routing.Condition{Types: []card.Type{card.Debit}}},
		"domestic":      {condition: routing.Condition{Domestic: &yes}, want: true},
		"foreign":       {condition: routing.Condition{Domestic: &no}},
		"unknown_BIN_is_of_no_program": {
			condition: routing.Condition{Programs: []string{"Bonus"}}, request: func(r *routing.Request) { r.BIN = nil },
		},
		"unknown_BIN_is_not_known_to_be_foreign": {
			condition: routing.Condition{Domestic: &no}, request: func(r *routing.Request) { r.BIN = nil },
		},
		"all_members_must_match": {
			condition: routing.Condition{Programs: []string{"Bonus"}, Schemes: []card.Scheme{card.Troy}},
		},
		"within_the_window":            {condition: routing.Condition{FromMinute: 12 * 60, UntilMinute: 13 * 60}, want: true},
		"before_the_window":            {condition: routing.Condition{FromMinute: 12*60 + 1, UntilMinute: 13 * 60}},
		"end_of_the_window_is_outside": {condition: routing.Condition{FromMinute: 11 * 60, UntilMinute: 12 * 60}},
		"window_past_midnight_before_it": {
			condition: routing.Condition{FromMinute: 22 * 60, UntilMinute: 6 * 60},
			request:   func(r *routing.Request) { r.At = noon.Add(11 * time.Hour) }, want: true,
		},
		"window_past_midnight_after_it": {
			condition: routing.Condition{FromMinute: 22 * 60, UntilMinute: 6 * 60},
			request:   func(r *routing.Request) { r.At = noon.Add(17*time.Hour + 59*time.Minute) }, want: true,
		},
		"window_past_midnight_ended": {
			condition: routing.Condition{FromMinute: 22 * 60, UntilMinute: 6 * 60},
			request:   func(r *routing.Request) { r.At = noon.Add(18 * time.Hour) },
		},
		"window_past_midnight_at_noon": {condition: routing.Condition{FromMinute: 22 * 60, UntilMinute: 6 * 60}},
		"equal_ends_are_all_day":       {condition: routing.Condition{FromMinute: 60, UntilMinute: 60}, want: true},
		"window_is_in_UTC": {
			condition: routing.Condition{FromMinute: 12 * 60, UntilMinute: 13 * 60},
			request:   func(r *routing.Request) { r.At = noon.In(time.FixedZone("+03", 3*60*60)) }, want: true,
		},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := request()
			if tt.request != nil {
				tt.request(&r)
			}
			if got := tt.condition.Matches(r); got != tt.want {
				t.Errorf("matches %t, want %t", got, tt.want)
			}
		})
	}
}
