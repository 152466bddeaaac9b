// Package admin is the door of the merchant's own people: our own JSON API under
// /admin/v1/, behind bearer tokens. Its words are those of the domain; its errors
// are problem details (RFC 9457).
package admin

import (
	"context"
	"net/http"
	"strings"

	"golang.org/x/text/language"

	"github.com/vezne/vezne/internal/fault"
	"github.com/vezne/vezne/internal/httpapi/kit"
	"github.com/vezne/vezne/internal/id"
	"github.com/vezne/vezne/internal/merchant"
	"github.com/vezne/vezne/internal/payment"
)

// Prefix is where the surface is mounted.
const Prefix = "/admin/v1/"

// Payments is what the surface needs to know about payments.
type Payments interface {
	Detail(ctx context.Context, m id.Merchant, u id.UUID) (payment.Detail, error)
}

// Authenticator proves a bearer token. Unknown tokens are faults of kind
// Unauthenticated.
type Authenticator interface {
	AuthenticateAdmin(ctx context.Context, token string) (merchant.AdminPrincipal, error)
}

type request = kit.Request[merchant.AdminPrincipal]

type surface struct {
	kit      *kit.Kit
	payments Payments
	callers  Authenticator
}

// Handler returns the surface, to be mounted at Prefix.
func Handler(k *kit.Kit, p Payments, a Authenticator) http.Handler {
	s := &surface{kit: k, payments: p, callers: a}
	return kit.Handler(k, kit.Surface[merchant.AdminPrincipal]{
		Name:         "admin",
		Authenticate: s.authenticate,
		Challenge:    "Bearer",
		Merchant:     func(p merchant.AdminPrincipal) id.Merchant { return p.MerchantID },
		Form:         s.form,
		Language:     language.English,
		Routes: []kit.Route[merchant.AdminPrincipal]{
			{Method: http.MethodGet, Pattern: "/admin/v1/payments/{paymentId}", Handle: s.payment},
		},
	})
}

var errToken = fault.New(fault.Unauthenticated, fault.Unauthorized, "the bearer token is missing or wrong")

// authenticate reads the Authorization header (RFC 6750, section 2.1).
func (s *surface) authenticate(ctx context.Context, r *http.Request) (merchant.AdminPrincipal, error) {
	values := r.Header.Values("Authorization")
	if len(values) != 1 {
		return merchant.AdminPrincipal{}, errToken
	}
	scheme, token, found := strings.Cut(values[0], " ")
	if !found || !strings.EqualFold(scheme, "Bearer") || token == "" {
		return merchant.AdminPrincipal{}, errToken
	}
	return s.callers.AuthenticateAdmin(ctx, token)
}

// payment answers GET /admin/v1/payments/{paymentId}.
func (s *surface) payment(ctx context.Context, r *request) (kit.Response, error) {
	u, err := r.UUID("paymentId")
	if err != nil {
		return kit.Response{}, err
	}
	d, err := s.payments.Detail(ctx, r.Principal.MerchantID, u)
	if err != nil {
		return kit.Response{}, err
	}
	return kit.OK(viewDetail(d)), nil
}
