package admin

import (
	"cmp"
	"context"
	"net/http"
	"slices"

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
	handle  func(ctx context.Context, r *request) (kit.Response, error)
	// emptyBody, listBody and raw are those of kit.Route.
	emptyBody, listBody bool
	raw                 *kit.RawBody
}

// routes is the table of the whole surface.
func (s *surface) routes() []route {
	return slices.Concat(
		s.paymentRoutes(),
	)
}

func (r route) kit() kit.Route[merchant.AdminPrincipal] {
	return kit.Route[merchant.AdminPrincipal]{
		Method: r.method, Pattern: r.pattern, Handle: r.handle,
		// What is deleted is named by the path.
		EmptyBody: r.emptyBody || r.method == http.MethodDelete, ListBody: r.listBody, Raw: r.raw,
		Open: r.needs == anybody, Admit: r.admit,
	}
}

// admit refuses callers whose role lacks the permission.
func (r route) admit(p merchant.AdminPrincipal) error {
	if r.needs != anybody && !p.Role.May(r.needs) {
		return fault.New(fault.Forbidden, fault.ForbiddenAction, "the role of the caller may not do that")
	}
	return nil
}
