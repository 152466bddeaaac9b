package payment

import (
	"slices"

	"github.com/vezne/vezne/internal/connector"
	"github.com/vezne/vezne/internal/id"
	"github.com/vezne/vezne/internal/money"
)

// Item is a basket line; every payment has at least one.
type Item struct {
	ID         id.Item
	Position   int
	Name       string
	ExternalID string
	Price      money.Amount
	// Paid is the item's share of the payment's, by price, and Wallet its share of
	// that part, by Paid.
	Paid   money.Amount
	Wallet money.Amount
	// Taken is what was taken for the item from the card, or from a wallet that pays
	// everything, and until then what is to be taken: of a hold that was captured its
	// part of the capture, which may be less than is paid for it, or more. It is all
	// that can be given back.
	Taken money.Amount
	// Commission is the item's share of the bank's commission, by Taken.
	Commission money.Amount
	// Refunded was given back; Refunding is reserved by refunds whose answer is not
	// known yet.
	Refunded  money.Amount
	Refunding money.Amount
	// SubMerchantID and SubMerchantPrice say who else earns from the item.
	SubMerchantID    id.Member
	SubMerchantPrice money.Amount
}

// Refundable returns what may still be given back for the item, once the payment was
// captured.
func (i Item) Refundable() money.Amount { return i.Taken.Sub(i.Refunded).Sub(i.Refunding) }

// held returns what the item's card part is before any capture.
func (i Item) held() money.Amount { return i.Paid.Sub(i.Wallet) }

// ShareItems spreads over the items what the payment costs; parts add up to the
// whole to the last minor unit. It is for payments of which nothing was captured yet,
// and for sales, of which everything is.
func (p *Payment) ShareItems() {
	prices := make([]int64, len(p.Items))
	for i, it := range p.Items {
		prices[i] = it.Price.Minor()
	}
	paid := p.Paid.Share(prices...)
	wallet := p.Wallet.Share(minors(paid)...)
	for i := range p.Items {
		it := &p.Items[i]
		it.Paid, it.Wallet = paid[i], wallet[i]
		if it.Taken = it.held(); p.PaidByWallet() {
			it.Taken = it.Paid
		}
	}
	p.shareCommission()
}

// shareCommission spreads the bank's commission over the items by what is taken for
// each.
func (p *Payment) shareCommission() {
	taken := make([]int64, len(p.Items))
	for i, it := range p.Items {
		taken[i] = it.Taken.Minor()
	}
	for i, part := range p.Commission.Share(taken...) {
		p.Items[i].Commission = part
	}
}

// Reserve marks the payment for a follow-up that is about to be sent, so that no rival
// is admitted meanwhile: what a refund gives back, of the payment and of each item,
// belongs to it alone. Settle takes the mark away again.
func (p *Payment) Reserve(o Operation) {
	if o.Kind != connector.Refund {
		p.OpenAsk = o.ID
		return
	}
	p.Refunding = p.Refunding.Add(o.Amount)
	p.Items = slices.Clone(p.Items) // they may be another's too
	for i, part := range p.amountsOf(o.Part()) {
		p.Items[i].Refunding = p.Items[i].Refunding.Add(part)
	}
}

// ItemsUndoneBy returns what an operation that gives back all that was taken moves of
// each item. A void moves the whole, and nothing by item.
func (p Payment) ItemsUndoneBy(k connector.Kind) []ItemAmount {
	if k != connector.Refund {
		return nil
	}
	return p.partOf(p.most(Item.Refundable)).Items
}

// WithItemsSince returns the payment with those of its items alone that are not as
// they were before.
func (p Payment) WithItemsSince(before []Item) Payment {
	p.Items = changedItems(before, p.Items)
	return p
}

// changedItems returns the items that are not as they were before.
func changedItems(before, after []Item) []Item {
	var changed []Item
	for i, it := range after {
		if i >= len(before) || before[i] != it {
			changed = append(changed, it)
		}
	}
	return changed
}

func minors(amounts []money.Amount) []int64 {
	all := make([]int64, len(amounts))
	for i, a := range amounts {
		all[i] = a.Minor()
	}
	return all
}
