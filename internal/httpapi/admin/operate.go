package admin

import (
	"context"
	"net/http"

	"github.com/vezne/vezne/internal/charge"
	"github.com/vezne/vezne/internal/httpapi/kit"
	"github.com/vezne/vezne/internal/id"
	"github.com/vezne/vezne/internal/merchant"
	"github.com/vezne/vezne/internal/money"
	"github.com/vezne/vezne/internal/operation"
	"github.com/vezne/vezne/internal/payment"
)

// Payments is what the surface needs to do about payments.
type Payments interface {
	Find(ctx context.Context, m id.Merchant, u id.UUID) (payment.Payment, error)
	List(ctx context.Context, m id.Merchant, f payment.Filter) ([]payment.Payment, string, error)
	Detail(ctx context.Context, m id.Merchant, u id.UUID) (charge.Detail, error)
	Operator
}

// Operator moves money of payments that were made.
type Operator interface {
	Capture(ctx context.Context, c charge.Capture) (payment.Outcome, error)
	Void(ctx context.Context, c charge.Void) (payment.Outcome, error)
	Refund(ctx context.Context, c charge.Refund) (payment.Outcome, error)
}

// Unknowns settles operations of which no bank tells the outcome.
type Unknowns interface {
	UnknownOperations(
		ctx context.Context, m id.Merchant, after id.Operation, limit int,
	) ([]operation.UnknownOperation, error)
	Resolve(ctx context.Context, c operation.Resolve) (payment.Outcome, error)
}

func (s *surface) paymentRoutes() []route {
	const one = "/admin/v1/payments/{paymentId}"
	return []route{
		{method: http.MethodGet, pattern: "/admin/v1/payments", needs: merchant.PaymentsRead, handle: s.payments},
		{method: http.MethodGet, pattern: one, needs: merchant.PaymentsRead, handle: s.payment},
		{method: http.MethodGet, pattern: one + "/timeline", needs: merchant.PaymentsRead, handle: s.timeline},
		{method: http.MethodPost, pattern: one + "/capture", needs: merchant.PaymentsOperate, handle: s.capture, emptyBody: true},
		{method: http.MethodPost, pattern: one + "/void", needs: merchant.PaymentsOperate, handle: bare(s.void), emptyBody: true},
		{method: http.MethodPost, pattern: one + "/refund", needs: merchant.PaymentsOperate, handle: s.refund, emptyBody: true},
	}
}

// payment answers GET /admin/v1/payments/{paymentId}.
func (s *surface) payment(ctx context.Context, r *request) (kit.Response, error) {
	u, err := r.UUID("paymentId")
	if err != nil {
		return kit.Response{}, err
	}
	d, err := s.Payments.Detail(ctx, r.Principal.MerchantID, u)
	if err != nil {
		return kit.Response{}, err
	}
	return kit.OK(viewDetail(d)), nil
}

// outcomeView answers a command about a payment.
type outcomeView struct {
	Payment   summaryView    `json:"payment"`
	Operation *operationView `json:"operation"`
}

// capture answers POST /admin/v1/payments/{paymentId}/capture. Without an amount
// it takes all that is held.
func (s *surface) capture(ctx context.Context, r *request) (kit.Response, error) {
	p, amount, err := s.readOperation(ctx, r)
	if err != nil {
		return kit.Response{}, err
	}
	return operated(s.Payments.Capture(ctx, charge.Capture{Caller: caller(r), PaymentID: p.UUID, Amount: amount}))
}

// void answers POST /admin/v1/payments/{paymentId}/void.
func (s *surface) void(ctx context.Context, r *request) (kit.Response, error) {
	u, err := r.UUID("paymentId")
	if err != nil {
		return kit.Response{}, err
	}
	return operated(s.Payments.Void(ctx, charge.Void{Caller: caller(r), PaymentID: u}))
}

// refund answers POST /admin/v1/payments/{paymentId}/refund. Without an amount it
// gives back all that is left.
func (s *surface) refund(ctx context.Context, r *request) (kit.Response, error) {
	p, amount, err := s.readOperation(ctx, r)
	if err != nil {
		return kit.Response{}, err
	}
	return operated(s.Payments.Refund(ctx, charge.Refund{Caller: caller(r), PaymentID: p.UUID, Amount: amount}))
}

// readOperation finds the payment and reads an amount in its currency, the zero
// Amount if none was sent.
func (s *surface) readOperation(ctx context.Context, r *request) (payment.Payment, money.Amount, error) {
	u, err := r.UUID("paymentId")
	if err != nil {
		return payment.Payment{}, money.Amount{}, err
	}
	p, err := s.Payments.Find(ctx, r.Principal.MerchantID, u)
	if err != nil {
		return payment.Payment{}, money.Amount{}, err
	}
	currency := p.Paid.Currency()
	if code, ok := r.Body.OptionalString("currency"); ok {
		named, _ := money.ParseCurrency(code) // an unknown one is another one
		r.Body.RejectFault(p.CheckCurrency(named))
	}
	amount := r.Body.OptionalAmount("amount", currency)
	return p, amount, r.Body.Err()
}

func caller(r *request) payment.Caller {
	return payment.Caller{MerchantID: r.Principal.MerchantID, Actor: r.Principal.Actor, Surface: payment.SurfaceAdmin,
		Key: r.Key}
}

func operated(o payment.Outcome, err error) (kit.Response, error) {
	if err != nil {
		return kit.Response{}, err
	}
	v := outcomeView{Payment: viewSummary(o.Payment)}
	if o.Operation.ID != 0 {
		operation := viewOperation(o.Payment, o.Operation, aliases(o.Payment)[o.Operation.POSID])
		v.Operation = &operation
	}
	answer := kit.OK(v)
	if o.Replayed {
		answer = answer.WithHeader("Idempotent-Replayed", "true")
	}
	return answer, nil
}
