package admin

import (
	"context"
	"net/http"

	"github.com/vezne/vezne/internal/httpapi/kit"
	"github.com/vezne/vezne/internal/id"
	"github.com/vezne/vezne/internal/merchant"
	"github.com/vezne/vezne/internal/payment"
)

// Payments is what the surface needs to do about payments.
type Payments interface {
	Detail(ctx context.Context, m id.Merchant, u id.UUID) (payment.Detail, error)
}

func (s *surface) paymentRoutes() []route {
	return []route{
		{method: http.MethodGet, pattern: "/admin/v1/payments/{paymentId}", needs: merchant.PaymentsRead, handle: s.payment},
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
