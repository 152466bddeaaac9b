package ledger

import (
	"strconv"
	"strings"

	"github.com/vezne/vezne/internal/id"
)

// Account is what an entry is booked on: a kind, and for some kinds whose. Positive
// amounts are debits, negative ones credits; docs/ledger.md has the table.
type Account string

// The accounts without an owner.
const (
	// Sales is what the merchant sold (credit).
	Sales Account = "sales"
	// CustomerInterest is installment interest that payers added (credit).
	CustomerInterest Account = "customer_interest"
	// BankCommission is what banks keep (debit).
	BankCommission Account = "bank_commission"
)

// receivablePrefix begins the accounts of what banks owe.
const receivablePrefix = "pos_receivable:"

// Receivable is the account of what the bank behind a POS owes the merchant
// (debit), net of its commission.
func Receivable(p id.POS) Account {
	return Account(receivablePrefix + strconv.FormatInt(int64(p), 10))
}

// walletPrefix begins the accounts of what buyers have in their wallets.
const walletPrefix = "member_wallet:"

// WalletOf is the account of what the merchant owes a buyer as the balance of a
// wallet (credit): paying from it is a debit.
func WalletOf(m id.Member) Account {
	return Account(walletPrefix + strconv.FormatInt(int64(m), 10))
}

// OfWallet reports whether the account holds what buyers have in their wallets, which
// is the debit side where a wallet pays everything.
func (a Account) OfWallet() bool { return strings.HasPrefix(string(a), walletPrefix) }

// OfBank reports whether the account holds what banks owe or keep: the debit side
// of every movement, of which sales and interest are the credit side.
func (a Account) OfBank() bool {
	return a == BankCommission || strings.HasPrefix(string(a), receivablePrefix)
}
