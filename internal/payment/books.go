package payment

import (
	"time"

	"github.com/vezne/vezne/internal/ledger"
	"github.com/vezne/vezne/internal/money"
)

// Charged returns what the card itself is charged: all that is paid but for the
// part that a wallet pays.
func (p Payment) Charged() money.Amount { return p.Paid.Sub(p.Wallet) }

// Refundable returns what may still be given back.
func (p Payment) Refundable() money.Amount {
	return p.Captured.Sub(p.Refunded).Sub(p.Refunding)
}

// movement returns what capturing the amount moves. Interest and commission of
// a partial capture are its shares of the whole.
func (p Payment) movement(captured money.Amount) ledger.Movement {
	interest := p.Paid.Sub(p.Price)
	if rest := p.Charged().Sub(captured); !interest.IsZero() && rest.IsPositive() {
		interest = interest.Share(captured.Minor(), rest.Minor())[0]
	}
	return ledger.Movement{Charged: captured, Interest: interest, Commission: p.CommissionRate.Of(captured)}
}

// refundMovement returns what refunds of the sum move back in total. It is cumulative, so
// that many small refunds round to the same as one: when all is refunded, all
// interest and commission are back to zero.
func (p Payment) refundMovement(refunded money.Amount) ledger.Movement {
	whole := p.movement(p.Captured)
	if refunded.IsZero() {
		return ledger.Movement{Charged: refunded, Interest: refunded, Commission: refunded}
	}
	share := func(a money.Amount) money.Amount {
		return a.Share(refunded.Minor(), p.Captured.Sub(refunded).Minor())[0]
	}
	return ledger.Movement{Charged: refunded, Interest: share(whole.Interest), Commission: share(whole.Commission)}
}

func (o Operation) posting(p Payment, m ledger.Movement, at time.Time) ledger.Posting {
	return ledger.Posting{
		MerchantID:  o.MerchantID,
		PaymentID:   o.PaymentID,
		OperationID: o.ID,
		At:          at,
		Entries:     m.Entries(p.POSID),
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
