package ledger

import (
	"github.com/vezne/vezne/internal/id"
	"github.com/vezne/vezne/internal/money"
)

// Terms are what a payment is made of, as far as the books care.
type Terms struct {
	// Price is the basket total, Paid what the payer is charged in all, interest and
	// the part that a wallet pays included, and Wallet that part.
	Price, Paid, Wallet money.Amount
	// CommissionRate is what the bank keeps of what it takes from the card.
	CommissionRate money.Rate
}

// Charged returns what the card itself is charged.
func (t Terms) Charged() money.Amount { return t.Paid.Sub(t.Wallet) }

// ByWallet reports whether a wallet pays everything, so that no bank takes part.
func (t Terms) ByWallet() bool { return t.Wallet.IsPositive() && t.Wallet == t.Paid }

// Due returns what the charge takes: what the card is charged, or everything if a
// wallet pays it all.
func (t Terms) Due() money.Amount {
	if t.ByWallet() {
		return t.Paid
	}
	return t.Charged()
}

// Debited returns the account that owes what is taken: that of the bank behind the
// POS, or the buyer's wallet if that pays everything.
func (t Terms) Debited(p id.POS, buyer id.Member) Account {
	if t.ByWallet() {
		return WalletOf(buyer)
	}
	return Receivable(p)
}

// Taken returns what moves when the sum is captured. Interest and commission of a
// partial capture are its shares of the whole. What is captured above a hold is sold
// without interest: that was agreed for what was held.
func (t Terms) Taken(captured money.Amount) Movement {
	interest := t.Paid.Sub(t.Price)
	if rest := t.Due().Sub(captured); !interest.IsZero() && rest.IsPositive() {
		interest = interest.Share(captured.Minor(), rest.Minor())[0]
	}
	return Movement{Charged: captured, Interest: interest, Commission: t.CommissionRate.Of(captured)}
}

// Given returns what refunds of the sum move back in total. It is cumulative, so
// that many small refunds round to the same as one: when all is refunded, all
// interest and commission are back to zero.
func (t Terms) Given(captured, refunded money.Amount) Movement {
	if refunded.IsZero() {
		return Movement{Charged: refunded, Interest: refunded, Commission: refunded}
	}
	whole := t.Taken(captured)
	share := func(a money.Amount) money.Amount {
		return a.Share(refunded.Minor(), captured.Sub(refunded).Minor())[0]
	}
	return Movement{Charged: refunded, Interest: share(whole.Interest), Commission: share(whole.Commission)}
}

// Movement is money that a bank or a wallet moved for a merchant, split by what it is
// made of. Negative amounts move it back.
type Movement struct {
	// Charged is what the payer's card moved, or the wallet that pays everything; Interest is the part of it that is
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
// commission, the merchant sold what was charged less the interest. Whatever the
// parts are, the entries balance.
func (m Movement) Entries(p id.POS) []Entry { return m.EntriesOn(Receivable(p)) }

// EntriesOn books the movement as Entries does, on the account that owes what was
// charged.
func (m Movement) EntriesOn(debited Account) []Entry {
	entries := []Entry{
		{debited, m.Charged.Sub(m.Commission)},
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
