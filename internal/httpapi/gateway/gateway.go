// Package gateway is the door of the gateway API: what a merchant's server
// calls under /api/ with an API key and its secret. It turns JSON into commands
// of the domain and outcomes into ApiPaymentResponse; it decides nothing about
// money, state or permission.
package gateway

import (
	"context"
	"net/http"

	"golang.org/x/text/language"

	"github.com/vezne/vezne/internal/charge"
	"github.com/vezne/vezne/internal/egress"
	"github.com/vezne/vezne/internal/fault"
	"github.com/vezne/vezne/internal/httpapi/kit"
	"github.com/vezne/vezne/internal/id"
	"github.com/vezne/vezne/internal/idempotency"
	"github.com/vezne/vezne/internal/merchant"
	"github.com/vezne/vezne/internal/payment"
	"github.com/vezne/vezne/internal/routing"
	"github.com/vezne/vezne/internal/threeds"
)

// Prefix is where the surface is mounted.
const Prefix = "/api/"

// Charger moves money.
type Charger interface {
	Pay(ctx context.Context, c charge.Pay) (payment.Outcome, error)
	Capture(ctx context.Context, c charge.Capture) (payment.Outcome, error)
	Void(ctx context.Context, c charge.Void) (payment.Outcome, error)
	Refund(ctx context.Context, c charge.Refund) (payment.Outcome, error)
}

// Reader looks payments up.
type Reader interface {
	Find(ctx context.Context, m id.Merchant, u id.UUID) (payment.Payment, error)
	List(ctx context.Context, m id.Merchant, f payment.Filter) ([]payment.Payment, string, error)
	Refunds(ctx context.Context, m id.Merchant, p id.Payment) ([]payment.Refund, error)
}

// Authenticating charges payers who were authenticated with 3-D Secure.
type Authenticating interface {
	Enrol(ctx context.Context, c threeds.Enrol) (threeds.Enrolment, error)
	Complete(ctx context.Context, c threeds.Complete) (payment.Outcome, error)
}

// Offerer prices installments.
type Offerer interface {
	Offer(ctx context.Context, q charge.Quote) ([]routing.Option, error)
}

// KeyChecker refuses idempotency keys that another request has used.
type KeyChecker interface {
	CheckKey(ctx context.Context, c payment.Caller) error
}

// Payments is what the surface needs to do about payments.
type Payments interface {
	Charger
	Offerer
	KeyChecker
	Reader
}

// Authenticator proves a pair of key and secret. Unknown keys and wrong secrets
// are faults of kind Unauthenticated.
type Authenticator interface {
	Authenticate(ctx context.Context, apiKey, apiSecret string) (merchant.Principal, error)
}

// Services is what the surface opens to.
type Services struct {
	Payments  Payments
	ThreeDS   Authenticating
	Checkouts Checkouts
	Callers   Authenticator
	// URLs judges the addresses that merchants give.
	URLs egress.Policy
}

type request = kit.Request[merchant.Principal]

type surface struct {
	kit       *kit.Kit
	payments  Payments
	threeDS   Authenticating
	checkouts Checkouts
	callers   Authenticator
	urls      egress.Policy
}

// Handler returns the surface, to be mounted at Prefix.
func Handler(k *kit.Kit, to Services) http.Handler {
	s := &surface{
		kit: k, payments: to.Payments, threeDS: to.ThreeDS, checkouts: to.Checkouts, callers: to.Callers, urls: to.URLs,
	}
	pay, read, refund := with(merchant.ScopePay), with(merchant.ScopeRead), with(merchant.ScopeRefund)
	payOrRead := with(merchant.ScopePay, merchant.ScopeRead)
	return kit.Handler(k, kit.Surface[merchant.Principal]{
		Name:          "gateway",
		Authenticator: kit.AuthFunc[merchant.Principal](s.authenticate),
		Challenge:     "ApiKey",
		Merchant:      func(p merchant.Principal) id.Merchant { return p.MerchantID },
		Credential:    func(p merchant.Principal) string { return p.Actor },
		Keys:          kit.Keys[merchant.Principal]{Header: "Idempotency-Key", Check: s.checkKey},
		Form:          s.form,
		Language:      language.English,
		Routes: []kit.Route[merchant.Principal]{
			{Method: http.MethodPost, Pattern: "/api/payment", Admit: pay, Handle: s.pay(payment.PhaseSale)},
			{
				Method: http.MethodPost, Pattern: "/api/pre-authorization", Admit: pay,
				Handle: s.pay(payment.PhasePreAuthorization),
			},
			{
				Method: http.MethodPost, Pattern: "/api/pre-authorization/{paymentId}/capture", Admit: pay,
				Handle: s.capture, Strict: true,
			},
			{
				Method: http.MethodPost, Pattern: "/api/payment/{paymentId}/refund", Admit: refund,
				Handle: s.refund, Strict: true,
			},
			{
				Method: http.MethodPost, Pattern: "/api/payment/{paymentId}/void", Admit: refund,
				Handle: s.void, EmptyBody: true, Strict: true,
			},
			{Method: http.MethodPost, Pattern: "/api/3ds", Admit: pay, Handle: s.enrol},
			{Method: http.MethodPost, Pattern: "/api/3ds/{paymentId}/complete", Admit: pay, Handle: s.complete},
			{Method: http.MethodPost, Pattern: "/api/installment-options", Admit: payOrRead, Handle: s.offer},
			{Method: http.MethodPost, Pattern: "/api/checkout", Admit: pay, Handle: s.createCheckout},
			{Method: http.MethodGet, Pattern: "/api/checkout/{checkoutId}", Admit: read, Handle: s.findCheckout},
			{Method: http.MethodGet, Pattern: "/api/payment/{paymentId}", Admit: read, Handle: s.find},
			{Method: http.MethodGet, Pattern: "/api/payments", Admit: read, Handle: s.list, Strict: true},
		},
	})
}

// with lets in callers whose key has one of the scopes.
func with(oneOf ...merchant.Scope) func(merchant.Principal) error {
	return func(p merchant.Principal) error { return p.Admit(oneOf...) }
}

var errCredentials = fault.New(fault.Unauthenticated, fault.Unauthorized, "the credentials are missing or wrong")

// authenticate reads the two headers.
func (s *surface) authenticate(ctx context.Context, r kit.AuthRequest) (merchant.Principal, error) {
	key, hasKey := r.Single("X-Api-Key")
	secret, hasSecret := r.Single("X-Api-Secret")
	if !hasKey || !hasSecret || key == "" || secret == "" {
		return merchant.Principal{}, errCredentials
	}
	return s.callers.Authenticate(ctx, key, secret)
}

func (s *surface) checkKey(ctx context.Context, p merchant.Principal, key idempotency.Key) error {
	return s.payments.CheckKey(ctx, payment.Caller{MerchantID: p.MerchantID, Key: key})
}

// caller says on whose behalf a command comes.
func caller(r *request) payment.Caller {
	return payment.Caller{
		MerchantID: r.Principal.MerchantID,
		Actor:      r.Principal.Actor,
		Surface:    payment.SurfaceGateway,
		Key:        r.Key,
	}
}
