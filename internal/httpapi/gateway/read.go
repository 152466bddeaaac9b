package gateway

import (
	"context"

	"github.com/vezne/vezne/internal/fault"
	"github.com/vezne/vezne/internal/httpapi/kit"
	"github.com/vezne/vezne/internal/payment"
)

// The size of a page of GET /api/payments.
const (
	defaultLimit = 25
	maxLimit     = 100
)

// find answers GET /api/payment/{paymentId}.
func (s *surface) find(ctx context.Context, r *request) (kit.Response, error) {
	u, err := r.UUID("paymentId")
	if err != nil {
		return kit.Response{}, err
	}
	p, err := s.payments.Find(ctx, r.Principal.MerchantID, u)
	if err != nil {
		return kit.Response{}, err
	}
	refunds, err := s.payments.Refunds(ctx, p.MerchantID, p.ID)
	if err != nil {
		return kit.Response{}, err
	}
	return kit.OK(apiPaymentDetail{
		apiPaymentState: s.state(p, nowOf(p), r.Language), Kind: kindOf(p.Phase), Refunds: viewRefunds(refunds),
	}), nil
}

// list answers GET /api/payments.
func (s *surface) list(ctx context.Context, r *request) (kit.Response, error) {
	f, err := readFilter(r)
	if err != nil {
		return kit.Response{}, err
	}
	found, next, err := s.payments.List(ctx, r.Principal.MerchantID, f)
	if err != nil {
		return kit.Response{}, err
	}
	page := apiPage{Payments: make([]apiPaymentState, 0, len(found)), Next: kit.TextOrNull(next)}
	for _, p := range found {
		page.Payments = append(page.Payments, s.state(p, nowOf(p), r.Language))
	}
	return kit.OK(page), nil
}

func readFilter(r *request) (payment.Filter, error) {
	q := r.Query()
	f := payment.Filter{
		OrderRef:    q.Text("orderId", maxOrderID),
		CustomerRef: q.Text("customerId", maxCustomerID),
		From:        q.Time("from"),
		To:          q.Time("to"),
		Limit:       q.Int("limit", defaultLimit, 1, maxLimit),
		Cursor:      q.Cursor("cursor"),
	}
	if status := q.OneOf("status", statusSuccess, statusFailed, statusEnrolled, statusPending); status != "" {
		f.States = statesOf(status)
	}
	if !f.From.IsZero() && !f.To.IsZero() && f.To.Before(f.From) {
		q.Reject("to", fault.FieldOutOfRange, "must not be before from")
	}
	return f, q.Err()
}
