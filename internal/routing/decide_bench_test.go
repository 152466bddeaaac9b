package routing_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/vezne/vezne/internal/bin"
	"github.com/vezne/vezne/internal/card"
	"github.com/vezne/vezne/internal/id"
	"github.com/vezne/vezne/internal/installment"
	"github.com/vezne/vezne/internal/money"
	"github.com/vezne/vezne/internal/pos"
	"github.com/vezne/vezne/internal/routing"
)

// BenchmarkDecide routes a payment over the nine POSes and the plans of a
// merchant like the demo's, past a rule that does not match.
func BenchmarkDecide(b *testing.B) {
	table := nineBanks()
	request := routing.Request{
		Amount: money.FromMinor(10050, money.TRY), Installments: 1, BINDigits: "54211901",
		BIN: &bin.Info{Prefix: "542119", Scheme: card.Mastercard, Type: card.Credit, Program: "P2", Domestic: true},
		At:  time.Date(2026, 5, 1, 12, 0, 0, 0, time.UTC),
	}
	healthy := func(id.POS) bool { return true }
	b.ReportAllocs()
	for b.Loop() {
		if d := routing.Decide(table, request, healthy); len(d.Candidates) != 9 {
			b.Fatalf("%d candidates, want 9", len(d.Candidates))
		}
	}
}

// BenchmarkOffer prices all counts of the same card.
func BenchmarkOffer(b *testing.B) {
	table := nineBanks()
	request := routing.Request{
		Amount: money.FromMinor(100000, money.TRY), BINDigits: "54211901",
		BIN: &bin.Info{Prefix: "542119", Scheme: card.Mastercard, Type: card.Credit, Program: "P2", Domestic: true},
		At:  time.Date(2026, 5, 1, 12, 0, 0, 0, time.UTC),
	}
	b.ReportAllocs()
	for b.Loop() {
		if o := routing.Offer(table, request, routing.Terms{Payer: installment.PaidByCustomer}, nil); len(o) != 5 {
			b.Fatalf("%d options, want 5", len(o))
		}
	}
}

func nineBanks() routing.Table {
	var t routing.Table
	for i := range 9 {
		p := pos.POS{
			ID: id.POS(i + 1), Alias: fmt.Sprintf("pos%d", i), Status: pos.Active, Priority: i,
			Currencies: []money.Currency{money.TRY}, Programs: []string{fmt.Sprintf("P%d", i)},
			AcceptsDomestic: true, AcceptsForeign: true,
		}
		t.POSes = append(t.POSes, p)
		t.Plans = append(t.Plans, installment.Plan{POSID: p.ID, Count: 1, Active: true})
		for _, count := range []int{1, 2, 3, 6, 9, 12} {
			t.Plans = append(t.Plans, installment.Plan{
				POSID: p.ID, Program: p.Programs[0], Count: count, CustomerRate: 3_500_000, CommissionRate: 1_990_000, Active: true,
			})
		}
	}
	t.Rules = []routing.Rule{{ID: 1, Active: true, Condition: routing.Condition{Currencies: []money.Currency{money.USD}}}}
	return t
}
