package admin

import (
	"context"
	"net/http"
	"slices"
	"strings"

	"github.com/vezne/vezne/internal/card"
	"github.com/vezne/vezne/internal/fault"
	"github.com/vezne/vezne/internal/httpapi/kit"
	"github.com/vezne/vezne/internal/merchant"
	"github.com/vezne/vezne/internal/money"
	"github.com/vezne/vezne/internal/pos"
	"github.com/vezne/vezne/internal/routing"
)

func (s *surface) ruleRoutes() []route {
	const all, one = "/admin/v1/rules", "/admin/v1/rules/{rule}"
	return []route{
		{method: http.MethodGet, pattern: all, needs: merchant.RoutingRead, handle: paged(s.rules)},
		{method: http.MethodPut, pattern: all, needs: merchant.RoutingEdit, handle: s.putRules, listBody: true},
		{method: http.MethodGet, pattern: one, needs: merchant.RoutingRead, handle: s.rule},
		{method: http.MethodPut, pattern: one, needs: merchant.RoutingEdit, handle: s.putRule},
		{method: http.MethodPatch, pattern: one, needs: merchant.RoutingEdit, handle: s.patchRule},
		{method: http.MethodDelete, pattern: one, needs: merchant.RoutingEdit, handle: s.deleteRule},
	}
}

type ruleView struct {
	ID          int64         `json:"id"`
	Version     int           `json:"version"`
	Name        string        `json:"name"`
	Position    int           `json:"position"`
	Active      bool          `json:"active"`
	Requires3DS bool          `json:"requires_3ds"`
	Condition   conditionView `json:"condition"`
	Targets     []targetView  `json:"targets"`
}

type conditionView struct {
	Currency    *string       `json:"currency"`
	MinAmount   *money.Amount `json:"min_amount"`
	MaxAmount   *money.Amount `json:"max_amount"`
	Currencies  []string      `json:"currencies"`
	BINs        []string      `json:"bins"`
	BankCodes   []string      `json:"bank_codes"`
	Programs    []string      `json:"programs"`
	Schemes     []card.Scheme `json:"schemes"`
	Types       []card.Type   `json:"types"`
	Domestic    *bool         `json:"domestic"`
	FromMinute  int           `json:"from_minute"`
	UntilMinute int           `json:"until_minute"`
}

type targetView struct {
	POS    string `json:"pos"`
	Weight int    `json:"weight"`
}

func viewRule(t routing.Table, r routing.Rule) ruleView {
	c := r.Condition
	v := ruleView{
		ID: int64(r.ID), Version: r.Version, Name: r.Name, Position: r.Position, Active: r.Active, Requires3DS: r.Requires3DS,
		Targets: []targetView{},
		Condition: conditionView{
			Currencies: []string{}, BINs: list(c.BINs), BankCodes: list(c.BankCodes), Programs: list(c.Programs),
			Schemes: list(c.Schemes), Types: list(c.Types), Domestic: c.Domestic, FromMinute: c.FromMinute,
			UntilMinute: c.UntilMinute,
		},
	}
	for _, currency := range c.Currencies {
		v.Condition.Currencies = append(v.Condition.Currencies, currency.String())
	}
	for _, bound := range []struct {
		of money.Amount
		to **money.Amount
	}{{c.MinAmount, &v.Condition.MinAmount}, {c.MaxAmount, &v.Condition.MaxAmount}} {
		if !bound.of.IsZero() {
			*bound.to = &bound.of
			v.Condition.Currency = kit.TextOrNull(bound.of.Currency().String())
		}
	}
	for _, target := range r.Targets {
		i := slices.IndexFunc(t.POSes, func(p pos.POS) bool { return p.ID == target.POSID })
		if i >= 0 {
			v.Targets = append(v.Targets, targetView{POS: t.POSes[i].Alias, Weight: target.Weight})
		}
	}
	return v
}

// list returns a list that is never null.
func list[T any](all []T) []T { return append([]T{}, all...) }

// rules answers GET /admin/v1/rules.
func (s *surface) rules(ctx context.Context, r *request, p page) (kit.Response, error) {
	table, next, err := s.Editor.RulePage(ctx, r.Principal.MerchantID, p.cursor, p.limit)
	if err != nil {
		return kit.Response{}, err
	}
	return viewed("rules", table.Rules, next, func(rule routing.Rule) ruleView { return viewRule(table, rule) }), nil
}

