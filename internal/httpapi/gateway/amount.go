package gateway

import (
	"github.com/vezne/vezne/internal/fault"
	"github.com/vezne/vezne/internal/httpapi/kit"
	"github.com/vezne/vezne/internal/money"
)

// readAmount reads amount and currency, both required.
func readAmount(b *kit.Object) money.Amount {
	currency, _ := readCurrency(b)
	return b.Amount("amount", currency)
}

func readCurrency(b *kit.Object) (money.Currency, bool) {
	code, ok := b.String("currency")
	if !ok {
		return 0, false
	}
	c, err := money.ParseCurrency(code)
	if err != nil {
		b.RejectAs(fault.UnsupportedCurrency, fault.Field{
			Name: "currency", Code: fault.FieldInvalid, Message: kit.CurrencyMessage(err),
		})
		return 0, false
	}
	return c, true
}
