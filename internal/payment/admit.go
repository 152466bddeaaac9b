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

// AdmitRefund returns the amount that a refund gives back, for the zero Amount all
// that is left, or why it cannot.
func (p Payment) AdmitRefund(amount money.Amount) (money.Amount, error) {
	if p.State != Captured && p.State != PartiallyRefunded {
		return money.Amount{}, WrongState(fault.NotRefundable, "the payment has no captured money to refund", p)
	}
	if p.OpenAsk != 0 {
		return money.Amount{}, InProgress(fault.OperationInProgress, p.UUID)
	}
	rest := p.Refundable()
	if amount == (money.Amount{}) {
		amount = rest
		if rest.IsZero() { // all that is left is being refunded right now
			return money.Amount{}, InProgress(fault.OperationInProgress, p.UUID)
		}
	}
	if err := p.CheckCurrency(amount.Currency()); err != nil {
		return money.Amount{}, err
	}
	if !amount.IsPositive() {
		return money.Amount{}, fault.Validation(fault.Field{Name: "amount", Code: fault.FieldOutOfRange, Message: "must be greater than zero"})
	}
	if amount.Cmp(rest) > 0 {
		return money.Amount{}, AmountExceeded(fault.RefundAmountExceeded, "must not exceed the "+rest.String()+" that may still be refunded")
	}
	return amount, nil
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