func ruleByName(t routing.Table, name string) (routing.Rule, bool) {
	i := slices.IndexFunc(t.Rules, func(r routing.Rule) bool { return r.Name == name })
	if i < 0 {
		return routing.Rule{}, false
	}
	return t.Rules[i], true
}

// findRule returns the rule that the path names.
func (s *surface) findRule(ctx context.Context, r *request) (routing.Table, routing.Rule, error) {
	table, err := s.Editor.Table(ctx, r.Principal.MerchantID)
	if err != nil {
		return table, routing.Rule{}, err
	}
	rule, ok := ruleByName(table, r.Path("rule"))
	if !ok {
		return table, rule, fault.New(fault.NotFound, fault.NoSuchThing, "no such rule")
	}
	return table, rule, nil
}

// rule answers GET /admin/v1/rules/{rule}.
func (s *surface) rule(ctx context.Context, r *request) (kit.Response, error) {
	table, rule, err := s.findRule(ctx, r)
	if err != nil {
		return kit.Response{}, err
	}
	return tagged(viewRule(table, rule), rule.Version), nil
}

// newRule is what a rule is of which nothing is said but its name. It keeps its
// place.
func newRule(name string, old routing.Rule) routing.Rule {
	return routing.Rule{ID: old.ID, Version: old.Version, Name: name, Position: old.Position, Active: true}
}

// putRule answers PUT /admin/v1/rules/{rule}: it creates or replaces the rule of
// that name.
func (s *surface) putRule(ctx context.Context, r *request) (kit.Response, error) {
	table, err := s.Editor.Table(ctx, r.Principal.MerchantID)
	if err != nil {
		return kit.Response{}, err
	}
	old, _ := ruleByName(table, r.Path("rule"))
	if err := matches(r, old.Version, true); err != nil {
		return kit.Response{}, err
	}
	return s.saveRule(ctx, r, table, newRule(r.Path("rule"), old))
}

// patchRule answers PATCH /admin/v1/rules/{rule}: what is not named stays.
func (s *surface) patchRule(ctx context.Context, r *request) (kit.Response, error) {
	table, old, err := s.findRule(ctx, r)
	if err != nil {
		return kit.Response{}, err
	}
	if err := matches(r, old.Version, false); err != nil {
		return kit.Response{}, err
	}
	return s.saveRule(ctx, r, table, old)
}

func (s *surface) saveRule(ctx context.Context, r *request, t routing.Table, rule routing.Rule) (kit.Response, error) {
	rule = readRule(r.Body, t, rule)
	sameText(r.Body, "name", rule.Name)
	if err := r.Body.Err(); err != nil {
		return kit.Response{}, err
	}
	edit := routing.Edit{Rules: []routing.Rule{rule}}
	if err := s.Editor.Apply(ctx, r.Principal.MerchantID, edit, r.Principal.Actor); err != nil {
		return kit.Response{}, err
	}
	return s.rule(ctx, r)
}

// putRules answers PUT /admin/v1/rules: the rules of the list get its order; those
// that it does not name keep their positions.
func (s *surface) putRules(ctx context.Context, r *request) (kit.Response, error) {
	if err := unconditional(r); err != nil {
		return kit.Response{}, err
	}
	table, err := s.Editor.Table(ctx, r.Principal.MerchantID)
	if err != nil {
		return kit.Response{}, err
	}
	var edit routing.Edit
	for i, b := range r.Body.Objects("items", maxBulk) {
		name, _ := b.Text("name", 1, 100)
		if slices.ContainsFunc(edit.Rules, func(o routing.Rule) bool { return o.Name == name }) {
			b.Reject("name", fault.FieldInvalid, "stands in the list twice")
		}
		old, _ := ruleByName(table, name)
		rule := readRule(b, table, newRule(name, old))
		if !b.Has("position") {
			rule.Position = i + 1
		}
		edit.Rules = append(edit.Rules, rule)
		r.Body.Adopt(item(i), b)
	}
	if err := r.Body.Err(); err != nil {
		return kit.Response{}, err
	}
	if err := s.Editor.Apply(ctx, r.Principal.MerchantID, edit, r.Principal.Actor); err != nil {
		return kit.Response{}, err
	}
	return s.rules(ctx, r, firstPage())
}

