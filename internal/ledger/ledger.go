// Package ledger keeps the books: double entries for every movement of money,
// posted in the same commit as the movement itself.
package ledger

import (
	"time"

	"github.com/vezne/vezne/internal/id"
	"github.com/vezne/vezne/internal/money"
)

// Account is what an entry is booked on: a kind, and for some kinds whose.
type Account string

// The accounts without an owner. Positive amounts are debits.
const (
	// Sales is what the merchant sold (credit).
	Sales Account = "sales"
	// CustomerInterest is installment interest that payers added (credit).
	CustomerInterest Account = "customer_interest"
	// BankCommission is what banks keep (debit).
	BankCommission Account = "bank_commission"
)

// Entry is one side of a posting: a debit if positive, a credit if negative.
type Entry struct {
	Account Account
	Amount  money.Amount
}

// Posting is the set of entries of one operation. Its entries are in one
// currency and add up to zero.
type Posting struct {
	MerchantID  id.Merchant
	PaymentID   id.Payment
	OperationID id.Operation
	At          time.Time
	Entries     []Entry
}

// Tx queues postings in a write transaction.
type Tx interface {
	// Post queues a posting; an unbalanced one panics, for it is a programmer
	// mistake that must never reach the books.
	Post(p Posting)
}
