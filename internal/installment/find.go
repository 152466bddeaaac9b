package installment

import (
	"time"

	"github.com/vezne/vezne/internal/bin"
	"github.com/vezne/vezne/internal/card"
	"github.com/vezne/vezne/internal/id"
	"github.com/vezne/vezne/internal/money"
)

// Query asks for the plan of one payment at one POS.
type Query struct {
	POSID id.POS
	// Program is what ProgramOf says of the card; AnyProgram finds only plans
	// that apply to every card.
	Program string
	Count   int
	Amount  money.Amount // before interest
	At      time.Time
}

// ProgramOf returns the program whose plans a card may have for a count and a
// currency; info is nil for an unknown card. A single payment may use the plan of
// any card's program. Installments are an agreement of Turkish banks on credit
// in lira: debit, prepaid, foreign and unknown cards, and other currencies, have
// none of a program's. A POS that grants them installments all the same says so
// by a plan of AnyProgram with that count.
func ProgramOf(info *bin.Info, count int, c money.Currency) string {
	if info == nil {
		return AnyProgram
	}
	if count > 1 && (info.Type != card.Credit || !info.Domestic || c != money.TRY) {
		return AnyProgram
	}
	return info.Program
}

// Find returns the plan that answers the query: one of its very program if there
// is any, else one of AnyProgram; of equals the first. Inactive plans, plans out
// of their time, and plans whose bounds the amount is outside of, do not count.
func Find(plans []Plan, q Query) (Plan, bool) {
	if i := find(plans, &q); i >= 0 {
		return plans[i], true
	}
	return Plan{}, false
}

// find returns the place of the plan, -1 if there is none.
func find(plans []Plan, q *Query) int {
	general := -1
	for i := range plans {
		p := &plans[i]
		if p.POSID != q.POSID || p.Count != q.Count {
			continue
		}
		exact := p.Program == q.Program
		if (!exact && (p.Program != AnyProgram || general >= 0)) || !allows(p, q) {
			continue
		}
		if exact {
			return i
		}
		general = i
	}
	return general
}

// allows reports whether the plan is in use at the time and within its bounds
// for the amount, of which there must be something in every installment. A bound in
// another currency is not met.
func allows(p *Plan, q *Query) bool {
	return p.Active && q.Amount.Minor() >= int64(p.Count) &&
		(p.ValidFrom.IsZero() || !q.At.Before(p.ValidFrom)) &&
		(p.ValidUntil.IsZero() || q.At.Before(p.ValidUntil)) &&
		(p.MinAmount.IsZero() || (sameCurrency(p.MinAmount, q.Amount) && p.MinAmount.Cmp(q.Amount) <= 0)) &&
		(p.MaxAmount.IsZero() || (sameCurrency(p.MaxAmount, q.Amount) && p.MaxAmount.Cmp(q.Amount) >= 0))
}

func sameCurrency(a, b money.Amount) bool { return a.Currency() == b.Currency() }