// deleteRule answers DELETE /admin/v1/rules/{rule}.
func (s *surface) deleteRule(ctx context.Context, r *request) (kit.Response, error) {
	_, rule, err := s.findRule(ctx, r)
	if err != nil {
		return kit.Response{}, err
	}
	if err := matches(r, rule.Version, true); err != nil {
		return kit.Response{}, err
	}
	return done(s.Editor.Apply(ctx, r.Principal.MerchantID, routing.Edit{DropRules: []routing.Rule{rule}},
		r.Principal.Actor))
}

// readRule reads what is said about a rule; the rest stays as it is in rule. A
// condition is replaced as a whole; null is one that every payment meets.
func readRule(b *kit.Object, t routing.Table, rule routing.Rule) routing.Rule {
	rule.Position = orInt(b, "position", rule.Position, -1_000_000, 1_000_000)
	rule.Active = b.OptionalBool("active", rule.Active)
	rule.Requires3DS = b.OptionalBool("requires_3ds", rule.Requires3DS)
	b.Know("id", "version") // what was read may be sent back
	if rule.Name == "" || len(rule.Name) > 100 || kit.HasControl(rule.Name) {
		b.Reject("name", fault.FieldInvalid, "must be text of at most 100 characters")
	}
	if b.Null("condition") {
		rule.Condition = routing.Condition{}
	}
	if part := b.Object("condition"); part != nil {
		rule.Condition = readCondition(part)
		b.Adopt("condition", part)
	}
	if b.Has("targets") || (len(rule.Targets) == 0 && !rule.Requires3DS) {
		rule.Targets = readTargets(b, t)
	}
	if b.Has("targets") && len(rule.Targets) == 0 && !rule.Requires3DS {
		b.Reject("targets", fault.FieldRequired, "must name a POS, unless the rule requires 3-D Secure")
	}
	return rule
}

func readTargets(b *kit.Object, t routing.Table) []routing.Target {
	var targets []routing.Target
	for i, part := range b.Objects("targets", 50) {
		alias, _ := part.String("pos")
		p, ok := byAlias(t.POSes, alias)
		if !ok {
			part.Reject("pos", fault.FieldInvalid, "is not the alias of a POS")
		}
		targets = append(targets, routing.Target{POSID: p.ID, Weight: orInt(part, "weight", 0, 0, 1_000_000)})
		b.Adopt("targets."+strings.TrimPrefix(item(i), "items."), part)
	}
	return targets
}

func readCondition(b *kit.Object) routing.Condition {
	c := routing.Condition{
		Currencies: readCurrencies(b, "currencies"), BINs: b.Strings("bins", 500, 8),
		BankCodes: b.Strings("bank_codes", 100, 4), Programs: b.Strings("programs", 50, 100),
		FromMinute: orInt(b, "from_minute", 0, 0, 1439), UntilMinute: orInt(b, "until_minute", 0, 0, 1440),
	}
	for _, digits := range c.BINs {
		if strings.Trim(digits, "0123456789") != "" {
			b.Reject("bins", fault.FieldInvalid, "must be leading digits")
		}
	}
	for _, code := range c.BankCodes {
		if len(code) != 4 || strings.Trim(code, "0123456789") != "" {
			b.Reject("bank_codes", fault.FieldInvalid, "must be codes of four digits")
		}
	}
	c.Schemes, c.Types = readWords(b, "schemes", card.Schemes()), readWords(b, "types", card.Types())
	if b.Has("domestic") {
		domestic := b.OptionalBool("domestic", false)
		c.Domestic = &domestic
	}
	b.Know("currency", "max_amount")
	if b.Has("min_amount") || b.Has("max_amount") {
		currency := readCurrency(b)
		if currency.Valid() {
			c.MinAmount, c.MaxAmount = b.OptionalAmount("min_amount", currency), b.OptionalAmount("max_amount", currency)
			b.RejectFault(c.Check())
		}
	}
	return c
}

// readWords reads an optional list of words that are known: a rule with another
// one would never match anything.
func readWords[W ~string](b *kit.Object, name string, known []W) []W {
	var all []W
	for _, word := range b.Strings(name, 20, 20) {
		if !slices.Contains(known, W(word)) {
			b.Reject(name, fault.FieldInvalid, "has a word that is not known")
			return nil
		}
		all = append(all, W(word))
	}
	return all
}
