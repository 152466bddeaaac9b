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
	return encode(&instrumentDoc{
		Masked: c.Masked, BIN: c.BIN, Last4: c.Last4, Holder: c.Holder, Fingerprint: c.Fingerprint, Bank: c.Bank,
		Scheme: string(c.Scheme), Type: string(c.Type), Program: c.Program, Brand: c.Brand,
		Commercial: c.Commercial, Known: c.Known, Domestic: c.Domestic, CardID: int64(c.CardID),
	})
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
	doc := decisionDoc{RuleID: int64(d.RuleID), RuleName: d.RuleName}
	for i := range d.Candidates {
		c := &d.Candidates[i]
		doc.Candidates = append(doc.Candidates, candidateDoc{
			POSID: int64(c.POS.ID), Alias: c.POS.Alias, Name: c.POS.Name, BankCode: c.POS.BankCode, Connector: c.POS.Connector,
			PlanID: int64(c.Plan.ID), Program: c.Plan.Program, Count: c.Plan.Count,
			CommissionRate: int64(c.Plan.CommissionRate), CustomerRate: int64(c.Plan.CustomerRate), Reason: string(c.Reason),
			ThreeDS: string(c.ThreeDS),
		})
	}
	for _, r := range d.Rejected {
		doc.Rejected = append(doc.Rejected, rejectionDoc{POSID: int64(r.POSID), Alias: r.Alias, Reason: string(r.Reason)})
	}
	return encode(&doc)
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
