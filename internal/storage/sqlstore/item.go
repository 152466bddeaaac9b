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

	updateItem = `UPDATE payment_item SET paid = $1, wallet = $2, commission = $3, refunded = $4
	WHERE merchant_id = $5 AND payment_id = $6 AND id = $7`

	// itemRows is how many items go into one statement: more make another, so
	// that there are no more than that many statements to prepare.
	itemRows = 8
)

// insertingItems has the statement for each number of items.
var insertingItems = itemStatements()

func itemStatements() (all [itemRows + 1]string) {
	for n := range all {
		all[n] = insertItems + rowsOf(n, itemWidth)
	}
	return all
}

func (t *tx) insertItems(p *payment.Payment) {
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
		t.add(insertingItems[n], args...)
		rest = rest[n:]
	}
}

// SaveItems implements payment.Tx.
func (t *tx) SaveItems(p payment.Payment) {
	c := p.Price.Currency()
	for i := range p.Items {
		it := &p.Items[i]
		t.add(updateItem, minor(it.Paid, c), minor(it.Wallet, c), minor(it.Commission, c), minor(it.Refunded, c),
			int64(p.MerchantID), int64(p.ID), int64(it.ID))
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
	sql := `SELECT ` + itemColumns + ` FROM payment_item WHERE merchant_id = $1 AND payment_id IN (` +
		placeholders(2, places) + `) ORDER BY payment_id, position, id`
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
