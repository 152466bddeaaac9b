package sqlstore

import (
	"github.com/vezne/vezne/internal/card"
	"github.com/vezne/vezne/internal/id"
	"github.com/vezne/vezne/internal/money"
	"github.com/vezne/vezne/internal/routing"
)

var ruleTable = newTable(&table[routing.Rule]{
	name: "routing_rule",
	keys: []column[routing.Rule]{
		number("merchant_id", func(r *routing.Rule) *id.Merchant { return &r.MerchantID }),
		number("id", func(r *routing.Rule) *id.Rule { return &r.ID }),
	},
	version: func(r *routing.Rule) *int { return &r.Version },
	changing: []column[routing.Rule]{
		text("name", func(r *routing.Rule) *string { return &r.Name }),
		number("position", func(r *routing.Rule) *int { return &r.Position }),
		flag("active", func(r *routing.Rule) *bool { return &r.Active }),
		textOf("condition", putCondition, takeCondition),
		textOf("targets", putTargets, takeTargets),
		flag("requires_3ds", func(r *routing.Rule) *bool { return &r.Requires3DS }),
	},
})

var (
	ruleEdits = editsOf(ruleTable)
	rulesOf   = ruleTable.selecting("WHERE merchant_id = $1 ORDER BY position, id")
	dropRule  = ruleTable.deletion()
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
func (t *tx) SaveRule(r routing.Rule) { ruleEdits.save(t, r) }

// DropRule implements routing.Tx.
func (t *tx) DropRule(r routing.Rule) {
	t.expect(dropRule, ruleTable.naming(r)...)
	t.configured = true
}

func putTargets(r *routing.Rule) string {
	targets := make([]targetDoc, 0, len(r.Targets))
	for _, target := range r.Targets {
		targets = append(targets, targetDoc{POSID: int64(target.POSID), Weight: target.Weight})
	}
	return encode(targets)
}

func takeTargets(r *routing.Rule, text string) error {
	var docs []targetDoc
	if err := decode(text, &docs); err != nil {
		return err
	}
	for _, d := range docs {
		r.Targets = append(r.Targets, routing.Target{POSID: id.POS(d.POSID), Weight: d.Weight})
	}
	return nil
}

func putCondition(r *routing.Rule) string {
	c := &r.Condition
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

func takeCondition(r *routing.Rule, text string) error {
	var doc conditionDoc
	if err := decode(text, &doc); err != nil {
		return err
	}
	c := &r.Condition
	*c = routing.Condition{
		BINs: doc.BINs, BankCodes: doc.BankCodes, Programs: doc.Programs, Schemes: doc.Schemes, Types: doc.Types,
		Domestic: doc.Domestic, FromMinute: doc.FromMinute, UntilMinute: doc.UntilMinute,
	}
	for _, code := range doc.Currencies {
		currency, err := currencyOf(code)
		if err != nil {
			return err
		}
		c.Currencies = append(c.Currencies, currency)
	}
	var err error
	if c.MinAmount, err = doc.MinAmount.amount(); err != nil {
		return err
	}
	c.MaxAmount, err = doc.MaxAmount.amount()
	return err
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
