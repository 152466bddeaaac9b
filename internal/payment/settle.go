package payment

import (
	"slices"
	"time"

	"github.com/vezne/vezne/internal/connector"
	"github.com/vezne/vezne/internal/ledger"
	"github.com/vezne/vezne/internal/money"
)

// verdict is what is now known about an operation.
type verdict struct {
	status      Status
	result      Result
	bankCode    string
	bankMessage string
}

// change is what a verdict makes of a payment: new rows and what to book.
type change struct {
	payment   Payment
	operation Operation
	// items is whether those of the payment are others than before.
	items   bool
	posting *ledger.Posting
}

func verdictOf(a connector.Answer, at time.Time) verdict {
	v := verdict{
		bankCode:    a.BankCode,
		bankMessage: a.BankMessage,
		result: Result{
			Reason:        a.Reason,
			TransactionID: a.TransactionID,
			HostReference: a.HostReference,
			AuthCode:      a.AuthCode,
			At:            at,
		},
	}
	switch a.Outcome {
	case connector.Approved:
		v.status, v.result.Reason = OperationApproved, connector.Success
	case connector.Declined:
		v.status, v.result.AuthCode = OperationDeclined, ""
		if a.Reason == "" || a.Reason == connector.Success {
			v.result.Reason = connector.UnknownReason
		}
	case connector.Unsent:
		v.status, v.result.Reason = OperationUnsent, connector.CommunicationOrSystemError
	case connector.Unknown:
		v.status, v.result.Reason = unanswered, connector.ResultUnknown
	}
	return v
}

// settle applies a verdict to an operation that was open or unknown and to its
// payment. It is pure: the caller commits what it returns, all or nothing.
func settle(p Payment, o Operation, v verdict) change {
	o.Status, o.Result = v.status, v.result
	o.BankCode, o.BankMessage = v.bankCode, v.bankMessage
	if v.status.Final() {
		o.FinishedAt = v.result.At
	}
	p.changed(v.result.At)
	before := p.Items // shared with the caller's payment: copied before they change
	p.Items = slices.Clone(before)
	c := change{payment: p, operation: o}
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
	c.items = !slices.Equal(before, c.payment.Items)
	return c
}

func (c *change) settleCharge() {
	p, o := &c.payment, &c.operation
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
		c.take(o.Amount)
	case OperationDeclined, OperationUnsent, OperationReversed:
		p.State, p.HoldsOrder = Declined, false
		p.Commission = money.Zero(p.Paid.Currency())
		p.shareItems()
	case OperationOpen, OperationEnrolled, OperationUnknown:
	}
}

func (c *change) settleCapture() {
	if !c.operation.Status.Final() {
		return
	}
	c.payment.OpenAsk = 0
	if c.operation.Status == OperationApproved {
		c.payment.State = Captured
		c.take(c.operation.Amount)
	}
}

func (c *change) settleVoid() {
	p := &c.payment
	if !c.operation.Status.Final() || p.OpenAsk != c.operation.ID {
		return // a reversal by the resolver is no void of the payment
	}
	p.OpenAsk = 0
	if c.operation.Status != OperationApproved {
		return
	}
	if p.Captured.IsPositive() {
		c.post(p.movement(p.Captured).Neg())
	}
	p.State, p.HoldsOrder = Voided, false
}

func (c *change) settleRefund() {
	p := &c.payment
	if !c.operation.Status.Final() {
		return
	}
	p.Refunding = p.Refunding.Sub(c.operation.Amount)
	if c.operation.Status != OperationApproved {
		return
	}
	before := p.given(p.Refunded)
	p.Refunded = p.Refunded.Add(c.operation.Amount)
	c.post(before.Sub(p.given(p.Refunded)))
	p.State = PartiallyRefunded
	if p.Refunded == p.Captured {
		p.State, p.HoldsOrder = Refunded, false
	}
	p.shareRefunds()
}

// take books captured money.
func (c *change) take(amount money.Amount) {
	c.payment.Captured = amount
	m := c.payment.movement(amount)
	c.payment.Commission = m.Commission
	c.payment.shareItems()
	c.post(m)
}

func (c *change) post(m ledger.Movement) {
	p := c.operation.posting(c.payment, m, c.operation.Result.At)
	c.posting = &p
}
