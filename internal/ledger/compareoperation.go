package ledger

import (
	"slices"

	"github.com/vezne/vezne/internal/connector"
	"github.com/vezne/vezne/internal/money"
)

// operations looks at each operation, and sums up what they say of the payment:
// first the charges, because the others are about them.
func (c *comparison) operations() {
	for i := range c.Operations {
		o := &c.Operations[i]
		c.words(o)
		if o.charges() {
			c.oneCharge(o)
		}
	}
	for i := range c.Operations {
		if o := &c.Operations[i]; !o.charges() {
			c.followUp(o)
		}
	}
	c.voidWhole()
}

// words tells of an operation that is not in our words, or of no ask of the payment,
// or asks no bank although one takes part.
func (c *comparison) words(o *Operation) {
	if c.ByWallet() != (o.POSID == 0) {
		c.tell(OperationDiffers, "operation %d is at POS %d, a wallet pays %s of %s", o.ID, o.POSID, c.Wallet, c.Paid)
	}
	kinds := []connector.Kind{connector.Sale, connector.Authorize, connector.Capture, connector.Void, connector.Refund}
	if !slices.Contains(kinds, o.Kind) || !slices.Contains(Statuses(), o.Status) {
		c.tell(OperationDiffers, "operation %d is a %q and %q, which nobody knows", o.ID, o.Kind, o.Status)
	}
	if !slices.ContainsFunc(c.Operations, func(ask Operation) bool { return ask.ID == o.AskID }) {
		c.tell(OperationDiffers, "operation %d belongs to ask %d, which is not the payment's", o.ID, o.AskID)
	}
}

// oneCharge takes in a sale or a hold.
func (c *comparison) oneCharge(o *Operation) {
	if want := c.chargeKind(); o.Kind != want {
		c.tell(OperationDiffers, "operation %d is a %s, the payment begins with a %s", o.ID, o.Kind, want)
	}
	if o.Amount != c.Due() {
		c.tell(OperationDiffers, "operation %d is about %s, the charge takes %s", o.ID, o.Amount, c.Due())
	}
	if !o.approved() {
		return
	}
	if c.charge != nil {
		c.tell(OperationDiffers, "operations %d and %d both charged the payment", c.charge.ID, o.ID)
		return
	}
	c.charge = o
	c.atPOS(o)
	if o.Kind == connector.Sale {
		c.taken = o.Amount
	}
}

func (c *comparison) chargeKind() connector.Kind {
	if c.Hold {
		return connector.Authorize
	}
	return connector.Sale
}

// followUp takes in a capture, void or refund. One that is about another charge
// than the payment's own undoes what nobody wanted, and the books never see it.
func (c *comparison) followUp(o *Operation) {
	about := c.original(o)
	switch {
	case about == nil:
		c.tell(OperationDiffers, "operation %d follows %q, which is no charge of the payment", o.ID, o.Original)
	case about != c.charge:
		if o.Kind == connector.Capture || o.Amount != about.Amount {
			c.tell(OperationDiffers, "operation %d is a %s of %s, about operation %d, which is %s", o.ID, o.Kind, o.Amount, about.ID, about.Status)
		}
	case o.open():
		c.unfinished(o)
	case o.approved():
		c.atPOS(o)
		c.finished(o)
	}
}

// original returns the charge that a follow-up is about.
func (c *comparison) original(o *Operation) *Operation {
	for i := range c.Operations {
		if about := &c.Operations[i]; about.charges() && about.Reference == o.Original {
			return about
		}
	}
	return nil
}

// unfinished takes in a follow-up of which nothing is known yet.
func (c *comparison) unfinished(o *Operation) {
	c.atPOS(o)
	if c.frees(o) {
		return
	}
	if o.Kind == connector.Refund {
		c.giving = c.giving.Add(o.Amount)
		return
	}
	c.inProgress = append(c.inProgress, o)
}

// finished takes in a follow-up that the bank carried out.
func (c *comparison) finished(o *Operation) {
	switch o.Kind {
	case connector.Capture:
		if c.capture != nil || !c.Hold {
			c.tell(OperationDiffers, "operation %d captures what nobody holds", o.ID)
			return
		}
		c.capture, c.taken = o, o.Amount
	case connector.Refund:
		c.given = c.given.Add(o.Amount)
	case connector.Void:
		if c.frees(o) && c.release == nil {
			c.release = o
			return
		}
		if c.void != nil {
			c.tell(OperationDiffers, "operations %d and %d both voided the payment", c.void.ID, o.ID)
			return
		}
		c.void = o
	case connector.Sale, connector.Authorize: // no follow-ups
	}
}

// frees reports whether a follow-up frees what a bank still holds after the capture of
// the hold was voided. It moves nothing.
func (c *comparison) frees(o *Operation) bool {
	return o.Kind == connector.Void && c.capture != nil && c.void != nil && o.Amount == c.charge.Amount
}

// voidWhole tells of an approved void that is not about all that was taken or held.
func (c *comparison) voidWhole() {
	if c.void == nil {
		return
	}
	whole := c.charge.Amount
	if c.capture != nil {
		whole = c.capture.Amount
	}
	if c.void.Amount != whole {
		c.tell(OperationDiffers, "operation %d voids %s of %s", c.void.ID, c.void.Amount, whole)
	}
	if c.given.IsPositive() {
		c.tell(OperationDiffers, "operation %d voids what was refunded", c.void.ID)
	}
}

// atPOS holds that what moved money went to the payment's POS.
func (c *comparison) atPOS(o *Operation) {
	if o.POSID != c.POSID {
		c.tell(OperationDiffers, "operation %d was sent to POS %d, the payment is at %d", o.ID, o.POSID, c.POSID)
	}
}

// moved returns what the books must say of an operation, and whether they must say
// anything at all.
func (c *comparison) moved(o *Operation) (Movement, bool) {
	if !o.approved() || c.charge == nil || c.State == authenticated {
		return Movement{}, false
	}
	switch {
	case o == c.charge && o.Kind == connector.Sale, o == c.capture:
		return c.Taken(o.Amount), true
	case o == c.void && c.taken.IsPositive():
		return c.Taken(c.taken).Neg(), true
	case o.Kind == connector.Refund && c.original(o) == c.charge:
		zero := money.Zero(o.Amount.Currency())
		return Movement{Charged: o.Amount.Neg(), Interest: zero, Commission: zero}, true
	}
	return Movement{}, false
}
