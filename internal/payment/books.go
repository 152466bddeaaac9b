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

// Refundable returns what may still be given back.
func (p Payment) Refundable() money.Amount {
	return p.Captured.Sub(p.Refunded).Sub(p.Refunding)
}

// posting books a movement that the operation brought about; its id is given when
// it is committed.
func (o Operation) posting(p Payment, m ledger.Movement, at time.Time) ledger.Posting {
	return ledger.Posting{
		MerchantID: o.MerchantID, Source: ledger.OperationApproved(o.ID), PaymentID: o.PaymentID,
		At: at, Entries: m.Entries(p.POSID),
	}
}

// ShareItems spreads paid, wallet and commission over the items by price; parts
// add up to the whole to the last minor unit.
func (p *Payment) ShareItems() {
	weights := make([]int64, len(p.Items))
	for i, it := range p.Items {
		weights[i] = it.Price.Minor()
	}
	paid, wallet, commission := p.Paid.Share(weights...), p.Wallet.Share(weights...), p.Commission.Share(weights...)
	for i := range p.Items {
		p.Items[i].Paid, p.Items[i].Wallet, p.Items[i].Commission = paid[i], wallet[i], commission[i]
	}
}

// shareRefunds spreads what was refunded so far over the items by what was paid
// for each.
func (p *Payment) shareRefunds() {
	weights := make([]int64, len(p.Items))
	for i, it := range p.Items {
		weights[i] = it.Paid.Minor()
	}
	for i, part := range p.Refunded.Share(weights...) {
		p.Items[i].Refunded = part
	}
}
