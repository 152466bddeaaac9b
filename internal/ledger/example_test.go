package ledger_test

import (
	"context"
	"fmt"

	"github.com/vezne/vezne/internal/ledger"
	"github.com/vezne/vezne/internal/money"
)

// A basket of 1,000.00 that is paid in installments for 1,035.00, of which the bank
// keeps 2.89 %: what is booked when it is captured.
func ExampleTerms_Taken() {
	terms := ledger.Terms{
		Price: money.FromMinor(100_000, money.TRY), Paid: money.FromMinor(103_500, money.TRY), Wallet: money.Zero(money.TRY),
		CommissionRate: 2_890_000,
	}
	for _, e := range terms.Taken(terms.Charged()).Entries(3) {
		fmt.Printf("%-17s %8s\n", e.Account, e.Amount.Decimal())
	}
	// Output:
	// pos_receivable:3   1005.09
	// sales             -1000.00
	// bank_commission      29.91
	// customer_interest   -35.00
}

// empty is a database without a payment.
type empty struct{}

func (empty) Records(context.Context, ledger.RecordKey, int) ([]ledger.Record, error) {
	return nil, nil
}

func (empty) Strays(context.Context, ledger.StrayKind, ledger.Stray, int) ([]ledger.Stray, error) {
	return nil, nil
}

// OtherPostings returns a payout that was booked on one side with too much.
func (empty) OtherPostings(_ context.Context, after ledger.SourceKey, _ int) ([]ledger.Posting, error) {
	if after.MerchantID > 0 {
		return nil, nil
	}
	return []ledger.Posting{{
		ID: 7, MerchantID: 1, Source: ledger.Source{Kind: ledger.OfPayout, ID: 3, Event: "sent"},
		Entries: []ledger.Entry{
			{Account: "payable:4", Amount: money.FromMinor(500_00, money.TRY)},
			{Account: "bank", Amount: money.FromMinor(-499_00, money.TRY)},
		},
	}}, nil
}

func (empty) SharedOrders(context.Context, ledger.Order, int) ([]ledger.Order, error) {
	return nil, nil
}

// Verify tells each contradiction as it finds it.
func ExampleVerify() {
	proof, err := ledger.Verify(context.Background(), empty{}, func(f ledger.Finding) { fmt.Println(f) })
	fmt.Printf("%+v %v\n", proof, err)
	// Output:
	// merchant 1: posting 7: posting_unbalanced: off by 1.00 TRY
	// {Payments:0 Postings:1 Findings:1} <nil>
}
