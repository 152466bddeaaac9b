// Package installment prices payments: which installment plans a card may have
// at a POS, what the payer is charged, and what the bank keeps. One function
// prices quotes and payments, so what was offered is what is charged.
package installment

import (
	"time"

	"github.com/vezne/vezne/internal/fault"
	"github.com/vezne/vezne/internal/id"
	"github.com/vezne/vezne/internal/money"
)

// Plan is one installment offer of a POS for a program and a count.
type Plan struct {
	ID         id.Plan
	MerchantID id.Merchant
	// Version grows with every change.
	Version int
	POSID   id.POS
	// Program is the card family; AnyProgram matches every card, and is how a
	// POS says what a single payment of any card costs.
	Program string
	Count   int // 1 is a single payment
	// CommissionRate is what the bank keeps of the charged amount.
	CommissionRate money.Rate
	// CustomerRate is the interest of the whole plan that a paying customer adds.
	CustomerRate money.Rate
	// MinAmount and MaxAmount bound the amount before interest; zero is no bound.
	MinAmount money.Amount
	MaxAmount money.Amount
	// ValidFrom and ValidUntil bound the time, the end excluded; zero is no bound.
	ValidFrom  time.Time
	ValidUntil time.Time
	Active     bool
}

// Check refuses with fault.ValidationError a plan that could never apply, because
// no amount or no moment is between its bounds.
func (p Plan) Check() error {
	var wrong []fault.Field
	if !p.ValidUntil.IsZero() && !p.ValidFrom.Before(p.ValidUntil) {
		wrong = append(wrong, fault.Field{Name: "valid_until", Code: fault.FieldOutOfRange, Message: "must be after valid_from"})
	}
	if err := CheckBounds(p.MinAmount, p.MaxAmount); err != nil {
		wrong = append(wrong, err.Fields...)
	}
	if len(wrong) == 0 {
		return nil
	}
	return fault.Validation(wrong...)
}

// CheckBounds returns what is wrong with bounds between which no amount is, nil if
// nothing is. A zero one is no bound.
func CheckBounds(least, most money.Amount) *fault.Error {
	if least.IsZero() || most.IsZero() || least.Currency() != most.Currency() || least.Cmp(most) <= 0 {
		return nil
	}
	return fault.Validation(fault.Field{Name: "max_amount", Code: fault.FieldOutOfRange, Message: "must not be below min_amount"})
}

// AnyProgram is the Program of a plan that applies to every card.
const AnyProgram = ""

// Price is what a plan makes of an amount.
type Price struct {
	Count int
	// Interest is what the payer adds: zero when the merchant bears it.
	Interest money.Amount
	// Total is what the card is charged.
	Total money.Amount
	// Each is what one installment is called: Total / Count, rounded half up.
	Each money.Amount
	// CommissionRate and Commission are what the bank keeps of Total.
	CommissionRate money.Rate
	Commission     money.Amount
	CustomerRate   money.Rate
}

// InterestPayer says who bears the interest of a plan.
type InterestPayer uint8

// Who may bear it.
const (
	PaidByMerchant InterestPayer = iota
	PaidByCustomer
)
