package charge_test

import (
	"fmt"

	"github.com/vezne/vezne/internal/charge"
	"github.com/vezne/vezne/internal/connector"
	"github.com/vezne/vezne/internal/fault"
	"github.com/vezne/vezne/internal/payment"
	"github.com/vezne/vezne/internal/threeds"
)

// modelPayment is a payment as the model sees it, in minor units.
type modelPayment struct {
	outcome                   payment.Outcome
	command                   charge.Pay
	hold                      bool
	state                     payment.State
	total, captured, refunded int64
	open                      []*modelAsk
	enrolment                 threeds.Enrolment
	guesses                   int
	key                       string // with which an authenticated payment is completed
}

// GoString is what a sequence that fails shows of the payment.
func (p *modelPayment) GoString() string {
	return fmt.Sprintf("payment %d (%s, total %d, captured %d, refunded %d, %d open)",
		p.outcome.Payment.ID, p.state, p.total, p.captured, p.refunded, len(p.open))
}

// modelAsk is an operation of which nobody knows yet what became of it: it was
// lost on its way to the bank, or the bank has done it and does not say so.
type modelAsk struct {
	operation payment.Operation
	amount    int64
	done      bool // the bank has done it
}

// heard takes in what became of a request that went this way, and reports whether
// that stays unknown.
func (p *modelPayment) heard(way string, a *modelAsk) (unknown bool) {
	if way == lost || way == hidden {
		p.open = append(p.open, a)
		return true
	}
	p.know(a, a.done)
	return false
}

// know takes in the outcome of an operation.
func (p *modelPayment) know(a *modelAsk, approved bool) {
	kind := a.operation.Kind
	if kind == connector.Sale || kind == connector.Authorize {
		p.state = payment.Declined
	}
	if !approved {
		return
	}
	switch kind {
	case connector.Authorize:
		p.state = payment.Authorized
	case connector.Sale, connector.Capture:
		p.state, p.captured = payment.Captured, a.amount
	case connector.Void:
		p.state = payment.Voided
	case connector.Refund:
		p.refunded += a.amount
		p.state = payment.PartiallyRefunded
		if p.refunded == p.captured {
			p.state = payment.Refunded
		}
	}
}

// asks reports whether an operation of the kind is open.
func (p *modelPayment) asks(k connector.Kind) bool {
	for _, a := range p.open {
		if a.operation.Kind == k {
			return true
		}
	}
	return false
}

// refunding is what open refunds may have given back.
func (p *modelPayment) refunding() (sum int64) {
	for _, a := range p.open {
		if a.operation.Kind == connector.Refund {
			sum += a.amount
		}
	}
	return sum
}

// booked is what our books must say was sold.
func (p *modelPayment) booked() int64 {
	if p.state == payment.Voided {
		return 0
	}
	return p.captured - p.refunded
}

// moved is what the bank must have: what is booked and what it did without our
// knowing yet.
func (p *modelPayment) moved() int64 {
	sum := p.booked()
	for _, a := range p.open {
		if !a.done {
			continue
		}
		switch a.operation.Kind {
		case connector.Sale, connector.Capture:
			sum += a.amount
		case connector.Refund:
			sum -= a.amount
		case connector.Void:
			sum = 0
		case connector.Authorize:
		}
	}
	return sum
}

func (p *modelPayment) canCapture(amount int64) fault.Code {
	switch {
	case !p.hold:
		return fault.NotCapturable
	case p.underWay():
		return fault.OperationInProgress
	case p.state == payment.Authorized && amount > p.total:
		return fault.CaptureAmountExceeded
	case p.state == payment.Authorized && (p.asks(connector.Capture) || p.asks(connector.Void)):
		return fault.CaptureInProgress
	case p.state == payment.Authorized, p.captured == amount && p.kept():
		return ""
	case p.kept():
		return fault.AlreadyCaptured
	}
	return fault.NotCapturable
}

// underWay reports whether the payment itself has no outcome yet.
func (p *modelPayment) underWay() bool {
	return p.state == payment.Pending || p.state == payment.Enrolled || p.state == payment.Authenticated
}

// kept reports whether money was taken, wherever it went since, and not voided.
func (p *modelPayment) kept() bool {
	return p.state == payment.Captured || p.state == payment.PartiallyRefunded || p.state == payment.Refunded
}

func (p *modelPayment) canVoid() fault.Code {
	switch {
	case p.underWay():
		return fault.OperationInProgress
	case p.state != payment.Authorized && p.state != payment.Captured:
		return fault.NotVoidable
	case len(p.open) > 0:
		return fault.OperationInProgress
	}
	return ""
}

func (p *modelPayment) canRefund(amount int64) fault.Code {
	switch {
	case p.underWay():
		return fault.OperationInProgress
	case p.state != payment.Captured && p.state != payment.PartiallyRefunded:
		return fault.NotRefundable
	case p.asks(connector.Void):
		return fault.OperationInProgress
	case amount > p.captured-p.refunded-p.refunding():
		return fault.RefundAmountExceeded
	}
	return ""
}
