package admin

import (
	"cmp"
	"context"
	"net/http"
	"slices"
	"strings"

	"github.com/vezne/vezne/internal/audit"
	"github.com/vezne/vezne/internal/fault"
	"github.com/vezne/vezne/internal/httpapi/kit"
	"github.com/vezne/vezne/internal/merchant"
)

// Rule says who may use a route: those whose role has the permission, or, where
// there is none, anybody.
type Rule struct {
	Method  string
	Pattern string
	Needs   merchant.Permission
}

// Rules returns the rule of every route, by path and method.
func Rules() []Rule {
	var all []Rule
	for _, r := range (&surface{}).routes() {
		all = append(all, Rule{Method: r.method, Pattern: r.pattern, Needs: r.needs})
	}
	slices.SortFunc(all, func(a, b Rule) int {
		return cmp.Or(cmp.Compare(a.Pattern, b.Pattern), cmp.Compare(a.Method, b.Method))
	})
	return all
}

// anybody is the permission of routes that take no credentials.
const anybody merchant.Permission = ""

// route is one method of one path and the permission that it needs.
type route struct {
	method  string
	pattern string
	needs   merchant.Permission
	// person says that only somebody who is logged in can do it: a token has no password,
	// no second factor and no session.
	person bool
	handle func(ctx context.Context, r *request) (kit.Response, error)
	// emptyBody, listBody, stops and raw are those of kit.Route.
	emptyBody, listBody, stops bool
	raw                        *kit.RawBody
}

// routes is the table of the whole surface.
func (s *surface) routes() []route {
	return slices.Concat(
		s.sessionRoutes(),
		s.settingsRoutes(),
		s.paymentRoutes(),
		s.unknownRoutes(),
		s.credentialRoutes(),
		s.teamRoutes(),
		s.posRoutes(),
		s.planRoutes(),
		s.ruleRoutes(),
		s.dryRunRoutes(),
		s.binRoutes(),
		s.auditRoutes(),
		s.webhookRoutes(),
		s.logoRoutes(),
	)
}

func (r route) kit() kit.Route[merchant.AdminPrincipal] {
	return kit.Route[merchant.AdminPrincipal]{
		Method: r.method, Pattern: r.pattern,
		Handle: func(ctx context.Context, q *request) (kit.Response, error) {
			return r.handle(audit.WithOrigin(ctx, origin(q)), q)
		},
		// What is deleted is named by the path.
		EmptyBody: r.emptyBody || r.method == http.MethodDelete, ListBody: r.listBody, Raw: r.raw, Strict: true,
		Stops: r.stops, Open: r.needs == anybody, Admit: r.admit,
	}
}

// bare refuses every member of a body, for routes that take none.
func bare(
	handle func(context.Context, *request) (kit.Response, error),
) func(context.Context, *request) (kit.Response, error) {
	return func(ctx context.Context, r *request) (kit.Response, error) {
		if err := r.Body.Err(); err != nil {
			return kit.Response{}, err
		}
		return handle(ctx, r)
	}
}

// maxAgent bounds what is kept of a User-Agent header, in bytes.
const maxAgent = 200

// origin is from where a request comes, for the audit log. What is not plain
// ASCII of a client's name is left out of it.
func origin(r *request) audit.Origin {
	agent := strings.Map(func(c rune) rune {
		if c < ' ' || c > '~' {
			return -1
		}
		return c
	}, r.Header("User-Agent"))
	return audit.Origin{Address: r.Client(), Agent: agent[:min(len(agent), maxAgent)]}
}

// admit refuses callers whose role lacks the permission, and tokens where only a person
// will do. No handler asks for either again.
func (r route) admit(p merchant.AdminPrincipal) error {
	switch {
	case r.needs == anybody:
		return nil
	case !p.Role.May(r.needs):
		return fault.New(fault.Forbidden, fault.ForbiddenAction, "the role of the caller may not do that")
	case r.person && p.UserID == 0:
		return fault.New(fault.Forbidden, fault.ForbiddenAction, "only somebody who is logged in can do that")
	}
	return nil
}
