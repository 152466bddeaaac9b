package routing

import (
	"slices"

	"github.com/vezne/vezne/internal/connector"
	"github.com/vezne/vezne/internal/installment"
	"github.com/vezne/vezne/internal/money"
)

// secure notes at every candidate whether it may be charged without 3-D Secure.
func (d *Decision) secure(t *Table, r *Request) {
	forced := t.ThreeDS.Requires(r.BIN)
	for i := range t.Rules {
		if rule := &t.Rules[i]; rule.Requires3DS && rule.matches(r) {
			forced = connector.Requires3DS
			break
		}
	}
	for i := range d.Candidates {
		c := &d.Candidates[i]
		c.ThreeDS = stricter(forced, c.POS.ThreeDS.Requires(r.BIN))
	}
}

// stricter returns the reason that leaves less.
func stricter(a, b connector.Reason) connector.Reason {
	if a == connector.Requires3DS || b == "" {
		return a
	}
	return b
}

// EquallyPriced keeps the candidates at which the payer would be charged what the
// first one charges: nobody may pay more because a bank was down.
func EquallyPriced(candidates []Candidate, amount money.Amount, payer installment.InterestPayer) []Candidate {
	if len(candidates) == 0 {
		return nil
	}
	total := candidates[0].Plan.Price(amount, payer).Total
	return slices.DeleteFunc(slices.Clone(candidates),
		func(c Candidate) bool { return c.Plan.Price(amount, payer).Total != total })
}

// Direct keeps the candidates that may be charged without 3-D Secure. When that
// leaves none of several, it says why: the reason of the one that would be tried
// first with 3-D Secure.
func Direct(candidates []Candidate) ([]Candidate, connector.Reason) {
	if !slices.ContainsFunc(candidates, needs3DS) {
		return candidates, ""
	}
	kept := slices.DeleteFunc(slices.Clone(candidates), needs3DS)
	if len(kept) == 0 {
		return nil, candidates[0].ThreeDS
	}
	return kept, ""
}

// Direct returns the decision as it is recorded for a payment without 3-D Secure:
// candidates that require it are rejected.
func (d Decision) Direct() Decision {
	if !slices.ContainsFunc(d.Candidates, needs3DS) {
		return d
	}
	all := d.Candidates
	d.Candidates, _ = Direct(all)
	d.Rejected = slices.Clone(d.Rejected)
	for _, c := range all {
		if needs3DS(c) {
			d.Rejected = append(d.Rejected, Rejection{POSID: c.POS.ID, Alias: c.POS.Alias, Reason: Needs3DS})
		}
	}
	return d
}

func needs3DS(c Candidate) bool { return c.ThreeDS != "" }

// forced returns why an offer of the first candidate's price can be had with
// 3-D Secure alone.
func forced(candidates []Candidate, amount money.Amount, payer installment.InterestPayer) connector.Reason {
	if candidates[0].ThreeDS == "" {
		return "" // and nothing was copied, for most offers end here
	}
	_, why := Direct(EquallyPriced(candidates, amount, payer))
	return why
}
