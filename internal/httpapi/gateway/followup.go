package gateway

import (
	"context"

	"github.com/vezne/vezne/internal/charge"
	"github.com/vezne/vezne/internal/httpapi/kit"
	"github.com/vezne/vezne/internal/id"
	"github.com/vezne/vezne/internal/money"
)

// capture answers POST /api/pre-authorization/{paymentId}/capture.
func (s *surface) capture(ctx context.Context, r *request) (kit.Response, error) {
	u, err := r.UUID("paymentId")
	if err != nil {
		return kit.Response{}, err
	}
	amount := readAmount(r.Body)
	if err := r.Body.Err(); err != nil {
		return kit.Response{}, err
	}
	o, err := s.payments.Capture(ctx, charge.Capture{Caller: caller(r), PaymentID: u, Amount: amount})
	if err != nil {
		return kit.Response{}, err
	}
	return replayed(kit.OK(s.view(o.Payment, endingOfOperation(o), r.Language)), o.Replayed), nil
}

// refund answers POST /api/payment/{paymentId}/refund.
func (s *surface) refund(ctx context.Context, r *request) (kit.Response, error) {
	u, err := r.UUID("paymentId")
	if err != nil {
		return kit.Response{}, err
	}
	amount, err := s.readRefund(ctx, r, u)
	if err != nil {
		return kit.Response{}, err
	}
	o, err := s.payments.Refund(ctx, charge.Refund{Caller: caller(r), PaymentID: u, Amount: amount})
	if err != nil {
		return kit.Response{}, err
	}
	v := apiRefunded{apiPaymentState: s.state(o.Payment, endingOfOperation(o), r.Language)}
	v.RefundID = refundID(o.Operation.AskID)
	return replayed(kit.OK(v), o.Replayed), nil
}

// readRefund reads the amount. Without one it is all that is left, which the
// domain knows by the zero Amount; a currency that was sent all the same is
// checked before, because the zero Amount cannot carry it.
func (s *surface) readRefund(ctx context.Context, r *request, u id.UUID) (money.Amount, error) {
	b := r.Body
	b.Know("amount", "currency")
	if b.Has("amount") {
		a := readAmount(b)
		return a, b.Err()
	}
	named := b.Has("currency")
	var currency money.Currency
	if named {
		currency, _ = readCurrency(b)
	}
	if err := b.Err(); err != nil || !named {
		return money.Amount{}, err
	}
	p, err := s.payments.Find(ctx, r.Principal.MerchantID, u)
	if err != nil {
		return money.Amount{}, err
	}
	return money.Amount{}, p.CheckCurrency(currency)
}

// void answers POST /api/payment/{paymentId}/void.
func (s *surface) void(ctx context.Context, r *request) (kit.Response, error) {
	u, err := r.UUID("paymentId")
	if err != nil {
		return kit.Response{}, err
	}
	if err := r.Body.Err(); err != nil {
		return kit.Response{}, err
	}
	o, err := s.payments.Void(ctx, charge.Void{Caller: caller(r), PaymentID: u})
	if err != nil {
		return kit.Response{}, err
	}
	return replayed(kit.OK(s.state(o.Payment, endingOfOperation(o), r.Language)), o.Replayed), nil
}
