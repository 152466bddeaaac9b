package sqlstore

import (
	"context"
	"fmt"

	"github.com/vezne/vezne/internal/id"
	"github.com/vezne/vezne/internal/money"
	"github.com/vezne/vezne/internal/payment"
)

// itemRow is an item with what its payment says of it.
type itemRow struct {
	merchantID id.Merchant
	paymentID  id.Payment
	currency   money.Currency
	item       payment.Item
}

func itemRowOf(p *payment.Payment, i int) itemRow {
	return itemRow{merchantID: p.MerchantID, paymentID: p.ID, currency: p.Price.Currency(), item: p.Items[i]}
}

var itemTable = newTable(&table[itemRow]{
	name:     "payment_item",
	currency: func(r *itemRow) money.Currency { return r.currency },
	keys: []column[itemRow]{
		number("merchant_id", func(r *itemRow) *id.Merchant { return &r.merchantID }),
		number("payment_id", func(r *itemRow) *id.Payment { return &r.paymentID }),
		number("id", func(r *itemRow) *id.Item { return &r.item.ID }),
	},
	changing: []column[itemRow]{
		amount("paid", func(r *itemRow) *money.Amount { return &r.item.Paid }),
		amount("wallet", func(r *itemRow) *money.Amount { return &r.item.Wallet }),
		amount("taken", func(r *itemRow) *money.Amount { return &r.item.Taken }),
		amount("commission", func(r *itemRow) *money.Amount { return &r.item.Commission }),
		amount("refunded", func(r *itemRow) *money.Amount { return &r.item.Refunded }),
		amount("refunding", func(r *itemRow) *money.Amount { return &r.item.Refunding }),
	},
	fixed: []column[itemRow]{
		number("position", func(r *itemRow) *int { return &r.item.Position }),
		text("name", func(r *itemRow) *string { return &r.item.Name }),
		text("external_id", func(r *itemRow) *string { return &r.item.ExternalID }),
		currency[itemRow](),
		amount("price", func(r *itemRow) *money.Amount { return &r.item.Price }),
		number("sub_merchant_id", func(r *itemRow) *id.Member { return &r.item.SubMerchantID }),
		amount("sub_merchant_price", func(r *itemRow) *money.Amount { return &r.item.SubMerchantPrice }),
	},
})

const (
	// itemRows is how many items go into one statement: more make another, so
	// that there are no more than that many statements to prepare.
	itemRows = 8
)

// insertingItems has the statement for each number of items.
var insertingItems = insertionsOf(itemTable)

// insertionsOf returns the statement that inserts each number of rows.
func insertionsOf[T any](t *table[T]) (all [itemRows + 1]string) {
	for n := 1; n < len(all); n++ {
		all[n] = t.insertionOf(n)
	}
	return all
}

var updateItem = itemTable.blindUpdate()

func (t *tx) insertItems(p *payment.Payment) {
	for first := 0; first < len(p.Items); first += itemRows {
		n := min(len(p.Items)-first, itemRows)
		args := make([]any, 0, n*len(itemTable.written))
		for i := range n {
			args = itemTable.arguments(args, itemRowOf(p, first+i), itemTable.written)
		}
		t.add(insertingItems[n], args...)
	}
}

// SaveItems implements payment.Tx.
func (t *tx) SaveItems(p payment.Payment) {
	for i := range p.Items {
		t.add(updateItem, itemTable.updating(itemRowOf(&p, i))...)
	}
}

// loadItems fills in the items of payments of one merchant.
func (p *Payments) loadItems(ctx context.Context, payments []payment.Payment) error {
	if len(payments) == 0 {
		return nil
	}
	places := listSize(len(payments))
	args := make([]any, 1+places)
	args[0] = int64(payments[0].MerchantID)
	place := make(map[id.Payment]int, len(payments))
	for i := range places {
		args[1+i] = int64(payments[min(i, len(payments)-1)].ID)
	}
	for i := range payments {
		place[payments[i].ID] = i
	}
	sql := itemTable.selecting("WHERE merchant_id = $1 AND payment_id IN (" + placeholders(2, places) +
		") ORDER BY payment_id, position, id")
	rows, err := many(ctx, p.db, itemTable.reader(), sql, args...)
	if err != nil {
		return fmt.Errorf("items: %w", err)
	}
	for _, r := range rows {
		of := &payments[place[r.paymentID]]
		of.Items = append(of.Items, r.item)
	}
	return nil
}
