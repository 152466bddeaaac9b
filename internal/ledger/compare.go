package ledger

import (
	"fmt"
	"slices"
	"strings"

	"github.com/vezne/vezne/internal/connector"
	"github.com/vezne/vezne/internal/money"
)

// comparison holds one payment against what belongs to it.
type comparison struct {
	*Record

	found func(Finding)
	// charge is the sale or hold that the bank approved, nil if there is none.
	charge *Operation
	// capture and void are the approved ones, nil if there is none.
	capture, void *Operation
	// release frees the hold after its capture was voided.
	release *Operation
	// taken, given and giving are the sums that the operations lead to.
	taken, given, giving money.Amount
	// inProgress are captures and voids of which nothing is known yet.
	inProgress []*Operation
	// itemsOff says that the items do not add up to the payment, which need not be
	// told of each of them again.
	itemsOff bool
}

func newComparison(r *Record, found func(Finding)) *comparison {
	zero := money.Zero(r.Price.Currency())
	return &comparison{Record: r, found: found, taken: zero, given: zero, giving: zero}
}

func (c *comparison) tell(rule Rule, format string, args ...any) {
	c.found(Finding{rule, c.MerchantID, "payment " + c.UUID.String(), fmt.Sprintf(format, args...)})
}

// compare looks at everything. Amounts of two currencies cannot be held against
// each other, so that nothing else is compared once they are mixed.
func (c *comparison) compare() {
	if c.mixed() {
		return
	}
	c.items()
	c.operations()
	c.shares()
	c.state()
	c.sums()
	c.commission()
	c.openAsk()
	c.order()
	c.postings()
}

// mixed tells of every currency that is not the payment's.
func (c *comparison) mixed() (mixed bool) {
	own := c.Price.Currency()
	differs := func(what string, number int64, other money.Currency) {
		if other != own {
			mixed = true
			c.tell(CurrencyDiffers, "%s %d is in %s and the payment in %s", what, number, other, own)
		}
	}
	for _, it := range c.Items {
		differs("item", int64(it.ID), it.Price.Currency())
	}
	for _, s := range c.Shares {
		differs("share of operation", int64(s.Operation), s.Amount.Currency())
	}
	for _, o := range c.Operations {
		differs("operation", int64(o.ID), o.Amount.Currency())
	}
	for _, p := range c.Postings {
		for _, e := range p.Entries {
			if p.Source.Kind == OfOperation {
				differs("posting", int64(p.ID), e.Amount.Currency())
			}
		}
	}
	return mixed
}

func (c *comparison) items() {
	zero := money.Zero(c.Price.Currency())
	price, paid, wallet, taken, commission, refunded, refunding := zero, zero, zero, zero, zero, zero, zero
	for _, it := range c.Items {
		price, paid, wallet, taken = price.Add(it.Price), paid.Add(it.Paid), wallet.Add(it.Wallet), taken.Add(it.Taken)
		commission, refunded = commission.Add(it.Commission), refunded.Add(it.Refunded)
		refunding = refunding.Add(it.Refunding)
		if given := it.Refunded.Add(it.Refunding); given.Cmp(it.Taken) > 0 {
			c.tell(ItemsDiffer, "item %d: %s refunded or being refunded of %s", it.ID, given, it.Taken)
		}
	}
	whole := c.Captured
	if whole.IsZero() {
		whole = c.Due()
	}
	for _, sum := range []struct {
		of           string
		items, whole money.Amount
	}{
		{"price", price, c.Price}, {"paid", paid, c.Paid}, {"wallet", wallet, c.Wallet}, {"taken", taken, whole},
		{"commission", commission, c.Commission}, {"refunded", refunded, c.Refunded},
		{"being refunded", refunding, c.Refunding},
	} {
		if sum.items != sum.whole {
			c.itemsOff = true
			c.tell(ItemsDiffer, "%s of its items is %s, its own %s", sum.of, sum.items, sum.whole)
		}
	}
}

// state holds the state against those to which the operations lead.
func (c *comparison) state() {
	may := c.states()
	if slices.Contains(may, c.State) {
		return
	}
	words := make([]string, len(may))
	for i, s := range may {
		words[i] = string(s)
	}
	c.tell(StateDiffers, "it is %s, its operations make it %s", c.State, strings.Join(words, " or "))
}

// states returns the states to which the operations lead.
func (c *comparison) states() []State {
	switch {
	case c.charge == nil:
		return c.uncharged()
	case c.void != nil:
		return []State{voided}
	case c.charge.Kind == connector.Authorize && c.capture == nil:
		return []State{authorized, expired, authenticated}
	case c.given.IsZero():
		// A bank may charge while it authenticates; that counts once it is wanted.
		return []State{captured, authenticated}
	case c.given == c.taken:
		return []State{refunded}
	}
	return []State{partiallyRefunded}
}

// uncharged returns the states of a payment that no bank approved.
func (c *comparison) uncharged() []State {
	for i := range c.Operations {
		switch o := &c.Operations[i]; {
		case !o.charges():
		case o.Status == statusEnrolled:
			return []State{enrolled, authenticated}
		case o.Status == statusUnknown:
			return []State{pending, authenticated}
		case o.Status == statusOpen:
			return []State{pending}
		}
	}
	return []State{declined}
}

// sums holds the payment's sums against those of its operations.
func (c *comparison) sums() {
	held, taken := money.Zero(c.Price.Currency()), c.taken
	if c.charge != nil && c.Hold {
		held = c.charge.Amount
	}
	if c.State == authenticated {
		held, taken = money.Zero(held.Currency()), money.Zero(held.Currency())
	}
	for _, sum := range []struct {
		of        string
		own, want money.Amount
	}{
		{"authorized", c.Authorized, held}, {"captured", c.Captured, taken},
		{"refunded", c.Refunded, c.given}, {"being refunded", c.Refunding, c.giving},
	} {
		if sum.own != sum.want {
			c.tell(SumDiffers, "%s is %s, its operations say %s", sum.of, sum.own, sum.want)
		}
	}
}

// commission follows from what was taken or, before that, from what is to be.
func (c *comparison) commission() {
	base := c.Due()
	switch {
	case c.Captured.IsPositive():
		base = c.Captured
	case c.State == declined:
		base = money.Zero(base.Currency())
	}
	if want := c.CommissionRate.Of(base); c.Commission != want {
		c.tell(CommissionDiffers, "commission is %s, %s %% of %s are %s", c.Commission, c.CommissionRate, base, want)
	}
}

func (c *comparison) openAsk() {
	switch {
	case len(c.inProgress) == 0 && c.OpenAsk != 0:
		c.tell(OpenAskDiffers, "operation %d is marked as in progress and is not", c.OpenAsk)
	case len(c.inProgress) > 1 || (len(c.inProgress) == 1 && c.OpenAsk != c.inProgress[0].ID):
		for _, o := range c.inProgress {
			if o.ID != c.OpenAsk {
				c.tell(OpenAskDiffers, "operation %d is in progress and not marked", o.ID)
			}
		}
	case c.OpenAsk != 0 && c.giving.IsPositive():
		c.tell(OpenAskDiffers, "operation %d is in progress beside a refund", c.OpenAsk)
	}
}

// order holds that a payment which takes no money, or not yet, keeps no other from
// paying the order.
func (c *comparison) order() {
	switch c.State {
	case enrolled, authenticated, refunded, voided, declined, expired:
		if c.HoldsOrder {
			c.tell(OrderHeld, "it is %s and holds its order", c.State)
		}
	case pending, authorized, captured, partiallyRefunded:
	}
}
