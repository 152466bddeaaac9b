package payment

import (
	"time"

	"github.com/vezne/vezne/internal/fault"
	"github.com/vezne/vezne/internal/id"
	"github.com/vezne/vezne/internal/money"
)

// CurrencyMismatch refuses an amount in another currency than the payment's.
func CurrencyMismatch(want money.Currency) error {
	e := fault.Validation(fault.Field{Name: "currency", Code: fault.FieldInvalid, Message: "must be " + want.String()})
	e.Code = fault.CurrencyMismatch
	return e
}

// CheckCurrency refuses with fault.CurrencyMismatch a currency that a command names
// and the payment is not in.
func (p Payment) CheckCurrency(c money.Currency) error {
	if want := p.Paid.Currency(); c != want {
		return CurrencyMismatch(want)
	}
	return nil
}

// AmountExceeded refuses an amount that is too large, with the code of its command.
func AmountExceeded(code fault.Code, message string) error {
	e := fault.Validation(fault.Field{Name: "amount", Code: fault.FieldOutOfRange, Message: message})
	e.Code = code
	return e
}

// InProgress refuses a command while another one about the same payment is at its
// bank.
func InProgress(code fault.Code, p id.UUID) error {
	return fault.New(fault.Conflict, code, "another operation of this payment is in progress").
		WithSubject(p.String()).WithRetryAfter(RetryHint)
}

// WrongState refuses a command that does not fit the state of a payment.
func WrongState(code fault.Code, message string, p Payment) error {
	return fault.New(fault.Conflict, code, message).WithSubject(p.UUID.String())
}

// AdmitFollowUp refuses with fault.OperationInProgress a follow-up of a payment that is
// under way, or of which it is not known yet what the bank took: it may be asked for
// again, unlike one that does not fit how the payment ended.
func (p Payment) AdmitFollowUp() error {
	if p.Unclear || p.State == Pending || p.State == Enrolled || p.State == Authenticated {
		return fault.New(fault.Conflict, fault.OperationInProgress, "it is not known yet how the payment ends").
			WithSubject(p.UUID.String()).WithRetryAfter(RetryHint)
	}
	return nil
}

// AdmitRefund returns what a refund gives back, of the payment and of each item, or
// why it cannot. Without items it is spread over them by what is left of each; the
// zero Part is all that is left.
func (p Payment) AdmitRefund(asked Part) (Part, error) {
	if err := p.AdmitFollowUp(); err != nil {
		return Part{}, err
	}
	if p.State != Captured && p.State != PartiallyRefunded {
		return Part{}, WrongState(fault.NotRefundable, "the payment has no captured money to refund", p)
	}
	if p.OpenAsk != 0 {
		return Part{}, InProgress(fault.OperationInProgress, p.UUID)
	}
	left := p.most(Item.Refundable)
	if len(asked.Items) > 0 {
		amounts, err := p.named(asked, left)
		if err == nil {
			err = p.within(asked.Items, amounts, left, fault.RefundAmountExceeded)
		}
		if err != nil {
			return Part{}, err
		}
		return p.partOf(amounts), nil
	}
	amount, rest := asked.Amount, p.Refundable()
	if of := p.partOf(left).Amount; rest.Cmp(of) > 0 { // not in books that agree
		rest = of
	}
	if amount == (money.Amount{}) {
		amount = rest
		if rest.IsZero() { // all that is left is being refunded right now
			return Part{}, InProgress(fault.OperationInProgress, p.UUID)
		}
	}
	if err := p.checkAmount(amount); err != nil {
		return Part{}, err
	}
	if amount.Cmp(rest) > 0 {
		return Part{}, AmountExceeded(fault.RefundAmountExceeded,
			"must not exceed the "+rest.String()+" that may still be refunded")
	}
	return p.partOf(amount.Share(minors(left)...)), nil
}

// PartOfHold returns what a capture takes, of the payment and of each item, or why it
// never can. Without items it is spread over them by what is held for each; the zero
// Part is all that is held. AdmitCapture tells whether so much may be taken.
func (p Payment) PartOfHold(asked Part) (Part, error) {
	held := p.most(Item.held)
	if len(asked.Items) > 0 {
		amounts, err := p.named(asked, held)
		if err != nil {
			return Part{}, err
		}
		return p.partOf(amounts), nil
	}
	if asked.Amount == (money.Amount{}) {
		asked.Amount = p.Charged()
	}
	if err := p.checkAmount(asked.Amount); err != nil {
		return Part{}, err
	}
	return p.partOf(asked.Amount.Share(minors(held)...)), nil
}

// AdmitCapture refuses a part of a hold that is more than may be taken: more than the
// caller may take above the hold, in percent of it, or more than the bank lets be
// taken. An item has its share of what may be taken above the hold.
func (p Payment) AdmitCapture(part Part, named []ItemAmount, above money.Rate) error {
	limit := p.Authorized.Add(above.Within(p.Authorized)).Min(p.CaptureLimit)
	if part.Amount.Cmp(limit) > 0 {
		what := "authorized " + limit.String()
		if limit != p.Authorized {
			what = limit.String() + " that may be captured"
		}
		return AmountExceeded(fault.CaptureAmountExceeded, "must not exceed the "+what)
	}
	bounds := p.most(Item.held)
	for i, more := range limit.Sub(p.Authorized).Share(minors(bounds)...) {
		bounds[i] = bounds[i].Add(more)
	}
	return p.within(named, p.amountsOf(part), bounds, fault.CaptureAmountExceeded)
}

// checkAmount refuses an amount that is none of the payment's.
func (p Payment) checkAmount(a money.Amount) error {
	if err := p.CheckCurrency(a.Currency()); err != nil {
		return err
	}
	if !a.IsPositive() {
		return fault.Validation(fault.Field{
			Name: "amount", Code: fault.FieldOutOfRange, Message: "must be greater than zero",
		})
	}
	return nil
}

// RetryHint is what a caller is told to wait while an equal request is running.
const RetryHint = time.Second

// OrderInProgress refuses a payment of an order that holder is being paid for.
func OrderInProgress(holder Payment) error {
	return fault.New(fault.Conflict, fault.OrderInProgress, "a payment of this order is being processed").
		WithSubject(holder.UUID.String()).WithRetryAfter(RetryHint)
}

// AdmitVoid returns the amount that a void undoes, or why it cannot.
func (p Payment) AdmitVoid() (money.Amount, error) {
	if err := p.AdmitFollowUp(); err != nil {
		return money.Amount{}, err
	}
	if p.State != Authorized && p.State != Captured {
		return money.Amount{}, WrongState(fault.NotVoidable, "the payment is not in a state that can be voided", p)
	}
	if p.OpenAsk != 0 || p.Refunding.IsPositive() {
		return money.Amount{}, InProgress(fault.OperationInProgress, p.UUID)
	}
	if p.State == Captured {
		return p.Captured, nil
	}
	return p.Authorized, nil
}
