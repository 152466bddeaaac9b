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
	if t.POSes, err = many(ctx, r.db, readPOS, posesOf, int64(m)); err != nil {
		return t, fmt.Errorf("POSes of merchant %d: %w", m, err)
	}
	if t.Plans, err = many(ctx, r.db, readPlan, plansOf, int64(m)); err != nil {
		return t, fmt.Errorf("plans of merchant %d: %w", m, err)
	}
	if t.Rules, err = many(ctx, r.db, readRule, rulesOf, int64(m)); err != nil {
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
		name: "poses", rows: `SELECT ` + posColumns + ` FROM pos WHERE merchant_id = $1`, order: []string{"priority", "id"},
		place: func(p pos.POS) []any { return []any{int64(p.Priority), int64(p.ID)} }, read: readPOS,
	}
}

func pagePlans() keyset[installment.Plan] {
	return keyset[installment.Plan]{
		name: "plans", rows: `SELECT ` + planColumns + `, version FROM plan WHERE merchant_id = $1`,
		order: []string{"pos_id", "program", "count", "id"},
		place: func(p installment.Plan) []any { return []any{int64(p.POSID), p.Program, int64(p.Count), int64(p.ID)} }, read: readPlan,
	}
}

func pageRules() keyset[routing.Rule] {
	return keyset[routing.Rule]{
		name: "rules", rows: `SELECT ` + ruleColumns + `, version FROM routing_rule WHERE merchant_id = $1`,
		order: []string{"position", "id"},
		place: func(r routing.Rule) []any { return []any{int64(r.Position), int64(r.ID)} }, read: readRule,
	}
}

// POSPage implements routing.Lister.
func (r *Routing) POSPage(ctx context.Context, m id.Merchant, cursor string, limit int) (t routing.Table, next string, err error) {
	t.POSes, next, err = pagePOSes().page(ctx, r.db, cursor, limit, int64(m))
	return t, next, err
}

// PlanPage implements routing.Lister. POSes are never removed, so those that are
// read after the page have all that it names.
func (r *Routing) PlanPage(ctx context.Context, m id.Merchant, cursor string, limit int) (t routing.Table, next string, err error) {
	if t.Plans, next, err = pagePlans().page(ctx, r.db, cursor, limit, int64(m)); err == nil {
		t.POSes, err = many(ctx, r.db, readPOS, posesOf, int64(m))
	}
	return t, next, err
}

// RulePage implements routing.Lister, as PlanPage does.
func (r *Routing) RulePage(ctx context.Context, m id.Merchant, cursor string, limit int) (t routing.Table, next string, err error) {
	if t.Rules, next, err = pageRules().page(ctx, r.db, cursor, limit, int64(m)); err == nil {
		t.POSes, err = many(ctx, r.db, readPOS, posesOf, int64(m))
	}
	return t, next, err
}

const threeDSOf = `SELECT three_ds FROM merchant WHERE id = $1 ORDER BY id`

func readThreeDS(s storage.Scanner) (pos.ThreeDS, error) {
	var text string
	err := s.Scan(&text)
	return pos.ThreeDS(text), err
}

const (
	posColumns = `merchant_id, id, version, alias, name, bank_code, connector, sealed_settings, status, priority,
	currencies, programs, accepts_domestic, accepts_foreign, timeout, capture_window, three_ds`

	insertPOS = `INSERT INTO pos (` + posColumns + `)
	VALUES ($1, $2, CAST($3 AS BIGINT) + 1, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17)
	ON CONFLICT (merchant_id, id) DO NOTHING`

	updatePOS = `UPDATE pos SET version = CAST($3 AS BIGINT) + 1, alias = $4, name = $5, bank_code = $6, connector = $7,
		sealed_settings = $8, status = $9, priority = $10, currencies = $11, programs = $12, accepts_domestic = $13,
		accepts_foreign = $14, timeout = $15, capture_window = $16, three_ds = $17
	WHERE merchant_id = $1 AND id = $2 AND version = $3`

	posesOf = `SELECT ` + posColumns + ` FROM pos WHERE merchant_id = $1 ORDER BY priority, id`
)

// SavePOS implements routing.Tx.
func (t *tx) SavePOS(p pos.POS) {
	sql := updatePOS
	if p.Version == 0 {
		sql = insertPOS
	}
	currencies := make([]string, 0, len(p.Currencies))
	for _, c := range p.Currencies {
		currencies = append(currencies, c.String())
	}
	t.batch = append(t.batch, storage.Statement{
		SQL: sql,
		Args: []any{
			int64(p.MerchantID), int64(p.ID), int64(p.Version), p.Alias, p.Name, p.BankCode, p.Connector, notNil(p.SealedSettings),
			string(p.Status), int64(p.Priority), encode(currencies), encode(p.Programs), p.AcceptsDomestic, p.AcceptsForeign,
			p.Timeout.Microseconds(), p.CaptureWindow.Microseconds(), string(p.ThreeDS),
		},
		Rows: 1, Missed: fault.StaleVersion, Duplicate: fault.DuplicateKey,
	})
	t.configured = true
}

