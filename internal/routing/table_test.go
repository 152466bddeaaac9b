package routing_test

import (
	"testing"

	"github.com/vezne/vezne/internal/fault"
	"github.com/vezne/vezne/internal/money"
	"github.com/vezne/vezne/internal/pos"
	"github.com/vezne/vezne/internal/routing"
)

func TestTableTakes(t *testing.T) {
	t.Parallel()
	table := routing.Table{POSes: []pos.POS{
		{ID: 1, Status: pos.RefundOnly, Currencies: []money.Currency{money.EUR}},
		{ID: 2, Status: pos.Active, Currencies: []money.Currency{money.TRY, money.USD}},
	}}
	for currency, want := range map[money.Currency]fault.Code{money.TRY: "", money.USD: "", money.EUR: fault.UnsupportedCurrency, money.KWD: fault.UnsupportedCurrency} {
		err := table.CheckCurrency(currency)
		if (err == nil) != (want == "") || (err != nil && fault.CodeOf(err) != want) {
			t.Errorf("%s = %v, want %q", currency, err, want)
		}
	}
}
