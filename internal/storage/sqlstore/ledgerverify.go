package sqlstore

import (
	"context"
	"fmt"
	"time"

	"github.com/vezne/vezne/internal/connector"
	"github.com/vezne/vezne/internal/id"
	"github.com/vezne/vezne/internal/ledger"
	"github.com/vezne/vezne/internal/money"
	"github.com/vezne/vezne/internal/payment"
	"github.com/vezne/vezne/internal/storage"
)

var recordTable = newTable(&table[ledger.Record]{
	name: "payment",
	keys: []column[ledger.Record]{
		number("merchant_id", func(r *ledger.Record) *id.Merchant { return &r.MerchantID }),
		number("id", func(r *ledger.Record) *id.Payment { return &r.ID }),
	},
	fixed: []column[ledger.Record]{
		uuid("uuid", func(r *ledger.Record) *id.UUID { return &r.UUID }),
		text("state", func(r *ledger.Record) *ledger.State { return &r.State }),
		textOf("phase", nil, func(r *ledger.Record, phase string) error {
			r.Hold = payment.Phase(phase) == payment.PhasePreAuthorization
			return nil
		}),
		flag("holds_order", func(r *ledger.Record) *bool { return &r.HoldsOrder }),
		currency[ledger.Record](),
		amount("price", func(r *ledger.Record) *money.Amount { return &r.Price }),
		amount("paid", func(r *ledger.Record) *money.Amount { return &r.Paid }),
		amount("wallet", func(r *ledger.Record) *money.Amount { return &r.Wallet }),
		number("commission_rate", func(r *ledger.Record) *money.Rate { return &r.CommissionRate }),
		amount("commission", func(r *ledger.Record) *money.Amount { return &r.Commission }),
		amount("authorized", func(r *ledger.Record) *money.Amount { return &r.Authorized }),
		amount("captured", func(r *ledger.Record) *money.Amount { return &r.Captured }),
		amount("refunded", func(r *ledger.Record) *money.Amount { return &r.Refunded }),
		amount("refunding", func(r *ledger.Record) *money.Amount { return &r.Refunding }),
		number("open_ask", func(r *ledger.Record) *id.Operation { return &r.OpenAsk }),
		number("pos_id", func(r *ledger.Record) *id.POS { return &r.POSID }),
		number("buyer_id", func(r *ledger.Record) *id.Member { return &r.Buyer }),
	},
})

// recordID tells the payments of all merchants apart.
type recordID struct {
	merchant id.Merchant
	payment  id.Payment
}

// recordItem and recordOperation are rows with the payment that they belong to.
type recordItem struct {
	of   recordID
	item ledger.Item
}

var recordItemTable = newTable(&table[recordItem]{
	name: "payment_item",
	keys: []column[recordItem]{
		number("merchant_id", func(r *recordItem) *id.Merchant { return &r.of.merchant }),
		number("payment_id", func(r *recordItem) *id.Payment { return &r.of.payment }),
		number("id", func(r *recordItem) *id.Item { return &r.item.ID }),
	},
	fixed: []column[recordItem]{
		currency[recordItem](),
		amount("price", func(r *recordItem) *money.Amount { return &r.item.Price }),
		amount("paid", func(r *recordItem) *money.Amount { return &r.item.Paid }),
		amount("wallet", func(r *recordItem) *money.Amount { return &r.item.Wallet }),
		amount("taken", func(r *recordItem) *money.Amount { return &r.item.Taken }),
		amount("commission", func(r *recordItem) *money.Amount { return &r.item.Commission }),
		amount("refunded", func(r *recordItem) *money.Amount { return &r.item.Refunded }),
		amount("refunding", func(r *recordItem) *money.Amount { return &r.item.Refunding }),
	},
})

type recordOperation struct {
	of        recordID
	operation ledger.Operation
}