func readPOS(s storage.Scanner) (pos.POS, error) {
	var (
		p                                            pos.POS
		owner, n, version, priority, timeout, window int64
		status, currencies, programs, threeDS        string
	)
	err := s.Scan(&owner, &n, &version, &p.Alias, &p.Name, &p.BankCode, &p.Connector, &p.SealedSettings, &status, &priority,
		&currencies, &programs, &p.AcceptsDomestic, &p.AcceptsForeign, &timeout, &window, &threeDS)
	if err != nil {
		return p, err
	}
	p.MerchantID, p.ID, p.Version = id.Merchant(owner), id.POS(n), int(version)
	p.Status, p.Priority, p.ThreeDS = pos.Status(status), int(priority), pos.ThreeDS(threeDS)
	p.Timeout, p.CaptureWindow = time.Duration(timeout)*time.Microsecond, time.Duration(window)*time.Microsecond
	if p.Currencies, err = decodeCurrencies(currencies); err != nil {
		return p, err
	}
	return p, decode(programs, &p.Programs)
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

const (
	planColumns = `merchant_id, id, pos_id, program, count, commission_rate, customer_rate, currency, min_amount, max_amount,
	valid_from, valid_until, active`

	updatePlan = `UPDATE plan SET pos_id = $3, program = $4, count = $5, commission_rate = $6, customer_rate = $7,
		currency = $8, min_amount = $9, max_amount = $10, valid_from = $11, valid_until = $12, active = $13, version = version + 1
	WHERE merchant_id = $1 AND id = $2 AND version = $14`

	savePlan = `INSERT INTO plan (` + planColumns + `)
	VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13)
	ON CONFLICT (merchant_id, id) DO UPDATE SET pos_id = excluded.pos_id, program = excluded.program, count = excluded.count,
		commission_rate = excluded.commission_rate, customer_rate = excluded.customer_rate, currency = excluded.currency,
		min_amount = excluded.min_amount, max_amount = excluded.max_amount, valid_from = excluded.valid_from,
		valid_until = excluded.valid_until, active = excluded.active, version = plan.version + 1`

	plansOf = `SELECT ` + planColumns + `, version FROM plan WHERE merchant_id = $1 ORDER BY pos_id, program, count, id`
)

// addVersion queues a statement that adds or replaces a row whatever its version,
// or else, of a version, the one that replaces this version alone and has it as
// its last parameter.
func (t *tx) addVersion(whatever, versioned string, version int, args ...any) {
	s := storage.Statement{SQL: whatever, Args: args, Duplicate: fault.DuplicateKey}
	if version > 0 {
		s.SQL, s.Args = versioned, append(args, int64(version))
		s.Rows, s.Missed = 1, fault.StaleVersion
	}
	t.batch = append(t.batch, s)
	t.configured = true
}

// SavePlan implements routing.Tx.
func (t *tx) SavePlan(p installment.Plan) {
	currency := p.MinAmount.Currency()
	if currency == 0 {
		currency = p.MaxAmount.Currency()
	}
	t.addVersion(savePlan, updatePlan, p.Version, int64(p.MerchantID), int64(p.ID), int64(p.POSID), p.Program, int64(p.Count), int64(p.CommissionRate),
		int64(p.CustomerRate), currency.String(), minor(p.MinAmount, currency), minor(p.MaxAmount, currency),
		micros(p.ValidFrom), micros(p.ValidUntil), p.Active)
}

func readPlan(s storage.Scanner) (installment.Plan, error) {
	var (
		p                                                       installment.Plan
		owner, n, posID, count, commission, customer, low, high int64
		from, until, version                                    int64
		code                                                    string
	)
	err := s.Scan(&owner, &n, &posID, &p.Program, &count, &commission, &customer, &code, &low, &high, &from, &until, &p.Active, &version)
	if err != nil {
		return p, err
	}
	currency, err := currencyOf(code)
	p.MerchantID, p.ID, p.POSID, p.Count = id.Merchant(owner), id.Plan(n), id.POS(posID), int(count)
	p.CommissionRate, p.CustomerRate = money.Rate(commission), money.Rate(customer)
	p.MinAmount, p.MaxAmount = money.FromMinor(low, currency), money.FromMinor(high, currency)
	p.ValidFrom, p.ValidUntil, p.Version = timeOf(from), timeOf(until), int(version)
	return p, err
}
