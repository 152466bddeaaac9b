package storetest

import (
	"fmt"
	"testing"

	"github.com/vezne/vezne/internal/connector"
	"github.com/vezne/vezne/internal/id"
	"github.com/vezne/vezne/internal/payment"
)

// testRefundOperations reads the refunds among the operations of a payment: also those
// that a bank took as voids, and none that a merchant did not ask for.
func testRefundOperations(t *testing.T, s Stores) {
	p := samplePayment(9170)
	var want []payment.Operation
	must(t, "insert", s.Payments.InTx(t.Context(), func(tx payment.Tx) {
		tx.InsertPayment(p)
		for i, c := range []struct {
			asked, kind connector.Kind
			actor       string
		}{
			{connector.Sale, connector.Sale, "credential:1"},
			{connector.Refund, connector.Refund, "credential:1"},
			{connector.Refund, connector.Void, "credential:1"},
			{connector.Void, connector.Refund, "credential:1"},
			{connector.Refund, connector.Refund, payment.ReversalActor},
			{connector.Refund, connector.Refund, "user:2"},
		} {
			o := sampleOperation(p)
			o.ID, o.Reference = id.Operation(1700+i), fmt.Sprintf("REFUND%d", i)
			o.AskID, o.Asked, o.Kind, o.Actor = o.ID, c.asked, c.kind, c.actor
			tx.InsertOperation(o)
			if c.asked == connector.Refund && c.actor != payment.ReversalActor {
				want = append([]payment.Operation{o}, want...)
			}
		}
	}))
	for _, limit := range []int{1, len(want), 100} {
		got, err := s.Payments.RefundOperations(t.Context(), mine, p.ID, limit)
		must(t, "refunds", err)
		equal(t, "refunds", got, want[:min(limit, len(want))])
	}
	got, err := s.Payments.RefundOperations(t.Context(), others, p.ID, 100)
	must(t, "refunds", err)
	equal(t, "refunds", got, nil)
}
