package routing

import (
	"cmp"
	"math"
	"slices"

	"github.com/vezne/vezne/internal/id"
	"github.com/vezne/vezne/internal/installment"
	"github.com/vezne/vezne/internal/pos"
)

// usualPOSes is how many POSes a decision sorts without allocating; merchants
// have one or two per bank.
const usualPOSes = 24

// entry is a POS that may take the payment, by its place in the table.
type entry struct {
	place   int
	plan    installment.Plan
	onUs    bool
	healthy bool
	// rule is the POS's place among the targets of the matching rule, noRule
	// when no rule names it.
	rule int
}

const noRule = math.MaxInt

// Decide says which POSes a payment is offered to and in which order, and why
// each other one is left out. It decides alike whenever it is asked alike.
//
// Candidates are the active POSes that take the currency and the card and have a
// plan for the count. The POSes whose own program the card has go first, then
// those that the first matching active rule names, then the rest by priority and
// id; within a group the rule's order comes before priority. POSes that healthy
// denies go last, in the same order, for a failing bank is better than none; a
// nil healthy calls all of them healthy. When the request names an alias only
// that POS can be a candidate and no rule is asked for the order.
//
// A candidate says whether it may be charged without 3-D Secure: not if its POS,
// the merchant, or any active rule that matches requires it.
//
// Rules are tried in the table's order, which Store.Table keeps by position.
func Decide(t Table, r Request, healthy func(id.POS) bool) Decision {
	r.Installments = max(r.Installments, 1)
	var buffer [usualPOSes]entry
	entries := buffer[:0]
	d := Decision{}
	query := installment.Query{
		Program: installment.ProgramOf(r.BIN, r.Installments, r.Amount.Currency()),
		Count:   r.Installments, Amount: r.Amount, At: r.At,
	}
	for i := range t.POSes {
		p := &t.POSes[i]
		query.POSID = p.ID
		plan, reason := eligible(t.Plans, p, &r, &query)
		if reason != "" {
			if d.Rejected == nil {
				d.Rejected = make([]Rejection, 0, len(t.POSes))
			}
			d.Rejected = append(d.Rejected, Rejection{POSID: p.ID, Alias: p.Alias, Reason: reason})
			continue
		}
		entries = append(entries, entry{
			place: i, plan: plan, onUs: p.OnUs(r.BIN), rule: noRule,
			healthy: healthy == nil || healthy(p.ID),
		})
	}
	if r.POSAlias == "" {
		if rule := ordering(t.Rules, &r); rule != nil {
			d.RuleID, d.RuleName = rule.ID, rule.Name
			rank(entries, t.POSes, rule.Targets, r.Seed)
		}
	}
	d.Candidates = order(entries, t.POSes, r.POSAlias != "")
	d.secure(&t, &r)
	return d
}

// eligible returns the plan that prices the payment at the POS, or the reason why
// it cannot go there.
func eligible(plans []installment.Plan, p *pos.POS, r *Request, q *installment.Query) (installment.Plan, Reason) {
	switch {
	case r.POSAlias != "" && p.Alias != r.POSAlias:
		return installment.Plan{}, NotRequested
	case p.Status != pos.Active:
		return installment.Plan{}, NotActive
	case !slices.Contains(p.Currencies, r.Amount.Currency()):
		return installment.Plan{}, OtherCurrency
	case r.BIN != nil && r.BIN.Domestic && !p.AcceptsDomestic:
		return installment.Plan{}, NoDomestic
	case r.BIN != nil && !r.BIN.Domestic && !p.AcceptsForeign:
		return installment.Plan{}, NoForeignCards
	}
	plan, ok := installment.Find(plans, *q)
	if !ok {
		return installment.Plan{}, NoPlan
	}
	return plan, ""
}

// order sorts the entries and names the reason of each one's place.
func order(entries []entry, poses []pos.POS, requested bool) []Candidate {
	slices.SortFunc(entries, func(a, b entry) int {
		p, q := &poses[a.place], &poses[b.place]
		return cmp.Or(
			first(a.healthy, b.healthy),
			first(a.onUs, b.onUs),
			cmp.Compare(a.rule, b.rule),
			cmp.Compare(p.Priority, q.Priority),
			cmp.Compare(p.ID, q.ID),
		)
	})
	if len(entries) == 0 {
		return nil
	}
	out := make([]Candidate, len(entries))
	for i := range entries {
		e := &entries[i]
		out[i] = Candidate{POS: poses[e.place], Plan: e.plan, Reason: reasonOf(e, requested)}
	}
	return out
}

// first orders true before false.
func first(a, b bool) int {
	switch {
	case a == b:
		return 0
	case a:
		return -1
	}
	return 1
}

func reasonOf(e *entry, requested bool) Reason {
	switch {
	case requested:
		return Requested
	case !e.healthy:
		return BreakerOpen
	case e.onUs:
		return OnUs
	case e.rule != noRule:
		return ByRule
	}
	return ByPriority
}
