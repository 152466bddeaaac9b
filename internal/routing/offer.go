package routing

import (
	"slices"

	"github.com/vezne/vezne/internal/connector"
	"github.com/vezne/vezne/internal/id"
	"github.com/vezne/vezne/internal/installment"
)

// Option is a count of installments that a card may have, and what it costs.
type Option struct {
	POSID id.POS
	Price installment.Price
	// ThreeDS is why the card is charged so with 3-D Secure alone; empty if some
	// POS of the same price takes it without.
	ThreeDS connector.Reason
}

// Terms says which options are wanted.
type Terms struct {
	Payer installment.InterestPayer
	// MaxCount is the highest count wanted; zero means all.
	MaxCount int
}

// Offer returns the installments that the payment may have, counts ascending
// from 2, each once. A count is priced at the POS that Decide would try first,
// so that what is offered is what will be charged (reference of the gateway API,
// section 12.12). Request.Installments has no meaning here.
func Offer(t Table, r Request, terms Terms, healthy func(id.POS) bool) []Option {
	var options []Option
	for _, count := range counts(t.Plans, &r, terms.MaxCount) {
		r.Installments = count
		decision := Decide(t, r, healthy)
		if len(decision.Candidates) == 0 {
			continue
		}
		best := &decision.Candidates[0]
		options = append(options, Option{
			POSID: best.POS.ID, Price: best.Plan.Price(r.Amount, terms.Payer),
			ThreeDS: forced(decision.Candidates, r.Amount, terms.Payer),
		})
	}
	return options
}

// counts returns the counts above one of the plans that may apply to the card.
func counts(plans []installment.Plan, r *Request, most int) []int {
	var found []int
	for i := range plans {
		p := &plans[i]
		if !p.Active || p.Count < 2 || (most > 0 && p.Count > most) {
			continue
		}
		if p.Program != installment.AnyProgram &&
			p.Program != installment.ProgramOf(r.BIN, p.Count, r.Amount.Currency()) {
			continue
		}
		if !slices.Contains(found, p.Count) {
			found = append(found, p.Count)
		}
	}
	slices.Sort(found)
	return found
}
