package admin

import (
	"cmp"
	"context"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/vezne/vezne/internal/fault"
	"github.com/vezne/vezne/internal/httpapi/kit"
	"github.com/vezne/vezne/internal/id"
	"github.com/vezne/vezne/internal/installment"
	"github.com/vezne/vezne/internal/merchant"
	"github.com/vezne/vezne/internal/money"
	"github.com/vezne/vezne/internal/pos"
	"github.com/vezne/vezne/internal/routing"
)

// maxCount is beyond every installment count that banks offer.
const maxCount = 36

// anyProgram stands for all cards in the key of a plan.
const anyProgram = "*"

func (s *surface) planRoutes() []route {
	const all, one = "/admin/v1/plans", "/admin/v1/plans/{plan}"
	return []route{
		{method: http.MethodGet, pattern: all, needs: merchant.RoutingRead, handle: paged(s.plans)},
		{method: http.MethodPut, pattern: all, needs: merchant.RoutingEdit, handle: s.putPlans, listBody: true},
		{method: http.MethodGet, pattern: one, needs: merchant.RoutingRead, handle: s.plan},
		{method: http.MethodPut, pattern: one, needs: merchant.RoutingEdit, handle: s.putPlan},
		{method: http.MethodPatch, pattern: one, needs: merchant.RoutingEdit, handle: s.patchPlan},
		{method: http.MethodDelete, pattern: one, needs: merchant.RoutingEdit, handle: s.deletePlan},
	}
}

type planView struct {
	// Key is alias:program:count.
	Key            string        `json:"key"`
	ID             int64         `json:"id"`
	Version        int           `json:"version"`
	POS            string        `json:"pos"`
	Program        *string       `json:"program"`
	Count          int           `json:"count"`
	CommissionRate money.Rate    `json:"commission_rate"`
	CustomerRate   money.Rate    `json:"customer_rate"`
	Currency       *string       `json:"currency"`
	MinAmount      *money.Amount `json:"min_amount"`
	MaxAmount      *money.Amount `json:"max_amount"`
	ValidFrom      *time.Time    `json:"valid_from"`
	ValidUntil     *time.Time    `json:"valid_until"`
	Active         bool          `json:"active"`
}

func viewPlan(alias string, p installment.Plan) planView {
	v := planView{
		ID: int64(p.ID), Version: p.Version, POS: alias, Program: kit.TextOrNull(p.Program), Count: p.Count,
		CommissionRate: p.CommissionRate, CustomerRate: p.CustomerRate, ValidFrom: timeOrNull(p.ValidFrom),
		ValidUntil: timeOrNull(p.ValidUntil), Active: p.Active,
	}
	program := p.Program
	if program == installment.AnyProgram {
		program = anyProgram
	}
	v.Key = alias + ":" + program + ":" + strconv.Itoa(p.Count)
	if !p.MinAmount.IsZero() {
		v.MinAmount, v.Currency = &p.MinAmount, kit.TextOrNull(p.MinAmount.Currency().String())
	}
	if !p.MaxAmount.IsZero() {
		v.MaxAmount, v.Currency = &p.MaxAmount, kit.TextOrNull(p.MaxAmount.Currency().String())
	}
	return v
}

// plans answers GET /admin/v1/plans.
func (s *surface) plans(ctx context.Context, r *request, p page) (kit.Response, error) {
	table, next, err := s.Editor.PlanPage(ctx, r.Principal.MerchantID, p.cursor, p.limit)
	if err != nil {
		return kit.Response{}, err
	}
	aliases := make(map[id.POS]string, len(table.POSes))
	for _, p := range table.POSes {
		aliases[p.ID] = p.Alias
	}
	return viewed("plans", table.Plans, next,
		func(p installment.Plan) planView { return viewPlan(aliases[p.POSID], p) }), nil
}

// planKey is what a plan is known by.
type planKey struct {
	pos     string
	program string
	count   int
}

// parsePlanKey reads alias:program:count. Programs may have colons, aliases not.
func parsePlanKey(key string) (planKey, bool) {
	alias, rest, ok := strings.Cut(key, ":")
	last := strings.LastIndexByte(rest, ':')
	if !ok || last < 0 {
		return planKey{}, false
	}
	count, err := strconv.Atoi(rest[last+1:])
	program := rest[:last]
	if program == anyProgram {
		program = installment.AnyProgram
	}
	return planKey{alias, program, count}, err == nil && strconv.Itoa(count) == rest[last+1:]
}

