// Package admin is the door of the merchant's own people: our own JSON API under
// /admin/v1/, behind bearer tokens. Its words are those of the domain; its errors
// are problem details (RFC 9457).
package admin

import (
	"context"
	"net/http"
	"strconv"
	"strings"

	"golang.org/x/text/language"

	"github.com/vezne/vezne/internal/audit"
	"github.com/vezne/vezne/internal/bin"
	"github.com/vezne/vezne/internal/fault"
	"github.com/vezne/vezne/internal/httpapi/kit"
	"github.com/vezne/vezne/internal/id"
	"github.com/vezne/vezne/internal/merchant"
	"github.com/vezne/vezne/internal/pos"
	"github.com/vezne/vezne/internal/routing"
	"github.com/vezne/vezne/internal/user"
	"github.com/vezne/vezne/internal/webhook"
)

// Prefix is where the surface is mounted.
const Prefix = "/admin/v1/"

// Authenticator proves a bearer token. Unknown tokens are faults of kind
// Unauthenticated.
type Authenticator interface {
	AuthenticateAdmin(ctx context.Context, token string) (merchant.AdminPrincipal, error)
}

// Services is what the surface opens to.
type Services struct {
	Callers  Authenticator
	Payments Payments
	// Unknowns settles operations that wait for a person.
	Unknowns Unknowns
	Audit    audit.Log
	// Merchants issues credentials and admin tokens, Users keeps the team.
	Merchants *merchant.Service
	Users     *user.Service
	// POSes changes POSes, Editor what else routing knows; Banks are the open
	// connectors.
	POSes  *pos.Editor
	Editor *routing.Editor
	Banks  *pos.Registry
	BINs   BINs
	// Cards changes what a merchant has of its own in the BIN table.
	Cards *bin.Editor
	// Webhooks keeps endpoints and what was delivered to them.
	Webhooks *webhook.Service
	// Secure says that browsers reach us over TLS.
	Secure bool
}

type request = kit.Request[merchant.AdminPrincipal]

type surface struct {
	Services
	kit *kit.Kit
}

// Handler returns the surface, to be mounted at Prefix.
func Handler(k *kit.Kit, to Services) http.Handler {
	s := &surface{kit: k, Services: to}
	var routes []kit.Route[merchant.AdminPrincipal]
	for _, r := range s.routes() {
		routes = append(routes, r.kit())
	}
	return kit.Handler(k, kit.Surface[merchant.AdminPrincipal]{
		Name:          "admin",
		Authenticator: kit.AuthFunc[merchant.AdminPrincipal](s.authenticate),
		Challenge:     "Bearer",
		Merchant:      func(p merchant.AdminPrincipal) id.Merchant { return p.MerchantID },
		Credential:    proof,
		Keys:          kit.Keys[merchant.AdminPrincipal]{Header: "Idempotency-Key"},
		Form:          s.form,
		Language:      language.English,
		Routes:        routes,
	})
}

// proof names the token or the person of a caller, for the limit of requests. The
// names of tokens are each merchant's own.
func proof(p merchant.AdminPrincipal) string {
	return strconv.FormatInt(int64(p.MerchantID), 10) + " " + p.Actor
}

var errToken = fault.New(fault.Unauthenticated, fault.Unauthorized, "the bearer token is missing or wrong")

// authenticate reads the Authorization header (RFC 6750, section 2.1), or else the
// cookie of a login.
func (s *surface) authenticate(ctx context.Context, r kit.AuthRequest) (merchant.AdminPrincipal, error) {
	values := r.Header.Values("Authorization")
	if token, ok := r.Cookie(s.cookieName()); ok && len(values) == 0 {
		return s.bySession(ctx, r, token)
	}
	if len(values) != 1 {
		return merchant.AdminPrincipal{}, errToken
	}
	scheme, token, found := strings.Cut(values[0], " ")
	if !found || !strings.EqualFold(scheme, "Bearer") || token == "" {
		return merchant.AdminPrincipal{}, errToken
	}
	return s.Callers.AuthenticateAdmin(ctx, token)
}
