package routing

import (
	"context"
	"slices"
	"strconv"
	"time"

	"github.com/vezne/vezne/internal/audit"
	"github.com/vezne/vezne/internal/id"
	"github.com/vezne/vezne/internal/installment"
	"github.com/vezne/vezne/internal/money"
)

// writing gathers the writes of one edit, each with its audit record.
type writing struct {
	editor   *Editor
	merchant id.Merchant
	actor    string
	// stored is what the edit changes. The versions of its rows are what the commit
	// expects, so what the records tell as before was before.
	stored Table
	writes []func(Tx)
}

// note adds an audit record.
func (w *writing) note(ctx context.Context, action, subject string, facts map[string]any) error {
	r, err := audit.NewRecord(ctx, w.editor.ids, w.editor.clock, audit.Deed{
		MerchantID: w.merchant, Actor: w.actor, Action: action, Subject: subject, Facts: facts,
	})
	if err != nil {
		return err
	}
	w.writes = append(w.writes, func(tx Tx) { tx.Record(r) })
	return nil
}

func (w *writing) all(ctx context.Context, edit Edit) error {
	for _, p := range edit.Plans {
		if err := w.plan(ctx, p); err != nil {
			return err
		}
	}
	for _, r := range edit.Rules {
		if err := w.rule(ctx, r); err != nil {
			return err
		}
	}
	for _, p := range edit.DropPlans {
		p.MerchantID = w.merchant
		w.writes = append(w.writes, func(tx Tx) { tx.DropPlan(p) })
		if err := w.note(ctx, "plan.delete", planSubject(p), audit.Change(planFacts(p), nil)); err != nil {
			return err
		}
	}
	for _, r := range edit.DropRules {
		r.MerchantID = w.merchant
		w.writes = append(w.writes, func(tx Tx) { tx.DropRule(r) })
		if err := w.note(ctx, "rule.delete", ruleSubject(r), audit.Change(ruleFacts(r), nil)); err != nil {
			return err
		}
	}
	return nil
}

func (w *writing) plan(ctx context.Context, p installment.Plan) error {
	if err := p.Check(); err != nil {
		return err
	}
	p.MerchantID = w.merchant
	var before map[string]any
	if i := slices.IndexFunc(w.stored.Plans, func(o installment.Plan) bool { return o.ID == p.ID }); i >= 0 {
		before = planFacts(w.stored.Plans[i])
	}
	if p.ID == 0 {
		var err error
		if p.ID, err = id.Next[id.Plan](ctx, w.editor.ids, id.NounPlan); err != nil {
			return err
		}
	}
	w.writes = append(w.writes, func(tx Tx) { tx.SavePlan(p) })
	return w.note(ctx, "plan.save", planSubject(p), audit.Change(before, planFacts(p)))
}

func (w *writing) rule(ctx context.Context, r Rule) error {
	if err := r.Condition.Check(); err != nil {
		return err
	}
	r.MerchantID = w.merchant
	var before map[string]any
	if i := slices.IndexFunc(w.stored.Rules, func(o Rule) bool { return o.ID == r.ID }); i >= 0 {
		before = ruleFacts(w.stored.Rules[i])
	}
	if r.ID == 0 {
		var err error
		if r.ID, err = id.Next[id.Rule](ctx, w.editor.ids, id.NounRule); err != nil {
			return err
		}
	}
	w.writes = append(w.writes, func(tx Tx) { tx.SaveRule(r) })
	return w.note(ctx, "rule.save", ruleSubject(r), audit.Change(before, ruleFacts(r)))
}

func planSubject(p installment.Plan) string { return "plan:" + strconv.FormatInt(int64(p.ID), 10) }

func planFacts(p installment.Plan) map[string]any {
	facts := map[string]any{
		"pos_id": int64(p.POSID), "program": p.Program, "count": p.Count, "active": p.Active,
		"commission_rate": p.CommissionRate, "customer_rate": p.CustomerRate,
		"valid_from": p.ValidFrom, "valid_until": p.ValidUntil,
	}
	addBounds(facts, p.MinAmount, p.MaxAmount)
	for _, name := range []string{"valid_from", "valid_until"} {
		if facts[name] == (time.Time{}) {
			facts[name] = nil
		}
	}
	return facts
}

func ruleSubject(r Rule) string { return "rule:" + strconv.FormatInt(int64(r.ID), 10) }

func ruleFacts(r Rule) map[string]any {
	targets := make([]any, 0, len(r.Targets))
	for _, t := range r.Targets {
		targets = append(targets, map[string]any{"pos_id": int64(t.POSID), "weight": t.Weight})
	}
	c := r.Condition
	facts := map[string]any{
		"name": r.Name, "position": r.Position, "active": r.Active, "requires_3ds": r.Requires3DS, "targets": targets,
		"currencies": currencyCodes(c.Currencies), "bins": orEmpty(c.BINs), "bank_codes": orEmpty(c.BankCodes),
		"programs": orEmpty(c.Programs),
		"schemes":  orEmpty(c.Schemes), "types": orEmpty(c.Types), "domestic": c.Domestic,
		"from_minute": c.FromMinute, "until_minute": c.UntilMinute,
	}
	addBounds(facts, c.MinAmount, c.MaxAmount)
	return facts
}

// addBounds adds the bounds of an amount; a zero one is no bound.
func addBounds(facts map[string]any, least, most money.Amount) {
	facts["currency"], facts["min_amount"], facts["max_amount"] = nil, nil, nil
	for name, a := range map[string]money.Amount{"min_amount": least, "max_amount": most} {
		if !a.IsZero() {
			facts[name], facts["currency"] = a, a.Currency().String()
		}
	}
}

func currencyCodes(all []money.Currency) []string {
	codes := make([]string, 0, len(all))
	for _, c := range all {
		codes = append(codes, c.String())
	}
	return codes
}

// orEmpty returns a list that is written as one even if it is nil.
func orEmpty[T any](all []T) []T { return append([]T{}, all...) }
