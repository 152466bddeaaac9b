package gateway

import (
	"context"
	"math"

	"github.com/vezne/vezne/internal/card"
	"github.com/vezne/vezne/internal/charge"
	"github.com/vezne/vezne/internal/fault"
	"github.com/vezne/vezne/internal/httpapi/kit"
	"github.com/vezne/vezne/internal/money"
)

type apiOptions struct {
	Options []apiOption `json:"options"`
}

// apiOption is one offer (gateway API, section 8).
type apiOption struct {
	InstallmentCount  int          `json:"installmentCount"`
	InstallmentAmount money.Amount `json:"installmentAmount"`
	Currency          string       `json:"currency"`
	InterestAmount    money.Amount `json:"interestAmount"`
	TotalAmount       money.Amount `json:"totalAmount"`
}

// offer answers POST /api/installment-options.
func (s *surface) offer(ctx context.Context, r *request) (kit.Response, error) {
	b := r.Body
	q := charge.Quote{MerchantID: r.Principal.MerchantID, Amount: readAmount(b), BINDigits: readBIN(b)}
	q.Terms.MaxCount = readMaxCount(b, 0)
	q.Terms.Payer = readPayer(b)
	if err := b.Err(); err != nil {
		return kit.Response{}, err
	}
	found, err := s.payments.Offer(ctx, q)
	if err != nil {
		return kit.Response{}, err
	}
	v := apiOptions{Options: make([]apiOption, 0, len(found))}
	for _, o := range found {
		v.Options = append(v.Options, apiOption{
			InstallmentCount: o.Price.Count, InstallmentAmount: o.Price.Each, Currency: q.Amount.Currency().String(),
			InterestAmount: o.Price.Interest, TotalAmount: o.Price.Total,
		})
	}
	return kit.OK(v), nil
}

// readMaxCount reads the highest count of installments that is wanted. It is an upper
// bound alone, so one above every plan's wants them all.
func readMaxCount(b *kit.Object, fallback int) int {
	if !b.Has("maxInstallmentCount") {
		return fallback
	}
	most, _ := b.Int("maxInstallmentCount", 1, math.MaxInt32)
	return min(most, maxInstallments)
}

// readBIN reads a card number, or 6 to 8 leading digits of one, so that a number
// need not travel for a price. It returns at most 8 digits.
func readBIN(b *kit.Object) string {
	digits, ok := b.Private("pan")
	if !ok {
		return ""
	}
	if card.IsBIN(digits) {
		return digits
	}
	pan, err := card.ParsePAN(digits)
	if err != nil {
		b.Reject("pan", fault.FieldInvalid, "must be 12 to 19 digits with a right check digit, or the first 6 to 8 digits")
		return ""
	}
	return pan.BIN(card.MaxBIN)
}