// planOf returns the stored plan of the key, and a new one of no id if there is
// none; ok says that the POS exists.
func planOf(t routing.Table, k planKey) (installment.Plan, bool) {
	p, ok := byAlias(t.POSes, k.pos)
	if !ok {
		return installment.Plan{}, false
	}
	fresh := installment.Plan{POSID: p.ID, Program: k.program, Count: k.count}
	for _, old := range t.Plans {
		if old.POSID == p.ID && old.Program == k.program && old.Count == k.count {
			return old, true
		}
	}
	return fresh, true
}

// findPlan returns the plan that the path names. One that is not stored is
// fault.NoSuchThing.
func (s *surface) findPlan(ctx context.Context, r *request) (routing.Table, installment.Plan, error) {
	table, err := s.Editor.Table(ctx, r.Principal.MerchantID)
	if err != nil {
		return table, installment.Plan{}, err
	}
	key, wellFormed := parsePlanKey(r.Path("plan"))
	p, known := planOf(table, key)
	if !wellFormed || !known || p.ID == 0 {
		return table, p, fault.New(fault.NotFound, fault.NoSuchThing, "no such plan")
	}
	return table, p, nil
}

// plan answers GET /admin/v1/plans/{plan}.
func (s *surface) plan(ctx context.Context, r *request) (kit.Response, error) {
	_, p, err := s.findPlan(ctx, r)
	if err != nil {
		return kit.Response{}, err
	}
	key, _ := parsePlanKey(r.Path("plan"))
	return tagged(viewPlan(key.pos, p), p.Version), nil
}

// putPlan answers PUT /admin/v1/plans/{plan}: it creates the plan or replaces all
// of it.
func (s *surface) putPlan(ctx context.Context, r *request) (kit.Response, error) {
	table, err := s.Editor.Table(ctx, r.Principal.MerchantID)
	if err != nil {
		return kit.Response{}, err
	}
	key, wellFormed := parsePlanKey(r.Path("plan"))
	old, known := planOf(table, key)
	if !wellFormed || !known {
		return kit.Response{}, fault.New(fault.NotFound, fault.NoSuchThing, "no POS of that name")
	}
	if err := matches(r, old.Version, true); err != nil {
		return kit.Response{}, err
	}
	return s.savePlan(ctx, r, table, newPlan(old))
}

// newPlan is what a plan is of which nothing is said but its key.
func newPlan(old installment.Plan) installment.Plan {
	return installment.Plan{
		ID: old.ID, Version: old.Version, POSID: old.POSID, Program: old.Program, Count: old.Count,
		CommissionRate: unsaid, CustomerRate: unsaid, Active: true,
	}
}

// patchPlan answers PATCH /admin/v1/plans/{plan}: what is not named stays.
func (s *surface) patchPlan(ctx context.Context, r *request) (kit.Response, error) {
	table, old, err := s.findPlan(ctx, r)
	if err != nil {
		return kit.Response{}, err
	}
	if err := matches(r, old.Version, false); err != nil {
		return kit.Response{}, err
	}
	return s.savePlan(ctx, r, table, old)
}

func (s *surface) savePlan(ctx context.Context, r *request, t routing.Table, p installment.Plan) (kit.Response, error) {
	p = readPlan(r.Body, t, p)
	key, _ := parsePlanKey(r.Path("plan"))
	sameText(r.Body, "key", r.Path("plan"))
	sameText(r.Body, "pos", key.pos)
	sameText(r.Body, "program", p.Program)
	if r.Body.Has("count") {
		if n, ok := r.Body.Int("count", 1, maxCount); ok && n != p.Count {
			r.Body.Reject("count", fault.FieldInvalid, "is not that of the path")
		}
	}
	if err := r.Body.Err(); err != nil {
		return kit.Response{}, err
	}
	edit := routing.Edit{Plans: []installment.Plan{p}}
	if err := s.Editor.Apply(ctx, r.Principal.MerchantID, edit, r.Principal.Actor); err != nil {
		return kit.Response{}, err
	}
	return s.plan(ctx, r)
}

