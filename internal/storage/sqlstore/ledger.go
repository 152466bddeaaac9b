package sqlstore

import (
	"context"
	"fmt"

	"github.com/vezne/vezne/internal/id"
	"github.com/vezne/vezne/internal/ledger"
	"github.com/vezne/vezne/internal/money"
	"github.com/vezne/vezne/internal/payment"
	"github.com/vezne/vezne/internal/storage"
)

const (
	insertEntries = `INSERT INTO ledger_entry (merchant_id, operation_id, position, payment_id, account, currency, amount, posted_at)
	VALUES `
	entryWidth = 8
)

// insertEntriesOf has the statement for each usual number of entries, so that it
// is built once.
var insertEntriesOf = [...]string{
	2: insertEntries + rowsOf(2, entryWidth),
	3: insertEntries + rowsOf(3, entryWidth),
	4: insertEntries + rowsOf(4, entryWidth),
}

func (t *tx) addPosting(p ledger.Posting) {
	args := make([]any, 0, len(p.Entries)*entryWidth)
	for i, e := range p.Entries {
		args = append(args, int64(p.MerchantID), int64(p.OperationID), int64(i), int64(p.PaymentID),
			string(e.Account), e.Amount.Currency().String(), e.Amount.Minor(), micros(p.At))
	}
	var sql string
	if n := len(p.Entries); n < len(insertEntriesOf) {
		sql = insertEntriesOf[n]
	} else {
		sql = insertEntries + rowsOf(n, entryWidth)
	}
	t.add(sql, args...)
}

// Ledger reads the books of all merchants, for those who check them.
type Ledger struct{ db *storage.DB }

// NewLedger returns the books of db.
func NewLedger(db *storage.DB) *Ledger { return &Ledger{db: db} }

// entryRow is one stored entry.
type entryRow struct {
	posting ledger.Posting // without entries
	entry   ledger.Entry
}

const entryColumns = `e.merchant_id, e.operation_id, e.payment_id, e.account, e.currency, e.amount, e.posted_at`

func readEntry(s storage.Scanner) (entryRow, error) {
	var (
		merchant, operation, paymentID, amount, at int64
		account, code                              string
	)
	if err := s.Scan(&merchant, &operation, &paymentID, &account, &code, &amount, &at); err != nil {
		return entryRow{}, err
	}
	currency, err := currencyOf(code)
	return entryRow{
		posting: ledger.Posting{
			MerchantID: id.Merchant(merchant), PaymentID: id.Payment(paymentID), OperationID: id.Operation(operation), At: timeOf(at),
		},
		entry: ledger.Entry{Account: ledger.Account(account), Amount: money.FromMinor(amount, currency)},
	}, err
}

// gather puts entries that are sorted by operation together again.
func gather(rows []entryRow) []ledger.Posting {
	var all []ledger.Posting
	for _, r := range rows {
		if n := len(all); n == 0 || all[n-1].OperationID != r.posting.OperationID || all[n-1].MerchantID != r.posting.MerchantID {
			all = append(all, r.posting)
		}
		last := &all[len(all)-1]
		last.Entries = append(last.Entries, r.entry)
	}
	return all
}

// PostingKey is the place of a posting in the order of Postings; the zero key is
// before the first.
type PostingKey struct {
	MerchantID  id.Merchant
	OperationID id.Operation
}

const postingsAfter = `SELECT ` + entryColumns + `
	FROM (SELECT DISTINCT merchant_id, operation_id FROM ledger_entry
		WHERE (merchant_id, operation_id) > ($1, $2) ORDER BY merchant_id, operation_id LIMIT $3) o
	CROSS JOIN ledger_entry e WHERE e.merchant_id = o.merchant_id AND e.operation_id = o.operation_id
	ORDER BY e.merchant_id, e.operation_id, e.position`

// Postings returns up to limit whole postings of all merchants that come after
// the key, by merchant and operation, whether they balance or not.
func (l *Ledger) Postings(ctx context.Context, after PostingKey, limit int) ([]ledger.Posting, error) {
	rows, err := many(ctx, l.db, readEntry, postingsAfter, int64(after.MerchantID), int64(after.OperationID), int64(limit))
	if err != nil {
		return nil, fmt.Errorf("postings: %w", err)
	}
	return gather(rows), nil
}

