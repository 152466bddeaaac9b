package sqlstore

import (
	"context"
	"fmt"

	"github.com/vezne/vezne/internal/connector"
	"github.com/vezne/vezne/internal/id"
	"github.com/vezne/vezne/internal/money"
	"github.com/vezne/vezne/internal/payment"
)

// shareRow is what an operation moves of an item, with what its payment says of it.
type shareRow struct {
	of        recordID
	operation id.Operation
	share     payment.ItemAmount
}

// What an operation moves of each item is fixed when it begins.
var shareTable = newTable(&table[shareRow]{
	name:     "operation_item",
	currency: func(r *shareRow) money.Currency { return r.share.Amount.Currency() },
	keys: []column[shareRow]{
		number("merchant_id", func(r *shareRow) *id.Merchant { return &r.of.merchant }),
		number("payment_id", func(r *shareRow) *id.Payment { return &r.of.payment }),
		number("operation_id", func(r *shareRow) *id.Operation { return &r.operation }),
		number("item_id", func(r *shareRow) *id.Item { return &r.share.ItemID }),
	},
	fixed: []column[shareRow]{
		currency[shareRow](),
		amount("amount", func(r *shareRow) *money.Amount { return &r.share.Amount }),
	},
})

// insertingShares has the statement for each number of shares; as with items, more
// make another.
var insertingShares = insertionsOf(shareTable)

var sharesOfPayment = shareTable.selecting("WHERE merchant_id = $1 AND payment_id = $2 ORDER BY operation_id, item_id")

func (t *tx) insertShares(o *payment.Operation) {
	for first := 0; first < len(o.Items); first += itemRows {
		n := min(len(o.Items)-first, itemRows)
		args := make([]any, 0, n*len(shareTable.written))
		for i := range n {
			row := shareRow{of: recordID{o.MerchantID, o.PaymentID}, operation: o.ID, share: o.Items[first+i]}
			args = shareTable.arguments(args, row, shareTable.written)
		}
		t.add(insertingShares[n], args...)
	}
}

// loadShares fills in what operations of one payment move of its items. Only captures
// and refunds can have any.
func (p *Payments) loadShares(ctx context.Context, m id.Merchant, n id.Payment, operations []payment.Operation) error {
	place := make(map[id.Operation]int)
	for i, o := range operations {
		if o.Kind == connector.Capture || o.Kind == connector.Refund {
			place[o.ID] = i
		}
	}
	if len(place) == 0 {
		return nil
	}
	rows, err := many(ctx, p.db, shareTable.reader(), sharesOfPayment, int64(m), int64(n))
	if err != nil {
		return fmt.Errorf("shares of operations: %w", err)
	}
	for _, r := range rows {
		if i, known := place[r.operation]; known { // one that began since is not
			operations[i].Items = append(operations[i].Items, r.share)
		}
	}
	return nil
}
