package payment

import (
	"time"

	"github.com/vezne/vezne/internal/ledger"
	"github.com/vezne/vezne/internal/money"
)

// terms are what the books care about.
func (p Payment) terms() ledger.Terms {
	return ledger.Terms{Price: p.Price, Paid: p.Paid, Wallet: p.Wallet, CommissionRate: p.CommissionRate}
}

// Charged returns what the card itself is charged: all that is paid but for the
// part that a wallet pays.
func (p Payment) Charged() money.Amount { return p.terms().Charged() }

// Due returns what the charge takes: what the card is charged, or everything if a
// wallet pays it all.
func (p Payment) Due() money.Amount { return p.terms().Due() }

// PaidByWallet reports whether a wallet pays everything. Then no bank is asked, by
// the payment or by what follows it up.
func (p Payment) PaidByWallet() bool { return p.terms().ByWallet() }

// Refundable returns what may still be given back.
func (p Payment) Refundable() money.Amount {
	return p.Captured.Sub(p.Refunded).Sub(p.Refunding)
}

// posting books a movement that the operation brought about; its id is given when
// it is committed.
func (o Operation) posting(p Payment, m ledger.Movement, at time.Time) ledger.Posting {
	return ledger.Posting{
		MerchantID: o.MerchantID, Source: ledger.OperationApproved(o.ID), PaymentID: o.PaymentID,
		At: at, Entries: m.EntriesOn(p.terms().Debited(p.POSID, p.BuyerID)),
	}
}
