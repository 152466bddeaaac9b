package ledger

import (
	"github.com/vezne/vezne/internal/connector"
	"github.com/vezne/vezne/internal/id"
	"github.com/vezne/vezne/internal/money"
)

// shares holds what captures and refunds moved of each item against the sums that
// they moved, and each item against all of them.
func (c *comparison) shares() {
	zero := money.Zero(c.Price.Currency())
	moved := make(map[id.Operation]map[id.Item]money.Amount)
	for _, s := range c.Shares {
		o := c.operation(s.Operation)
		switch {
		case o == nil || !c.byItem(o) || len(c.Items) == 1:
			c.tell(SharesDiffer, "operation %d is said to move %s of item %d, and moves nothing by item",
				s.Operation, s.Amount, s.Item)
			continue
		case !c.hasItem(s.Item):
			c.tell(SharesDiffer, "operation %d moves %s of item %d, which is not the payment's",
				s.Operation, s.Amount, s.Item)
		}
		if moved[o.ID] == nil {
			moved[o.ID] = make(map[id.Item]money.Amount)
		}
		moved[o.ID][s.Item] = s.Amount
	}
	for i := range c.Operations {
		o := &c.Operations[i]
		if !c.byItem(o) || len(c.Items) == 0 {
			continue
		}
		if len(c.Items) == 1 {
			moved[o.ID] = map[id.Item]money.Amount{c.Items[0].ID: o.Amount}
		}
		sum := zero
		for _, a := range moved[o.ID] {
			sum = sum.Add(a)
		}
		if sum != o.Amount {
			c.tell(SharesDiffer, "operation %d is about %s, and moves %s of the items", o.ID, o.Amount, sum)
		}
	}
	if !c.itemsOff {
		c.eachItem(moved)
	}
}

// eachItem holds each item against what the operations moved of it.
func (c *comparison) eachItem(moved map[id.Operation]map[id.Item]money.Amount) {
	zero := money.Zero(c.Price.Currency())
	for _, it := range c.Items {
		taken, given, giving := it.Paid.Sub(it.Wallet), zero, zero
		if c.ByWallet() {
			taken = it.Paid
		}
		for i := range c.Operations {
			o := &c.Operations[i]
			if !c.byItem(o) {
				continue
			}
			part := moved[o.ID][it.ID].Or(zero.Currency())
			switch {
			case o == c.capture:
				taken = part
			case o.Kind == connector.Refund && o.approved():
				given = given.Add(part)
			case o.Kind == connector.Refund && o.open():
				giving = giving.Add(part)
			}
		}
		if it.Taken != taken || it.Refunded != given || it.Refunding != giving {
			c.tell(SharesDiffer, "item %d: %s taken, %s refunded, %s being refunded; the operations say %s, %s, %s",
				it.ID, it.Taken, it.Refunded, it.Refunding, taken, given, giving)
		}
	}
}

// byItem reports whether an operation moves of each item what was fixed when it
// began: a capture or a refund of the payment's own charge.
func (c *comparison) byItem(o *Operation) bool {
	return (o.Kind == connector.Capture || o.Kind == connector.Refund) && c.charge != nil && c.original(o) == c.charge
}

// operation returns an operation of the payment, nil if it has none of the id.
func (c *comparison) operation(n id.Operation) *Operation {
	for i := range c.Operations {
		if c.Operations[i].ID == n {
			return &c.Operations[i]
		}
	}
	return nil
}

func (c *comparison) hasItem(n id.Item) bool {
	for i := range c.Items {
		if c.Items[i].ID == n {
			return true
		}
	}
	return false
}
