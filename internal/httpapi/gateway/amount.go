package gateway

import (
	"errors"

	"github.com/vezne/vezne/internal/fault"
	"github.com/vezne/vezne/internal/httpapi/kit"
	"github.com/vezne/vezne/internal/money"
)

// readAmount reads amount and currency, both required.
func readAmount(b *kit.Object) money.Amount {
	currency, known := readCurrency(b)
	n, ok := b.Number("amount")
	if !ok {
		return money.Amount{}
	}
	if !known {
		// The digits of the amount cannot be judged; its sign and size can.
		currency = money.KWD
	}
	a, err := n.Amount(currency)
	switch {
	case errors.Is(err, money.ErrPrecision) && !known:
	case errors.Is(err, money.ErrRange):
		b.Reject("amount", fault.FieldOutOfRange, "must have at most 12 digits before the point")
	case err != nil:
		b.Reject("amount", fault.FieldInvalid, err.Error())
	case !a.IsPositive():
		b.Reject("amount", fault.FieldOutOfRange, "must be greater than zero")
	}
	return a
}

func readCurrency(b *kit.Object) (money.Currency, bool) {
	code, ok := b.String("currency")
	if !ok {
		return 0, false
	}
	c, err := money.ParseCurrency(code)
	if err != nil {
		b.RejectAs(fault.UnsupportedCurrency, fault.Field{
			Name: "currency", Code: fault.FieldInvalid, Message: "must be a known ISO 4217 code in capital letters",
		})
		return 0, false
	}
	return c, true
}
