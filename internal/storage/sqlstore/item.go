package sqlstore

import (
	"context"
	"fmt"

	"github.com/vezne/vezne/internal/id"
	"github.com/vezne/vezne/internal/payment"
	"github.com/vezne/vezne/internal/storage"
)

const (
	itemColumns = `merchant_id, payment_id, id, position, name, external_id, currency, price, paid, wallet,
	commission, refunded, sub_merchant_id, sub_merchant_price`
	itemWidth = 14

	insertItems = `INSERT INTO payment_item (` + itemColumns + `)
	VALUES `
	replaceItems = `
	ON CONFLICT (merchant_id, payment_id, id) DO UPDATE SET position = excluded.position, name = excluded.name,
		external_id = excluded.external_id, price = excluded.price, paid = excluded.paid, wallet = excluded.wallet,
		commission = excluded.commission, refunded = excluded.refunded, sub_merchant_id = excluded.sub_merchant_id,
		sub_merchant_price = excluded.sub_merchant_price
	WHERE payment_item.paid <> excluded.paid OR payment_item.wallet <> excluded.wallet
		OR payment_item.commission <> excluded.commission OR payment_item.refunded <> excluded.refunded
		OR payment_item.price <> excluded.price OR payment_item.sub_merchant_id <> excluded.sub_merchant_id
		OR payment_item.sub_merchant_price <> excluded.sub_merchant_price OR payment_item.position <> excluded.position
		OR payment_item.name <> excluded.name OR payment_item.external_id <> excluded.external_id`

	// itemRows is how many items go into one statement: more make another, so
	// that there are no more than that many statements to prepare.
	itemRows = 8
)

// saveItems has the statement for each number of items.
var saveItems = itemStatements()

func itemStatements() (all [itemRows + 1]string) {
	for n := range all {
		all[n] = insertItems + rowsOf(n, itemWidth) + replaceItems
	}
	return all
}

// addItems stores the items of a payment as they are; those that did not change
// are not written again. Items never go away.
func (t *tx) addItems(p *payment.Payment) {
	c := p.Price.Currency()
	for rest := p.Items; len(rest) > 0; {
		n := min(len(rest), itemRows)
		args := make([]any, 0, n*itemWidth)
		for i := range rest[:n] {
			it := &rest[i]
			args = append(args, int64(p.MerchantID), int64(p.ID), int64(it.ID), int64(it.Position), it.Name, it.ExternalID,
				c.String(), minor(it.Price, c), minor(it.Paid, c), minor(it.Wallet, c), minor(it.Commission, c), minor(it.Refunded, c),
				int64(it.SubMerchantID), minor(it.SubMerchantPrice, c))
		}
		t.add(saveItems[n], args...)
		rest = rest[n:]
	}
}

type itemRow struct {
	paymentID id.Payment
	item      payment.Item
}

func readItem(s storage.Scanner) (itemRow, error) {
	var (
		merchant, paymentID, item, position, price, paid, wallet int64
		commission, refunded, subMerchant, subMerchantPrice      int64
		name, externalID, code                                   string
	)
	err := s.Scan(&merchant, &paymentID, &item, &position, &name, &externalID, &code, &price, &paid, &wallet,
		&commission, &refunded, &subMerchant, &subMerchantPrice)
	if err != nil {
		return itemRow{}, err
	}
	currency, err := currencyOf(code)
	amount := amountsOf(currency)
	return itemRow{
		paymentID: id.Payment(paymentID),
		item: payment.Item{
			ID: id.Item(item), Position: int(position), Name: name, ExternalID: externalID,
			Price: amount(price), Paid: amount(paid), Wallet: amount(wallet), Commission: amount(commission), Refunded: amount(refunded),
			SubMerchantID: id.Member(subMerchant), SubMerchantPrice: amount(subMerchantPrice),
		},
	}, err
}

// loadItems fills in the items of payments of one merchant.
func (p *Payments) loadItems(ctx context.Context, payments []payment.Payment) error {
	if len(payments) == 0 {
		return nil
	}
	args := make([]any, 0, 1+len(payments))
	args = append(args, int64(payments[0].MerchantID))
	place := make(map[id.Payment]int, len(payments))
	for i := range payments {
		args = append(args, int64(payments[i].ID))
		place[payments[i].ID] = i
	}
	sql := `SELECT ` + itemColumns + ` FROM payment_item WHERE merchant_id = $1 AND payment_id IN (` +
		placeholders(2, len(payments)) + `) ORDER BY payment_id, position, id`
	rows, err := many(ctx, p.db, readItem, sql, args...)
	if err != nil {
		return fmt.Errorf("items: %w", err)
	}
	for _, r := range rows {
		of := &payments[place[r.paymentID]]
		of.Items = append(of.Items, r.item)
	}
	return nil
}