// BookedPayment is what a payment says of its money beside what the books say.
type BookedPayment struct {
	MerchantID id.Merchant
	ID         id.Payment
	UUID       id.UUID
	State      payment.State
	Captured   money.Amount
	Refunded   money.Amount
	// Itemised says that what was paid, taken from a wallet, charged as commission
	// and refunded of the items adds up to the payment's.
	Itemised bool
	// Balances are the sums of the payment's ledger entries by account, sorted by
	// account.
	Balances []ledger.Entry
}

// PaymentKey is the place of a payment in the order of BookedPayments; the zero
// key is before the first.
type PaymentKey struct {
	MerchantID id.Merchant
	UUID       id.UUID
}

const bookedPayments = `SELECT p.merchant_id, p.id, p.uuid, p.state, p.captured, p.refunded, p.currency, p.itemised,
		COALESCE(e.account, ''), COALESCE(e.currency, ''), CAST(COALESCE(SUM(e.amount), 0) AS BIGINT)
	FROM (SELECT merchant_id, id, uuid, state, captured, refunded, currency,
			(SELECT CASE WHEN SUM(i.paid) = payment.paid AND SUM(i.wallet) = payment.wallet
					AND SUM(i.commission) = payment.commission AND SUM(i.refunded) = payment.refunded THEN 1 ELSE 0 END
				FROM payment_item i WHERE i.merchant_id = payment.merchant_id AND i.payment_id = payment.id) AS itemised
		FROM payment
		WHERE (merchant_id, uuid) > ($1, $2) ORDER BY merchant_id, uuid LIMIT $3) p
	LEFT JOIN operation o ON o.merchant_id = p.merchant_id AND o.payment_id = p.id
	LEFT JOIN ledger_entry e ON e.merchant_id = o.merchant_id AND e.operation_id = o.id
	GROUP BY p.merchant_id, p.id, p.uuid, p.state, p.captured, p.refunded, p.currency, p.itemised, e.account, e.currency
	ORDER BY p.merchant_id, p.uuid, 9, 10`

type balanceRow struct {
	payment BookedPayment // without balances
	balance ledger.Entry
}

func readBalance(s storage.Scanner) (balanceRow, error) {
	var (
		merchant, paymentID, captured, refunded, itemised, sum int64
		uuid                                                   []byte
		state, code, account, entryCode                        string
	)
	err := s.Scan(&merchant, &paymentID, &uuid, &state, &captured, &refunded, &code, &itemised, &account, &entryCode, &sum)
	if err != nil {
		return balanceRow{}, err
	}
	currency, err := currencyOf(code)
	if err != nil {
		return balanceRow{}, err
	}
	entryCurrency, err := currencyOf(entryCode)
	return balanceRow{
		payment: BookedPayment{
			MerchantID: id.Merchant(merchant), ID: id.Payment(paymentID), UUID: id.UUID(uuid), State: payment.State(state),
			Captured: money.FromMinor(captured, currency), Refunded: money.FromMinor(refunded, currency),
			Itemised: itemised == 1,
		},
		balance: ledger.Entry{Account: ledger.Account(account), Amount: money.FromMinor(sum, entryCurrency)},
	}, err
}

// BookedPayments returns up to limit payments of all merchants that come after
// the key, by merchant and UUID, which is by age.
func (l *Ledger) BookedPayments(ctx context.Context, after PaymentKey, limit int) ([]BookedPayment, error) {
	rows, err := many(ctx, l.db, readBalance, bookedPayments, int64(after.MerchantID), after.UUID[:], int64(limit))
	if err != nil {
		return nil, fmt.Errorf("booked payments: %w", err)
	}
	var all []BookedPayment
	for _, r := range rows {
		if n := len(all); n == 0 || all[n-1].ID != r.payment.ID || all[n-1].MerchantID != r.payment.MerchantID {
			all = append(all, r.payment)
		}
		if r.balance.Account == "" {
			continue // the payment has no entries
		}
		last := &all[len(all)-1]
		last.Balances = append(last.Balances, r.balance)
	}
	return all, nil
}

// The postings of a payment are found by its operations, so that the entries need
// no index by payment. SQLite keeps the order of a CROSS JOIN; left to choose, it
// would read all entries of the merchant.
const postingsOfPayment = `SELECT ` + entryColumns + ` FROM operation o CROSS JOIN ledger_entry e
	WHERE o.merchant_id = $1 AND o.payment_id = $2 AND e.merchant_id = o.merchant_id AND e.operation_id = o.id
	ORDER BY e.posted_at, e.operation_id, e.position`
