package routing_test

import (
	"fmt"

	"github.com/vezne/vezne/internal/bin"
	"github.com/vezne/vezne/internal/card"
	"github.com/vezne/vezne/internal/id"
	"github.com/vezne/vezne/internal/installment"
	"github.com/vezne/vezne/internal/money"
	"github.com/vezne/vezne/internal/pos"
	"github.com/vezne/vezne/internal/routing"
)

// exampleTable has three POSes: the first by priority, one whose own program is Bonus,
// and one that is switched off.
func exampleTable() routing.Table {
	var t routing.Table
	for i, p := range []pos.POS{
		{Alias: "akbank", Status: pos.Active, Programs: []string{"Axess"}},
		{Alias: "garanti", Status: pos.Active, Programs: []string{"Bonus"}},
		{Alias: "isbank", Status: pos.Disabled},
	} {
		p.ID, p.Priority, p.AcceptsDomestic, p.Currencies = id.POS(i+1), i, true, []money.Currency{money.TRY}
		t.POSes = append(t.POSes, p)
		t.Plans = append(t.Plans,
			installment.Plan{POSID: p.ID, Count: 1, CommissionRate: 1_990_000, Active: true},
			installment.Plan{POSID: p.ID, Program: "Bonus", Count: 3, CommissionRate: 2_890_000, CustomerRate: 3_500_000, Active: true},
		)
	}
	return t
}

func bonusCard() *bin.Info { return &bin.Info{Program: "Bonus", Type: card.Credit, Domestic: true} }

// A Bonus card goes to Bonus's own bank first, and the record says why.
func ExampleDecide() {
	d := routing.Decide(exampleTable(), routing.Request{
		Amount: money.FromMinor(100_000, money.TRY), Installments: 1, BIN: bonusCard(),
	}, nil)
	for _, c := range d.Candidates {
		fmt.Println("try", c.POS.Alias, c.Reason)
	}
	for _, r := range d.Rejected {
		fmt.Println("not", r.Alias, r.Reason)
	}
	// Output:
	// try garanti on_us
	// try akbank priority
	// not isbank not_active
}

// What is offered is priced at the POS that would be tried first.
func ExampleOffer() {
	request := routing.Request{Amount: money.FromMinor(100_000, money.TRY), BIN: bonusCard()}
	for _, o := range routing.Offer(exampleTable(), request, routing.Terms{Payer: installment.PaidByCustomer}, nil) {
		fmt.Println(o.Price.Count, "times", o.Price.Each, "makes", o.Price.Total, "at POS", o.POSID)
	}
	// Output: 3 times 345.00 TRY makes 1035.00 TRY at POS 2
}
