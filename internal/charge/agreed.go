package charge

import (
	"github.com/vezne/vezne/internal/fault"
	"github.com/vezne/vezne/internal/money"
)

// TotalChangedError tells what a payment costs that its payer has agreed to pay another
// total for. It is the cause of a fault.TotalChanged.
type TotalChangedError struct{ Total money.Amount }

// Error says the total.
func (e *TotalChangedError) Error() string { return "the total is " + e.Total.String() }

// CheckAgreed refuses with fault.TotalChanged what would be charged another total than
// the payer agreed to: a lower one too, for what is shown and what is charged are to be
// one. It holds for every POS that the attempt may fail over to, because they all charge
// the same. What no POS takes is charged nothing.
func (a *Attempt) CheckAgreed() error {
	if !a.Routed() {
		return nil
	}
	if a.Command.Paid.IsZero() {
		return a.Command.checkAgreed(a.candidates[0].Plan.Price(a.Command.Price, a.Command.InterestPayer).Total)
	}
	return a.Command.checkAgreed(a.Command.Paid)
}

func (c Pay) checkAgreed(total money.Amount) error {
	if c.ExpectedTotal.IsZero() || c.ExpectedTotal == total {
		return nil
	}
	f := fault.Wrap(fault.Conflict, fault.TotalChanged,
		"the total is "+total.String()+" now; nothing was charged", &TotalChangedError{Total: total})
	f.Fields = []fault.Field{{Name: "expectedTotal", Code: fault.FieldInvalid, Message: "must be " + total.Decimal()}}
	return f
}