// putPlans answers PUT /admin/v1/plans: each as if by a PUT of its own, all or
// none. What the list does not name stays.
func (s *surface) putPlans(ctx context.Context, r *request) (kit.Response, error) {
	if err := unconditional(r); err != nil {
		return kit.Response{}, err
	}
	table, err := s.Editor.Table(ctx, r.Principal.MerchantID)
	if err != nil {
		return kit.Response{}, err
	}
	var edit routing.Edit
	for i, b := range r.Body.Objects("items", maxBulk) {
		var key planKey
		key.pos, _ = b.Text("pos", 1, maxAlias)
		key.program = orText(b, "program", installment.AnyProgram, 100)
		key.count, _ = b.Int("count", 1, maxCount)
		p, known := planOf(table, key)
		if !known {
			b.Reject("pos", fault.FieldInvalid, "is not the alias of a POS")
		}
		edit.Plans = append(edit.Plans, readPlan(b, table, newPlan(p)))
		r.Body.Adopt(item(i), b)
	}
	if err := r.Body.Err(); err != nil {
		return kit.Response{}, err
	}
	if err := s.Editor.Apply(ctx, r.Principal.MerchantID, edit, r.Principal.Actor); err != nil {
		return kit.Response{}, err
	}
	return s.plans(ctx, r, firstPage())
}

// deletePlan answers DELETE /admin/v1/plans/{plan}.
func (s *surface) deletePlan(ctx context.Context, r *request) (kit.Response, error) {
	_, p, err := s.findPlan(ctx, r)
	if err != nil {
		return kit.Response{}, err
	}
	if err := matches(r, p.Version, true); err != nil {
		return kit.Response{}, err
	}
	return done(s.Editor.Apply(ctx, r.Principal.MerchantID, routing.Edit{DropPlans: []installment.Plan{p}},
		r.Principal.Actor))
}

// unsaid is the rate of a plan that must say one.
const unsaid money.Rate = -1

// orRate reads a percentage; without it the fallback stays, unless it is unsaid.
func orRate(b *kit.Object, name string, fallback money.Rate) money.Rate {
	if !b.Has(name) && fallback != unsaid {
		return fallback
	}
	return readRate(b, name)
}

// readPlan reads what is said about a plan; the rest stays as it is in p.
func readPlan(b *kit.Object, t routing.Table, p installment.Plan) installment.Plan {
	i := slices.IndexFunc(t.POSes, func(o pos.POS) bool { return o.ID == p.POSID })
	if i >= 0 && p.Program != installment.AnyProgram && !slices.Contains(t.POSes[i].Programs, p.Program) {
		b.Reject("program", fault.FieldInvalid, "is not one of the programs of the POS")
	}
	if p.Count < 1 || p.Count > maxCount {
		b.Reject("count", fault.FieldOutOfRange, "must be from 1 to "+strconv.Itoa(maxCount))
	}
	p.CommissionRate, p.CustomerRate = orRate(b, "commission_rate", p.CommissionRate),
		orRate(b, "customer_rate", p.CustomerRate)
	p.ValidFrom, p.ValidUntil = orTime(b, "valid_from", p.ValidFrom), orTime(b, "valid_until", p.ValidUntil)
	p.Active = b.OptionalBool("active", p.Active)
	b.Know("id", "version", "key") // what was read may be sent back
	p.MinAmount, p.MaxAmount = readBounds(b, p.MinAmount, p.MaxAmount)
	b.RejectFault(p.Check())
	return p
}

// readBounds reads what is said about the bounds of a plan: null takes one away,
// and one that is not named stays. The currency need not be said again.
func readBounds(b *kit.Object, low, high money.Amount) (least, most money.Amount) {
	currency := cmp.Or(low.Currency(), high.Currency())
	if b.Has("currency") || (currency == 0 && (b.Has("min_amount") || b.Has("max_amount"))) {
		currency = readCurrency(b)
	}
	for _, bound := range []struct {
		name string
		of   *money.Amount
	}{{"min_amount", &low}, {"max_amount", &high}} {
		switch {
		case b.Has(bound.name):
			if currency.Valid() {
				*bound.of = b.OptionalAmount(bound.name, currency)
			}
		case b.Null(bound.name), bound.of.IsZero():
			*bound.of = money.Amount{} // of no currency, so that the other may have any
		case bound.of.Currency() != currency && currency.Valid():
			b.Reject("currency", fault.FieldInvalid, "is not that of the bound that stays")
		}
	}
	return low, high
}
