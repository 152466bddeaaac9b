package ledger

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/vezne/vezne/internal/id"
	"github.com/vezne/vezne/internal/money"
)

// receivablePrefix begins the accounts of what banks owe.
const receivablePrefix = "pos_receivable:"

// Receivable is the account of what the bank behind a POS owes the merchant
// (debit), net of its commission.
func Receivable(p id.POS) Account {
	return Account(receivablePrefix + strconv.FormatInt(int64(p), 10))
}

// OfBank reports whether the account holds what banks owe or keep: the debit side
// of every movement, of which sales and interest are the credit side.
func (a Account) OfBank() bool {
	return a == BankCommission || strings.HasPrefix(string(a), receivablePrefix)
}

// Check reports why a posting may not enter the books: fewer than two entries,
// more than one currency, or a sum other than zero.
func (p Posting) Check() error {
	if len(p.Entries) < 2 {
		return fmt.Errorf("posting of operation %d: %d entries", p.OperationID, len(p.Entries))
	}
	currency := p.Entries[0].Amount.Currency()
	sum := money.Zero(currency)
	for _, e := range p.Entries {
		if e.Amount.Currency() != currency {
			return fmt.Errorf("posting of operation %d: %s and %s", p.OperationID, currency, e.Amount.Currency())
		}
		sum = sum.Add(e.Amount)
	}
	if !sum.IsZero() {
		return fmt.Errorf("posting of operation %d: off by %s", p.OperationID, sum)
	}
	return nil
}

// Movement is money that a bank moved for a merchant, split by what it is made
// of. Negative amounts move it back.
type Movement struct {
	// Charged is what the payer's card moved; Interest is the part of it that is
	// installment interest, and Commission the part that the bank keeps.
	Charged    money.Amount
	Interest   money.Amount
	Commission money.Amount
}

// Neg returns the movement that undoes m.
func (m Movement) Neg() Movement {
	return Movement{m.Charged.Neg(), m.Interest.Neg(), m.Commission.Neg()}
}

// Sub returns the movement that leads from n to m.
func (m Movement) Sub(n Movement) Movement {
	return Movement{m.Charged.Sub(n.Charged), m.Interest.Sub(n.Interest), m.Commission.Sub(n.Commission)}
}

// Entries books the movement at a POS: the bank owes what was charged less its
// commission, the merchant sold what was charged less the interest.
func (m Movement) Entries(p id.POS) []Entry {
	entries := []Entry{
		{Receivable(p), m.Charged.Sub(m.Commission)},
		{Sales, m.Interest.Sub(m.Charged)},
	}
	if !m.Commission.IsZero() {
		entries = append(entries, Entry{BankCommission, m.Commission})
	}
	if !m.Interest.IsZero() {
		entries = append(entries, Entry{CustomerInterest, m.Interest.Neg()})
	}
	return entries
}
