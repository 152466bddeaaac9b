// Package routing decides which POSes a payment is offered to, in which order,
// and keeps the reasons so that anyone can ask "why this POS".
package routing

import (
	"slices"
	"time"

	"github.com/vezne/vezne/internal/bin"
	"github.com/vezne/vezne/internal/card"
	"github.com/vezne/vezne/internal/connector"
	"github.com/vezne/vezne/internal/fault"
	"github.com/vezne/vezne/internal/id"
	"github.com/vezne/vezne/internal/installment"
	"github.com/vezne/vezne/internal/money"
	"github.com/vezne/vezne/internal/pos"
)

// Rule sends matching payments to the POSes it names, in its own order or by
// weight. Rules are tried by Position; the first that matches decides.
type Rule struct {
	ID         id.Rule
	MerchantID id.Merchant
	// Version grows with every change.
	Version   int
	Name      string
	Position  int
	Active    bool
	Condition Condition
	// Requires3DS says that matching payments are charged with 3-D Secure alone,
	// whichever rule decides about their order. A rule that requires it and names
	// no target leaves the order to the rules after it.
	Requires3DS bool
	// Targets are POSes in order of preference. When weights are set, the first
	// is drawn in proportion to them and the others follow in order.
	Targets []Target
}

// Target is a POS that a rule prefers; Weight zero means "by order".
type Target struct {
	POSID  id.POS
	Weight int
}

// Condition says which payments a rule is about. An empty member matches all.
type Condition struct {
	MinAmount  money.Amount
	MaxAmount  money.Amount
	Currencies []money.Currency
	BINs       []string // prefixes
	BankCodes  []string
	Programs   []string
	Schemes    []card.Scheme
	Types      []card.Type
	Domestic   *bool
	// FromMinute and UntilMinute bound the minute of the day in UTC, the end
	// excluded; equal values mean all day, and a window may pass midnight.
	FromMinute  int
	UntilMinute int
}

// Table is everything that routing knows about a merchant. It is read-only.
type Table struct {
	// ThreeDS says which cards the merchant charges with 3-D Secure alone.
	ThreeDS pos.ThreeDS
	POSes   []pos.POS
	Plans   []installment.Plan
	Rules   []Rule
}

// CheckCurrency refuses with fault.UnsupportedCurrency what no POS could ever take.
func (t *Table) CheckCurrency(c money.Currency) error {
	for i := range t.POSes {
		if t.POSes[i].Takes(c) {
			return nil
		}
	}
	e := fault.Validation(fault.Field{Name: "currency", Code: fault.FieldInvalid, Message: "no POS takes " + c.String()})
	e.Code = fault.UnsupportedCurrency
	return e
}

// Request is the payment to be routed.
type Request struct {
	Amount       money.Amount // before interest
	Installments int
	BINDigits    string    // the leading digits, for BIN conditions
	BIN          *bin.Info // nil when unknown
	// POSAlias asks for one POS and no other; empty leaves the choice to us.
	POSAlias string
	At       time.Time
	// Seed is a number from 0 to 2^32-1 by which weighted rules choose.
	Seed uint32
}

// Decision is the outcome of routing: POSes in order of trial and, for the
// record, why each other POS was left out.
type Decision struct {
	Candidates []Candidate
	Rejected   []Rejection
	RuleID     id.Rule // zero when no rule matched
	RuleName   string
}

// Candidate is a POS that may be tried, with the plan that prices it there.
type Candidate struct {
	POS    pos.POS
	Plan   installment.Plan
	Reason Reason
	// ThreeDS is why the card is charged here with 3-D Secure alone: Requires3DS,
	// or DebitCardsRequires3DS if a credit card would not need it. Empty if it may
	// be charged without.
	ThreeDS connector.Reason
}

// Reason says why a POS stands where it stands.
type Reason string

// Why a POS was chosen.
const (
	Requested   Reason = "requested"    // the caller named it
	OnUs        Reason = "on_us"        // the card's program is the POS's own
	ByRule      Reason = "rule"         // a rule named it
	ByPriority  Reason = "priority"     // nothing else decided
	BreakerOpen Reason = "breaker_open" // moved to the end: the bank is failing
)

// Why a POS was left out.
const (
	NotActive      Reason = "not_active"
	OtherCurrency  Reason = "currency"
	NoForeignCards Reason = "no_foreign_cards"
	NoDomestic     Reason = "no_domestic_cards"
	NoPlan         Reason = "no_plan"
	NoHolds        Reason = "no_holds" // the bank captures nothing later
	NotRequested   Reason = "not_requested"
	// Needs3DS: the payment came without 3-D Secure, and may not be taken so here.
	Needs3DS Reason = "requires_3ds"
)

// Rejection is a POS that was left out and why.
type Rejection struct {
	POSID  id.POS
	Alias  string
	Reason Reason
}

// Keeping returns the decision with the candidates that are able to take the payment;
// the others are rejected for the reason.
func (d Decision) Keeping(able func(pos.POS) bool, otherwise Reason) Decision {
	unable := func(c Candidate) bool { return !able(c.POS) }
	if !slices.ContainsFunc(d.Candidates, unable) {
		return d
	}
	all := d.Candidates
	d.Candidates = slices.DeleteFunc(slices.Clone(all), unable)
	d.Rejected = slices.Clone(d.Rejected)
	for _, c := range all {
		if unable(c) {
			d.Rejected = append(d.Rejected, Rejection{POSID: c.POS.ID, Alias: c.POS.Alias, Reason: otherwise})
		}
	}
	return d
}
