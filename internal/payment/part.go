package payment

import (
	"cmp"
	"fmt"
	"slices"

	"github.com/vezne/vezne/internal/fault"
	"github.com/vezne/vezne/internal/id"
	"github.com/vezne/vezne/internal/money"
)

// ItemAmount is how much is moved of one item.
type ItemAmount struct {
	ItemID id.Item
	Amount money.Amount
}

// Part is how much of a payment a capture or a refund moves, and of which items.
//
// In what is asked for, no items leave it to the payment, and a zero Amount, of the
// Part or of an item, is all that there is to be moved. In what is answered, Amount
// is the sum and Items are sorted by id, those of which nothing is moved left out; a
// payment of one item has none, for all of Amount is that item's.
type Part struct {
	Amount money.Amount
	Items  []ItemAmount
}

// Part returns what a capture or a refund moves.
func (o Operation) Part() Part { return Part{Amount: o.Amount, Items: o.Items} }

// Equal reports whether both move the same of each item.
func (a Part) Equal(b Part) bool { return a.Amount == b.Amount && slices.Equal(a.Items, b.Items) }

// amountsOf returns what a part moves of each item, in the order of the items.
func (p *Payment) amountsOf(part Part) []money.Amount {
	amounts := make([]money.Amount, len(p.Items))
	for i := range amounts {
		amounts[i] = money.Zero(p.Paid.Currency())
	}
	if len(amounts) == 1 {
		amounts[0] = part.Amount
		return amounts
	}
	for _, a := range part.Items {
		if i := p.place(a.ItemID); i >= 0 {
			amounts[i] = a.Amount
		}
	}
	return amounts
}

// partOf returns the part that moves so much of each item.
func (p *Payment) partOf(amounts []money.Amount) Part {
	part := Part{Amount: money.Zero(p.Paid.Currency())}
	for i, a := range amounts {
		part.Amount = part.Amount.Add(a)
		if len(amounts) > 1 && !a.IsZero() {
			part.Items = append(part.Items, ItemAmount{p.Items[i].ID, a})
		}
	}
	slices.SortFunc(part.Items, func(a, b ItemAmount) int { return cmp.Compare(a.ItemID, b.ItemID) })
	return part
}

// place returns where an item is among the payment's, -1 if it is not.
func (p *Payment) place(n id.Item) int {
	return slices.IndexFunc(p.Items, func(it Item) bool { return it.ID == n })
}

// most returns the bound of each item.
func (p *Payment) most(of func(Item) money.Amount) []money.Amount {
	all := make([]money.Amount, len(p.Items))
	for i, it := range p.Items {
		all[i] = of(it)
	}
	return all
}

// named returns what is asked of each item: all of what there is where no amount is
// given. Items that are not the payment's or named twice, amounts that are not
// positive, and a sum that is not theirs are refused; whether there is so much is not
// looked at.
func (p *Payment) named(asked Part, all []money.Amount) ([]money.Amount, error) {
	none := money.Zero(p.Paid.Currency())
	amounts, sum := make([]money.Amount, len(p.Items)), none
	seen := make([]bool, len(p.Items))
	for i := range amounts {
		amounts[i] = none
	}
	for n, a := range asked.Items {
		i := p.place(a.ItemID)
		switch {
		case i < 0:
			return nil, wrongItem(n, "itemId", fault.FieldInvalid, "is no item of the payment")
		case seen[i]:
			return nil, wrongItem(n, "itemId", fault.FieldInvalid, "is named twice")
		case a.Amount == money.Amount{}:
			a.Amount = all[i]
		case a.Amount.Currency() != none.Currency():
			return nil, CurrencyMismatch(none.Currency())
		case !a.Amount.IsPositive():
			return nil, wrongItem(n, "amount", fault.FieldOutOfRange, "must be greater than zero")
		}
		amounts[i], seen[i] = a.Amount, true
		sum = sum.Add(a.Amount)
	}
	switch {
	case asked.Amount == money.Amount{}:
	case asked.Amount.Currency() != none.Currency():
		return nil, CurrencyMismatch(none.Currency())
	case asked.Amount != sum:
		return nil, fault.Validation(fault.Field{
			Name: "amount", Code: fault.FieldInvalid, Message: "must be the sum of the items'",
		})
	}
	return amounts, nil
}

// within refuses, with the code of its command, items of which more is asked than
// there is.
func (p *Payment) within(asked []ItemAmount, amounts, bounds []money.Amount, code fault.Code) error {
	for n, a := range asked {
		i := p.place(a.ItemID)
		if amounts[i].Cmp(bounds[i]) > 0 || amounts[i].IsZero() {
			e := wrongItem(n, "amount", fault.FieldOutOfRange,
				"must not exceed the "+bounds[i].String()+" that are left of the item")
			e.Code = code
			return e
		}
	}
	return nil
}

func wrongItem(n int, member string, code fault.FieldCode, message string) *fault.Error {
	return fault.Validation(fault.Field{Name: fmt.Sprintf("items[%d].%s", n, member), Code: code, Message: message})
}
