package sqlstore

import (
	"context"
	"fmt"
	"time"

	"github.com/vezne/vezne/internal/id"
	"github.com/vezne/vezne/internal/installment"
	"github.com/vezne/vezne/internal/money"
	"github.com/vezne/vezne/internal/pos"
	"github.com/vezne/vezne/internal/routing"
	"github.com/vezne/vezne/internal/storage"
)

// Routing keeps plans and routing rules. It implements routing.Store.
type Routing struct{ db *storage.DB }

var _ routing.Store = (*Routing)(nil)

// NewRouting returns the routing tables of db.
func NewRouting(db *storage.DB) *Routing { return &Routing{db: db} }

// InTx implements routing.Store.
func (r *Routing) InTx(ctx context.Context, fn func(routing.Tx)) error {
	return inTx(ctx, r.db, func(t *tx) { fn(t) })
}

// Table implements routing.Store.
func (r *Routing) Table(ctx context.Context, m id.Merchant) (routing.Table, error) {
	var t routing.Table
	var err error
	if t.POSes, err = many(ctx, r.db, posTable.reader(), posesOf, int64(m)); err != nil {
		return t, fmt.Errorf("POSes of merchant %d: %w", m, err)
	}
	if t.Plans, err = many(ctx, r.db, planTable.reader(), plansOf, int64(m)); err != nil {
		return t, fmt.Errorf("plans of merchant %d: %w", m, err)
	}
	if t.Rules, err = many(ctx, r.db, ruleTable.reader(), rulesOf, int64(m)); err != nil {
		return t, fmt.Errorf("rules of merchant %d: %w", m, err)
	}
	own, err := many(ctx, r.db, readThreeDS, threeDSOf, int64(m))
	if err != nil {
		return t, fmt.Errorf("merchant %d: %w", m, err)
	}
	if len(own) > 0 {
		t.ThreeDS = own[0]
	}
	return t, nil
}

// pagePlans and pageRules have the orders of Table.
func pagePlans() keyset[installment.Plan] {
	return keyset[installment.Plan]{
		name: "plans", rows: planTable.selecting("WHERE merchant_id = $1"),
		order: []string{"pos_id", "program", "count", "id"},
		place: func(p installment.Plan) []any { return []any{int64(p.POSID), p.Program, int64(p.Count), int64(p.ID)} },
		read:  planTable.reader(),
	}
}

func pageRules() keyset[routing.Rule] {
	return keyset[routing.Rule]{
		name: "rules", rows: ruleTable.selecting("WHERE merchant_id = $1"),
		order: []string{"position", "id"},
		place: func(r routing.Rule) []any { return []any{int64(r.Position), int64(r.ID)} }, read: ruleTable.reader(),
	}
}

// PlanPage implements routing.Lister. POSes are never removed, so those that are
// read after the page have all that it names.
func (r *Routing) PlanPage(
	ctx context.Context, m id.Merchant, cursor string, limit int,
) (t routing.Table, next string, err error) {
	if t.Plans, next, err = pagePlans().page(ctx, r.db, cursor, limit, int64(m)); err == nil {
		t.POSes, err = many(ctx, r.db, posTable.reader(), posesOf, int64(m))
	}
	return t, next, err
}

// RulePage implements routing.Lister, as PlanPage does.
func (r *Routing) RulePage(
	ctx context.Context, m id.Merchant, cursor string, limit int,
) (t routing.Table, next string, err error) {
	if t.Rules, next, err = pageRules().page(ctx, r.db, cursor, limit, int64(m)); err == nil {
		t.POSes, err = many(ctx, r.db, posTable.reader(), posesOf, int64(m))
	}
	return t, next, err
}

const threeDSOf = `SELECT three_ds FROM merchant WHERE id = $1 ORDER BY id`

func readThreeDS(s storage.Scanner) (pos.ThreeDS, error) {
	var text string
	err := s.Scan(&text)
	return pos.ThreeDS(text), err
}

var planTable = newTable(&table[installment.Plan]{
	name:     "plan",
	currency: currencyOfPlan,
	keys: []column[installment.Plan]{
		number("merchant_id", func(p *installment.Plan) *id.Merchant { return &p.MerchantID }),
		number("id", func(p *installment.Plan) *id.Plan { return &p.ID }),
	},
	version: func(p *installment.Plan) *int { return &p.Version },
	changing: []column[installment.Plan]{
		number("pos_id", func(p *installment.Plan) *id.POS { return &p.POSID }),
		text("program", func(p *installment.Plan) *string { return &p.Program }),
		number("count", func(p *installment.Plan) *int { return &p.Count }),
		number("commission_rate", func(p *installment.Plan) *money.Rate { return &p.CommissionRate }),
		number("customer_rate", func(p *installment.Plan) *money.Rate { return &p.CustomerRate }),
		currency[installment.Plan](),
		amount("min_amount", func(p *installment.Plan) *money.Amount { return &p.MinAmount }),
		amount("max_amount", func(p *installment.Plan) *money.Amount { return &p.MaxAmount }),
		moment("valid_from", func(p *installment.Plan) *time.Time { return &p.ValidFrom }),
		moment("valid_until", func(p *installment.Plan) *time.Time { return &p.ValidUntil }),
		flag("active", func(p *installment.Plan) *bool { return &p.Active }),
	},
})

var (
	planEdits = editsOf(planTable)
	plansOf   = planTable.selecting("WHERE merchant_id = $1 ORDER BY pos_id, program, count, id")
	dropPlan  = planTable.deletion()
)

// currencyOfPlan is that of a plan's bounds, zero if there are none.
func currencyOfPlan(p *installment.Plan) money.Currency {
	if c := p.MinAmount.Currency(); c != 0 {
		return c
	}
	return p.MaxAmount.Currency()
}

// SavePlan implements routing.Tx.
func (t *tx) SavePlan(p installment.Plan) { planEdits.save(t, p) }

// DropPlan implements routing.Tx.
func (t *tx) DropPlan(p installment.Plan) {
	t.expect(dropPlan, planTable.naming(p)...)
	t.configured = true
}
