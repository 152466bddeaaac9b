package sqlstore

import (
	"context"
	"fmt"
	"time"

	"github.com/vezne/vezne/internal/fault"
	"github.com/vezne/vezne/internal/id"
	"github.com/vezne/vezne/internal/installment"
	"github.com/vezne/vezne/internal/money"
	"github.com/vezne/vezne/internal/pos"
	"github.com/vezne/vezne/internal/routing"
	"github.com/vezne/vezne/internal/storage"
)

// Routing keeps POSes, plans and routing rules. It implements routing.Store.
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

// pagePOSes, pagePlans and pageRules have the orders of Table.
func pagePOSes() keyset[pos.POS] {
	return keyset[pos.POS]{
		name: "poses", rows: posTable.selecting("WHERE merchant_id = $1"), order: []string{"priority", "id"},
		place: func(p pos.POS) []any { return []any{int64(p.Priority), int64(p.ID)} }, read: posTable.reader(),
	}
}

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

// POSPage implements routing.Lister.
func (r *Routing) POSPage(
	ctx context.Context, m id.Merchant, cursor string, limit int,
) (t routing.Table, next string, err error) {
	t.POSes, next, err = pagePOSes().page(ctx, r.db, cursor, limit, int64(m))
	return t, next, err
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

var posTable = newTable(&table[pos.POS]{
	name: "pos",
	keys: []column[pos.POS]{
		number("merchant_id", func(p *pos.POS) *id.Merchant { return &p.MerchantID }),
		number("id", func(p *pos.POS) *id.POS { return &p.ID }),
	},
	version: func(p *pos.POS) *int { return &p.Version },
	changing: []column[pos.POS]{
		text("alias", func(p *pos.POS) *string { return &p.Alias }),
		text("name", func(p *pos.POS) *string { return &p.Name }),
		text("bank_code", func(p *pos.POS) *string { return &p.BankCode }),
		text("connector", func(p *pos.POS) *string { return &p.Connector }),
		blob("sealed_settings", func(p *pos.POS) *[]byte { return &p.SealedSettings }),
		text("status", func(p *pos.POS) *pos.Status { return &p.Status }),
		number("priority", func(p *pos.POS) *int { return &p.Priority }),
		textOf("currencies", putCurrencies, takeCurrencies),
		document("programs", func(p *pos.POS) *[]string { return &p.Programs }),
		flag("accepts_domestic", func(p *pos.POS) *bool { return &p.AcceptsDomestic }),
		flag("accepts_foreign", func(p *pos.POS) *bool { return &p.AcceptsForeign }),
		text("three_ds", func(p *pos.POS) *pos.ThreeDS { return &p.ThreeDS }),
		duration("timeout", func(p *pos.POS) *time.Duration { return &p.Timeout }),
		duration("capture_window", func(p *pos.POS) *time.Duration { return &p.CaptureWindow }),
	},
})

var (
	insertPOS = posTable.firstVersion() + " ON CONFLICT (merchant_id, id) DO NOTHING"
	updatePOS = posTable.update()
	posesOf   = posTable.selecting("WHERE merchant_id = $1 ORDER BY priority, id")
)

// SavePOS implements routing.Tx.
func (t *tx) SavePOS(p pos.POS) {
	sql := updatePOS
	if p.Version == 0 {
		sql = insertPOS
	}
	t.batch = append(t.batch, storage.Statement{
		SQL: sql, Args: posTable.inserting(p), Rows: 1, Missed: fault.StaleVersion, Duplicate: fault.DuplicateKey,
	})
	t.configured = true
}

func putCurrencies(p *pos.POS) string {
	codes := make([]string, 0, len(p.Currencies))
	for _, c := range p.Currencies {
		codes = append(codes, c.String())
	}
	return encode(codes)
}

func takeCurrencies(p *pos.POS, text string) (err error) {
	p.Currencies, err = decodeCurrencies(text)
	return err
}

func decodeCurrencies(text string) ([]money.Currency, error) {
	var codes []string
	if err := decode(text, &codes); err != nil {
		return nil, err
	}
	var all []money.Currency
	for _, code := range codes {
		c, err := currencyOf(code)
		if err != nil {
			return nil, err
		}
		all = append(all, c)
	}
	return all, nil
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
