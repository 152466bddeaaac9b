package installment_test

import (
	"fmt"

	"github.com/vezne/vezne/internal/bin"
	"github.com/vezne/vezne/internal/card"
	"github.com/vezne/vezne/internal/installment"
	"github.com/vezne/vezne/internal/money"
)

// Three installments of 1,000.00 at 3.50 %, which the payer bears.
func ExamplePlan_Price() {
	plan := installment.Plan{Count: 3, CommissionRate: 2_890_000, CustomerRate: 3_500_000}
	p := plan.Price(money.FromMinor(100_000, money.TRY), installment.PaidByCustomer)
	fmt.Println("interest  ", p.Interest)
	fmt.Println("total     ", p.Total)
	fmt.Println("each      ", p.Each)
	fmt.Println("commission", p.Commission)
	// Output:
	// interest   35.00 TRY
	// total      1035.00 TRY
	// each       345.00 TRY
	// commission 29.91 TRY
}

// A debit card has no installments of its program, but pays at once by its rate.
func ExampleFind() {
	plans := []installment.Plan{
		{POSID: 1, Program: installment.AnyProgram, Count: 1, CommissionRate: 1_990_000, Active: true},
		{POSID: 1, Program: "Bonus", Count: 1, CommissionRate: 1_790_000, Active: true},
		{POSID: 1, Program: "Bonus", Count: 3, CommissionRate: 2_890_000, Active: true},
	}
	debit := &bin.Info{Program: "Bonus", Type: card.Debit, Domestic: true}
	for _, count := range []int{1, 3} {
		plan, ok := installment.Find(plans, installment.Query{
			POSID: 1, Program: installment.ProgramOf(debit, count, money.TRY), Count: count,
			Amount: money.FromMinor(100_000, money.TRY),
		})
		fmt.Println(count, ok, plan.CommissionRate)
	}
	// Output:
	// 1 true 1.79
	// 3 false 0.00
}