var recordOperationTable = newTable(&table[recordOperation]{
	name: "operation",
	keys: []column[recordOperation]{
		number("merchant_id", func(r *recordOperation) *id.Merchant { return &r.of.merchant }),
		number("payment_id", func(r *recordOperation) *id.Payment { return &r.of.payment }),
		number("id", func(r *recordOperation) *id.Operation { return &r.operation.ID }),
	},
	fixed: []column[recordOperation]{
		number("ask_id", func(r *recordOperation) *id.Operation { return &r.operation.AskID }),
		text("kind", func(r *recordOperation) *connector.Kind { return &r.operation.Kind }),
		number("pos_id", func(r *recordOperation) *id.POS { return &r.operation.POSID }),
		text("reference", func(r *recordOperation) *string { return &r.operation.Reference }),
		text("original", func(r *recordOperation) *string { return &r.operation.Original }),
		currency[recordOperation](),
		amount("amount", func(r *recordOperation) *money.Amount { return &r.operation.Amount }),
		text("status", func(r *recordOperation) *ledger.Status { return &r.operation.Status }),
		moment("result_at", func(r *recordOperation) *time.Time { return &r.operation.ResultAt }),
	},
})

const recordPage = ` FROM payment WHERE (merchant_id, uuid) > ($1, $2) ORDER BY merchant_id, uuid LIMIT $3`

// belonging returns the query of the rows of a table that belong to the payments of
// a page. SQLite keeps the order of a CROSS JOIN.
func belonging(columns, table, order string) string {
	return `SELECT ` + columns + ` FROM (SELECT merchant_id, id` + recordPage + `) p
	CROSS JOIN ` + table + ` e WHERE e.merchant_id = p.merchant_id AND e.payment_id = p.id ORDER BY ` + order
}

var (
	records             = `SELECT ` + recordTable.columns("") + recordPage
	itemsOfRecords      = belonging(recordItemTable.columns("e."), "payment_item", "e.merchant_id, e.payment_id, e.id")
	operationsOfRecords = belonging(recordOperationTable.columns("e."), "operation", "e.merchant_id, e.payment_id, e.id")
	sharesOfRecords     = belonging(shareTable.columns("e."), "operation_item", shareOrder)
	postingsOfRecords   = belonging(entryTable.columns("e."), "ledger_entry", postingOrder)

	otherPostings = `SELECT ` + entryTable.columns("e.") + `
	FROM (SELECT DISTINCT merchant_id, payment_id, source_kind, source_id, source_event FROM ledger_entry
		WHERE payment_id = 0 AND (merchant_id, source_kind, source_id, source_event) > ($1, $2, $3, $4)
		ORDER BY merchant_id, payment_id, source_kind, source_id, source_event LIMIT $5) p
	CROSS JOIN ledger_entry e WHERE e.merchant_id = p.merchant_id AND e.payment_id = p.payment_id
		AND e.source_kind = p.source_kind AND e.source_id = p.source_id AND e.source_event = p.source_event
	ORDER BY ` + postingOrder
)

const shareOrder = "e.merchant_id, e.payment_id, e.operation_id, e.item_id"

const sharedOrders = `SELECT merchant_id, order_ref FROM payment WHERE holds_order AND (merchant_id, order_ref) > ($1, $2)
	GROUP BY merchant_id, order_ref HAVING count(*) > 1 ORDER BY merchant_id, order_ref LIMIT $3`

// straysOf has, for each kind of row that belongs to a payment, the statement that
// finds those whose payment is not there.
var straysOf = map[ledger.StrayKind]string{
	ledger.StrayItem:      strays("id", "payment_item", ""),
	ledger.StrayOperation: strays("id", "operation", ""),
	ledger.StrayShare:     strays("operation_id", "operation_item", ""),
	ledger.StrayPosting:   strays("posting_id", "ledger_entry", "e.payment_id <> 0 AND "),
}

func strays(number, table, condition string) string {
	return `SELECT DISTINCT e.merchant_id, e.payment_id, e.` + number + ` FROM ` + table + ` e WHERE ` + condition +
		`(e.merchant_id, e.payment_id, e.` + number + `) > ($1, $2, $3)
		AND NOT EXISTS (SELECT 1 FROM payment p WHERE p.merchant_id = e.merchant_id AND p.id = e.payment_id)
	ORDER BY e.merchant_id, e.payment_id, e.` + number + ` LIMIT $4`
}

