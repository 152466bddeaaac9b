package sqlstore

import (
	"fmt"

	"github.com/go-json-experiment/json"

	"github.com/vezne/vezne/internal/card"
	"github.com/vezne/vezne/internal/connector"
	"github.com/vezne/vezne/internal/id"
	"github.com/vezne/vezne/internal/money"
	"github.com/vezne/vezne/internal/payment"
	"github.com/vezne/vezne/internal/pos"
	"github.com/vezne/vezne/internal/routing"
)

// encode returns the stored document of v, one of this package's own types.
func encode(v any) string {
	b, err := json.Marshal(v)
	if err != nil {
		panic("sqlstore: " + err.Error()) // the types hold nothing that cannot be written
	}
	return string(b)
}

// decode reads a stored document.
func decode(text string, v any) error {
	if err := json.Unmarshal([]byte(text), v); err != nil {
		return fmt.Errorf("read document: %w", err)
	}
	return nil
}

// documentSize is room for the documents of most payments.
const documentSize = 512

// instrumentDoc is a payment.Instrument as it is stored.
type instrumentDoc struct {
	Masked      string `json:"masked,omitzero"`
	BIN         string `json:"bin,omitzero"`
	Last4       string `json:"last4,omitzero"`
	Holder      string `json:"holder,omitzero"`
	Fingerprint string `json:"fingerprint,omitzero"`
	Bank        string `json:"bank,omitzero"`
	Scheme      string `json:"scheme,omitzero"`
	Type        string `json:"type,omitzero"`
	Program     string `json:"program,omitzero"`
	Brand       string `json:"brand,omitzero"`
	Commercial  bool   `json:"commercial,omitzero"`
	Known       bool   `json:"known,omitzero"`
	Domestic    bool   `json:"domestic,omitzero"`
	CardID      int64  `json:"card_id,omitzero"`
}

func putInstrument(p *payment.Payment) string {
	c := &p.Card
	o := make(object, 0, documentSize).begin()
	o = o.text("masked", c.Masked).text("bin", c.BIN).text("last4", c.Last4).text("holder", c.Holder)
	o = o.text("fingerprint", c.Fingerprint).text("bank", c.Bank).text("scheme", string(c.Scheme)).text("type", string(c.Type))
	o = o.text("program", c.Program).text("brand", c.Brand)
	o = o.flag("commercial", c.Commercial).flag("known", c.Known).flag("domestic", c.Domestic).number("card_id", int64(c.CardID))
	return string(o.end())
}

func takeInstrument(p *payment.Payment, text string) error {
	var d instrumentDoc
	err := decode(text, &d)
	p.Card = payment.Instrument{
		Masked: d.Masked, BIN: d.BIN, Last4: d.Last4, Holder: d.Holder, Fingerprint: d.Fingerprint, Bank: d.Bank,
		Scheme: card.Scheme(d.Scheme), Type: card.Type(d.Type), Program: d.Program, Brand: d.Brand,
		Commercial: d.Commercial, Known: d.Known, Domestic: d.Domestic, CardID: id.Card(d.CardID),
	}
	return err
}

// decisionDoc is a routing.Decision as it is stored: of each POS and plan what
// tells which one it was and what it offered, and never a POS's settings.
type decisionDoc struct {
	Candidates []candidateDoc `json:"candidates,omitempty"`
	Rejected   []rejectionDoc `json:"rejected,omitempty"`
	RuleID     int64          `json:"rule_id,omitzero"`
	RuleName   string         `json:"rule_name,omitzero"`
}

type candidateDoc struct {
	POSID          int64  `json:"pos_id"`
	Alias          string `json:"alias"`
	Name           string `json:"name,omitzero"`
	BankCode       string `json:"bank_code,omitzero"`
	Connector      string `json:"connector,omitzero"`
	PlanID         int64  `json:"plan_id,omitzero"`
	Program        string `json:"program,omitzero"`
	Count          int    `json:"count,omitzero"`
	CommissionRate int64  `json:"commission_rate,omitzero"`
	CustomerRate   int64  `json:"customer_rate,omitzero"`
	Reason         string `json:"reason"`
	ThreeDS        string `json:"three_ds,omitzero"`
}

type rejectionDoc struct {
	POSID  int64  `json:"pos_id"`
	Alias  string `json:"alias"`
	Reason string `json:"reason"`
}

func putDecision(p *payment.Payment) string {
	d := &p.Routing
	o := make(object, 0, documentSize).begin()
	if len(d.Candidates) > 0 {
		o = append(o.name("candidates"), '[')
		for i := range d.Candidates {
			o = o.begin().candidate(&d.Candidates[i]).end()
		}
		o = append(o, ']')
	}
	if len(d.Rejected) > 0 {
		o = append(o.name("rejected"), '[')
		for _, r := range d.Rejected {
			o = o.begin().number("pos_id", int64(r.POSID)).text("alias", r.Alias).text("reason", string(r.Reason)).end()
		}
		o = append(o, ']')
	}
	return string(o.number("rule_id", int64(d.RuleID)).text("rule_name", d.RuleName).end())
}

func (o object) candidate(c *routing.Candidate) object {
	o = o.number("pos_id", int64(c.POS.ID)).text("alias", c.POS.Alias).text("name", c.POS.Name)
	o = o.text("bank_code", c.POS.BankCode).text("connector", c.POS.Connector)
	o = o.number("plan_id", int64(c.Plan.ID)).text("program", c.Plan.Program).number("count", int64(c.Plan.Count))
	o = o.number("commission_rate", int64(c.Plan.CommissionRate)).number("customer_rate", int64(c.Plan.CustomerRate))
	return o.text("reason", string(c.Reason)).text("three_ds", string(c.ThreeDS))
}

// takeDecision makes a decision whose POSes and plans have only the members that
// candidateDoc keeps.
func takeDecision(p *payment.Payment, text string) error {
	var doc decisionDoc
	if err := decode(text, &doc); err != nil {
		return err
	}
	d := routing.Decision{RuleID: id.Rule(doc.RuleID), RuleName: doc.RuleName}
	for _, c := range doc.Candidates {
		candidate := routing.Candidate{
			POS:    pos.POS{ID: id.POS(c.POSID), Alias: c.Alias, Name: c.Name, BankCode: c.BankCode, Connector: c.Connector},
			Reason: routing.Reason(c.Reason), ThreeDS: connector.Reason(c.ThreeDS),
		}
		candidate.Plan.ID, candidate.Plan.POSID = id.Plan(c.PlanID), id.POS(c.POSID)
		candidate.Plan.Program, candidate.Plan.Count = c.Program, c.Count
		candidate.Plan.CommissionRate, candidate.Plan.CustomerRate = money.Rate(c.CommissionRate), money.Rate(c.CustomerRate)
		d.Candidates = append(d.Candidates, candidate)
	}
	for _, r := range doc.Rejected {
		d.Rejected = append(d.Rejected, routing.Rejection{
			POSID: id.POS(r.POSID), Alias: r.Alias, Reason: routing.Reason(r.Reason),
		})
	}
	p.Routing = d
	return nil
}
