package installment

import "github.com/vezne/vezne/internal/money"

// Price returns what the plan makes of an amount (reference of the gateway API,
// sections 12.7 and 12.12): the interest is a rate of the amount for the whole
// plan, rounded half up, and adds to it exactly; the bank's commission is a
// rounded rate of what is charged. A single payment bears no interest, whoever
// would pay it.
func (p Plan) Price(amount money.Amount, payer InterestPayer) Price {
	interest := money.Zero(amount.Currency())
	if payer == PaidByCustomer && p.Count > 1 {
		interest = p.CustomerRate.Of(amount)
	}
	total := amount.Add(interest)
	return Price{
		Count:          p.Count,
		Interest:       interest,
		Total:          total,
		Each:           total.Divide(p.Count),
		CommissionRate: p.CommissionRate,
		Commission:     p.CommissionRate.Of(total),
		CustomerRate:   p.CustomerRate,
	}
}