// Records implements ledger.Reader: a page is read as of one moment, so that
// servers may work meanwhile.
func (l *Ledger) Records(ctx context.Context, after ledger.RecordKey, limit int) (page []ledger.Record, err error) {
	err = l.db.View(ctx, func(q storage.Querier) error {
		page, err = readRecords(ctx, q, int64(after.MerchantID), after.UUID[:], int64(limit))
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("payments for the ledger: %w", err)
	}
	return page, nil
}

// readRecords reads a page of payments and what belongs to each.
func readRecords(ctx context.Context, q storage.Querier, args ...any) ([]ledger.Record, error) {
	page, err := many(ctx, q, recordTable.reader(), records, args...)
	if err != nil || len(page) == 0 {
		return nil, err
	}
	place := make(map[recordID]*ledger.Record, len(page))
	for i := range page {
		place[recordID{page[i].MerchantID, page[i].ID}] = &page[i]
	}
	items, err := many(ctx, q, recordItemTable.reader(), itemsOfRecords, args...)
	if err != nil {
		return nil, fmt.Errorf("items: %w", err)
	}
	for _, r := range items {
		of := place[r.of]
		of.Items = append(of.Items, r.item)
	}
	operations, err := many(ctx, q, recordOperationTable.reader(), operationsOfRecords, args...)
	if err != nil {
		return nil, fmt.Errorf("operations: %w", err)
	}
	for _, r := range operations {
		of := place[r.of]
		of.Operations = append(of.Operations, r.operation)
	}
	shares, err := many(ctx, q, shareTable.reader(), sharesOfRecords, args...)
	if err != nil {
		return nil, fmt.Errorf("shares of operations: %w", err)
	}
	for _, r := range shares {
		of := place[r.of]
		share := ledger.Share{Operation: r.operation, Item: r.share.ItemID, Amount: r.share.Amount}
		of.Shares = append(of.Shares, share)
	}
	entries, err := many(ctx, q, entryTable.reader(), postingsOfRecords, args...)
	if err != nil {
		return nil, fmt.Errorf("postings: %w", err)
	}
	for _, p := range gather(entries) {
		of := place[recordID{p.MerchantID, p.PaymentID}]
		of.Postings = append(of.Postings, p)
	}
	return page, nil
}

// Strays implements ledger.Reader.
func (l *Ledger) Strays(ctx context.Context, kind ledger.StrayKind, after ledger.Stray, limit int) ([]ledger.Stray, error) {
	read := func(s storage.Scanner) (ledger.Stray, error) {
		var merchant, paymentID, number int64
		err := s.Scan(&merchant, &paymentID, &number)
		return ledger.Stray{MerchantID: id.Merchant(merchant), PaymentID: id.Payment(paymentID), ID: number}, err
	}
	found, err := many(ctx, l.db, read, straysOf[kind], int64(after.MerchantID), int64(after.PaymentID), after.ID, int64(limit))
	if err != nil {
		return nil, fmt.Errorf("%ss without a payment: %w", kind, err)
	}
	return found, nil
}

// OtherPostings implements ledger.Reader.
func (l *Ledger) OtherPostings(ctx context.Context, after ledger.SourceKey, limit int) ([]ledger.Posting, error) {
	rows, err := many(ctx, l.db, entryTable.reader(), otherPostings, int64(after.MerchantID), string(after.Source.Kind), after.Source.ID,
		string(after.Source.Event), int64(limit))
	if err != nil {
		return nil, fmt.Errorf("postings without a payment: %w", err)
	}
	return gather(rows), nil
}

// SharedOrders implements ledger.Reader.
func (l *Ledger) SharedOrders(ctx context.Context, after ledger.Order, limit int) ([]ledger.Order, error) {
	read := func(s storage.Scanner) (ledger.Order, error) {
		var merchant int64
		var ref string
		err := s.Scan(&merchant, &ref)
		return ledger.Order{MerchantID: id.Merchant(merchant), Ref: ref}, err
	}
	found, err := many(ctx, l.db, read, sharedOrders, int64(after.MerchantID), after.Ref, int64(limit))
	if err != nil {
		return nil, fmt.Errorf("orders that payments share: %w", err)
	}
	return found, nil
}
