package pages

import (
	"net/http"
	"net/url"
	"strconv"
	"strings"

	"github.com/vezne/vezne/internal/fault"
	"github.com/vezne/vezne/internal/money"
)

// agreedName is the field that says which total the page showed for a number of
// installments. It comes once for each way to pay, so that what was shown travels with
// whichever is chosen, with a script or without.
const agreedName = "expectedTotal"

// agreedField is the value of the field: "3:1035.00".
func agreedField(count int, total money.Amount) string {
	return strconv.Itoa(count) + ":" + total.Decimal()
}

// agreedTotal returns the total that was shown for a number of installments, the zero
// Amount if the form does not say.
func agreedTotal(f url.Values, count int, c money.Currency) money.Amount {
	for _, value := range f[agreedName] {
		n, total, _ := strings.Cut(value, ":")
		if n != strconv.Itoa(count) {
			continue
		}
		if a, err := money.ParseAmount(total, c); err == nil {
			return a
		}
	}
	return money.Amount{}
}

// askAgain shows the form once more, because the payment costs another total than the
// one that was shown: nobody is charged what nobody has seen.
func (s *hosted) askAgain(v visit, d draft, total money.Amount) {
	t := s.texts[v.lang.String()]
	d.total = total
	s.again(v, d, http.StatusConflict, &notice{
		Title: t["changed"], Lines: []string{t.fill("changed_text", "amount", isolate(amountText(total, v.lang), v.lang))},
	})
}

// mendable reports whether the shopper can do something about a refusal on the form.
func mendable(err error) bool {
	code := fault.CodeOf(err)
	return fault.KindOf(err) == fault.Invalid || code == fault.OrderInProgress || code == fault.TotalChanged
}
