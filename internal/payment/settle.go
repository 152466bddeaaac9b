package payment

import (
	"slices"

	"github.com/vezne/vezne/internal/connector"
	"github.com/vezne/vezne/internal/ledger"
	"github.com/vezne/vezne/internal/money"
)

// Verdict is what is now known about an operation: by its bank's answer, or by our
// own decision.
type Verdict struct {
	Status      Status
	Result      Result
	BankCode    string
	BankMessage string
	// SealedMemo is what the connector wants back with follow-ups, sealed; nil if it
	// gave nothing new.
	SealedMemo []byte
}

// Change is what a verdict makes of a payment: new rows and what to book.
type Change struct {
	Payment   Payment
	Operation Operation
	// ChangedItems are the items of the payment that are not as they were before.
	ChangedItems []Item
	// Posting is what moves in the books, without an id until it is committed; nil if
	// nothing does.
	Posting *ledger.Posting
}

// Settle applies a verdict to an operation that was open or unknown and to its
// payment. It is pure: the caller commits what it returns, all or nothing.
func Settle(p Payment, o Operation, v Verdict) Change {
	o.Status, o.Result = v.Status, v.Result
	o.BankCode, o.BankMessage = v.BankCode, v.BankMessage
	if v.SealedMemo != nil {
		o.SealedMemo = v.SealedMemo
	}
	if v.Status.Final() {
		o.FinishedAt = v.Result.At
	}
	p.MarkChanged(v.Result.At)
	before := p.Items // shared with the caller's payment: copied before they change
	p.Items = slices.Clone(before)
	c := Change{Payment: p, Operation: o}
	switch o.Kind {
	case connector.Sale, connector.Authorize:
		c.settleCharge()
	case connector.Capture:
		c.settleCapture()
	case connector.Void:
		c.settleVoid()
	case connector.Refund:
		c.settleRefund()
	}
	c.ChangedItems = changedItems(before, c.Payment.Items)
	return c
}

func (c *Change) settleCharge() {
	p, o := &c.Payment, &c.Operation
	if p.State != Pending && p.State != Enrolled && p.State != Authenticated {
		return // a late verdict about a payment that ended otherwise
	}
	if p.State == Authenticated && (o.Status == OperationApproved || o.Status == OperationUnknown) {
		return // charged by the bank itself: it counts once the merchant completes the payment
	}
	p.Result = o.Result
	switch o.Status {
	case OperationApproved:
		if o.Kind == connector.Authorize {
			p.State, p.Authorized, p.CaptureLimit = Authorized, o.Amount, o.Amount
			return
		}
		p.State = Captured
		c.take()
	case OperationDeclined, OperationUnsent, OperationReversed:
		p.State, p.HoldsOrder = Declined, false
		p.Commission = money.Zero(p.Paid.Currency())
		p.ShareItems()
	case OperationOpen, OperationEnrolled, OperationUnknown:
	}
}

func (c *Change) settleCapture() {
	if !c.Operation.Status.Final() {
		return
	}
	c.Payment.OpenAsk = 0
	if c.Operation.Status == OperationApproved {
		c.Payment.State = Captured
		c.take()
	}
}

func (c *Change) settleVoid() {
	p := &c.Payment
	if !c.Operation.Status.Final() || p.OpenAsk != c.Operation.ID {
		return // a reversal by the resolver is no void of the payment
	}
	p.OpenAsk = 0
	if c.Operation.Status != OperationApproved {
		return
	}
	if p.Captured.IsPositive() {
		c.post(p.terms().Taken(p.Captured).Neg())
	}
	p.State, p.HoldsOrder = Voided, false
}

func (c *Change) settleRefund() {
	p := &c.Payment
	if !c.Operation.Status.Final() || c.Operation.IsReversal() {
		return
	}
	parts := p.amountsOf(c.Operation.Part())
	p.Refunding = p.Refunding.Sub(c.Operation.Amount)
	for i, part := range parts {
		p.Items[i].Refunding = p.Items[i].Refunding.Sub(part)
	}
	if c.Operation.Status != OperationApproved {
		return
	}
	for i, part := range parts {
		p.Items[i].Refunded = p.Items[i].Refunded.Add(part)
	}
	before := p.terms().Given(p.Captured, p.Refunded)
	p.Refunded = p.Refunded.Add(c.Operation.Amount)
	c.post(before.Sub(p.terms().Given(p.Captured, p.Refunded)))
	p.State = PartiallyRefunded
	if p.Refunded == p.Captured {
		p.State, p.HoldsOrder = Refunded, false
	}
}

// take books captured money. A sale takes of each item what it costs, a capture what
// was fixed when it began.
func (c *Change) take() {
	p := &c.Payment
	p.Captured = c.Operation.Amount
	m := p.terms().Taken(p.Captured)
	p.Commission = m.Commission
	if c.Operation.Kind == connector.Capture {
		for i, part := range p.amountsOf(c.Operation.Part()) {
			p.Items[i].Taken = part
		}
		p.shareCommission()
	} else {
		p.ShareItems()
	}
	c.post(m)
}

func (c *Change) post(m ledger.Movement) {
	p := c.Operation.posting(c.Payment, m, c.Operation.Result.At)
	c.Posting = &p
}
