package sqlstore

import (
	"github.com/vezne/vezne/internal/card"
	"github.com/vezne/vezne/internal/fault"
	"github.com/vezne/vezne/internal/id"
	"github.com/vezne/vezne/internal/installment"
	"github.com/vezne/vezne/internal/money"
	"github.com/vezne/vezne/internal/routing"
	"github.com/vezne/vezne/internal/storage"
)

const (
	ruleColumns = `merchant_id, id, name, position, active, condition, targets, requires_3ds`

	saveRule = `INSERT INTO routing_rule (` + ruleColumns + `) VALUES ($1, $2, $3, $4, $5, $6, $7, $8)
	ON CONFLICT (merchant_id, id) DO UPDATE SET name = excluded.name, position = excluded.position,
		active = excluded.active, condition = excluded.condition, targets = excluded.targets,
		requires_3ds = excluded.requires_3ds, version = routing_rule.version + 1`

	updateRule = `UPDATE routing_rule SET name = $3, position = $4, active = $5, condition = $6, targets = $7,
		requires_3ds = $8, version = version + 1
	WHERE merchant_id = $1 AND id = $2 AND version = $9`

	rulesOf = `SELECT ` + ruleColumns + `, version FROM routing_rule WHERE merchant_id = $1 ORDER BY position, id`
)

// conditionDoc is a routing.Condition as it is stored.
type conditionDoc struct {
	MinAmount   *amountDoc    `json:"min_amount,omitzero"`
	MaxAmount   *amountDoc    `json:"max_amount,omitzero"`
	Currencies  []string      `json:"currencies,omitempty"`
	BINs        []string      `json:"bins,omitempty"`
	BankCodes   []string      `json:"bank_codes,omitempty"`
	Programs    []string      `json:"programs,omitempty"`
	Schemes     []card.Scheme `json:"schemes,omitempty"`
	Types       []card.Type   `json:"types,omitempty"`
	Domestic    *bool         `json:"domestic,omitzero"`
	FromMinute  int           `json:"from_minute,omitzero"`
	UntilMinute int           `json:"until_minute,omitzero"`
}

type amountDoc struct {
	Minor    int64  `json:"minor"`
	Currency string `json:"currency"`
}

type targetDoc struct {
	POSID  int64 `json:"pos_id"`
	Weight int   `json:"weight,omitzero"`
}

// SaveRule implements routing.Tx.
func (t *tx) SaveRule(r routing.Rule) {
	targets := make([]targetDoc, 0, len(r.Targets))
	for _, target := range r.Targets {
		targets = append(targets, targetDoc{POSID: int64(target.POSID), Weight: target.Weight})
	}
	t.addVersion(saveRule, updateRule, r.Version, int64(r.MerchantID), int64(r.ID), r.Name, int64(r.Position), r.Active, encodeCondition(r.Condition), encode(targets),
		r.Requires3DS)
}

// DropPlan implements routing.Tx.
func (t *tx) DropPlan(p installment.Plan) {
	t.drop(`DELETE FROM plan WHERE merchant_id = $1 AND id = $2 AND version = $3`, int64(p.MerchantID), int64(p.ID), int64(p.Version))
}

func (t *tx) drop(sql string, args ...any) {
	t.batch = append(t.batch, storage.Statement{SQL: sql, Args: args, Rows: 1, Missed: fault.StaleVersion})
	t.configured = true
}

// DropRule implements routing.Tx.
func (t *tx) DropRule(r routing.Rule) {
	t.drop(`DELETE FROM routing_rule WHERE merchant_id = $1 AND id = $2 AND version = $3`, int64(r.MerchantID), int64(r.ID), int64(r.Version))
}

func encodeCondition(c routing.Condition) string {
	doc := conditionDoc{
		MinAmount: docOfAmount(c.MinAmount), MaxAmount: docOfAmount(c.MaxAmount),
		BINs: c.BINs, BankCodes: c.BankCodes, Programs: c.Programs, Schemes: c.Schemes, Types: c.Types,
		Domestic: c.Domestic, FromMinute: c.FromMinute, UntilMinute: c.UntilMinute,
	}
	for _, currency := range c.Currencies {
		doc.Currencies = append(doc.Currencies, currency.String())
	}
	return encode(&doc)
}

func decodeCondition(text string) (routing.Condition, error) {
	var doc conditionDoc
	if err := decode(text, &doc); err != nil {
		return routing.Condition{}, err
	}
	c := routing.Condition{
		BINs: doc.BINs, BankCodes: doc.BankCodes, Programs: doc.Programs, Schemes: doc.Schemes, Types: doc.Types,
		Domestic: doc.Domestic, FromMinute: doc.FromMinute, UntilMinute: doc.UntilMinute,
	}
	for _, code := range doc.Currencies {
		currency, err := currencyOf(code)
		if err != nil {
			return c, err
		}
		c.Currencies = append(c.Currencies, currency)
	}
	var err error
	if c.MinAmount, err = doc.MinAmount.amount(); err != nil {
		return c, err
	}
	c.MaxAmount, err = doc.MaxAmount.amount()
	return c, err
}

// docOfAmount returns nil for the zero Amount, which is no bound.
func docOfAmount(a money.Amount) *amountDoc {
	if a == (money.Amount{}) {
		return nil
	}
	return &amountDoc{Minor: a.Minor(), Currency: a.Currency().String()}
}

func (d *amountDoc) amount() (money.Amount, error) {
	if d == nil {
		return money.Amount{}, nil
	}
	currency, err := currencyOf(d.Currency)
	return money.FromMinor(d.Minor, currency), err
}

func readRule(s storage.Scanner) (routing.Rule, error) {
	var (
		r                           routing.Rule
		owner, n, position, version int64
		condition, targets          string
	)
	if err := s.Scan(&owner, &n, &r.Name, &position, &r.Active, &condition, &targets, &r.Requires3DS, &version); err != nil {
		return r, err
	}
	r.MerchantID, r.ID, r.Position = id.Merchant(owner), id.Rule(n), int(position)
	r.Version = int(version)
	var err error
	if r.Condition, err = decodeCondition(condition); err != nil {
		return r, err
	}
	var docs []targetDoc
	if err := decode(targets, &docs); err != nil {
		return r, err
	}
	for _, d := range docs {
		r.Targets = append(r.Targets, routing.Target{POSID: id.POS(d.POSID), Weight: d.Weight})
	}
	return r, nil
}
