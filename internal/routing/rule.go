package routing

import (
	"math/bits"
	"slices"
	"strings"

	"github.com/vezne/vezne/internal/bin"
	"github.com/vezne/vezne/internal/installment"
	"github.com/vezne/vezne/internal/money"
	"github.com/vezne/vezne/internal/pos"
)

// ordering returns the first active rule that is about the payment and decides in
// which order POSes are tried, nil if none does.
func ordering(rules []Rule, r *Request) *Rule {
	for i := range rules {
		if (len(rules[i].Targets) > 0 || !rules[i].Requires3DS) && rules[i].matches(r) {
			return &rules[i]
		}
	}
	return nil
}

func (r *Rule) matches(q *Request) bool { return r.Active && r.Condition.matches(q) }

// Check refuses with fault.ValidationError a condition that matches nothing,
// because no amount is between its bounds.
func (c Condition) Check() error {
	if err := installment.CheckBounds(c.MinAmount, c.MaxAmount); err != nil {
		return err
	}
	return nil
}

// Matches reports whether the condition is about the payment. Amount bounds are
// inclusive and bind amounts in their own currency alone: an amount in another
// one does not match. Nothing said about the card matches an unknown BIN.
func (c Condition) Matches(r Request) bool { return c.matches(&r) }

func (c *Condition) matches(r *Request) bool {
	return c.matchesAmount(r.Amount) && c.matchesMinute(r) && c.matchesDigits(r.BINDigits) && c.matchesCard(r.BIN)
}

func (c *Condition) matchesAmount(a money.Amount) bool {
	if !c.MinAmount.IsZero() && (c.MinAmount.Currency() != a.Currency() || a.Cmp(c.MinAmount) < 0) {
		return false
	}
	if !c.MaxAmount.IsZero() && (c.MaxAmount.Currency() != a.Currency() || a.Cmp(c.MaxAmount) > 0) {
		return false
	}
	return len(c.Currencies) == 0 || slices.Contains(c.Currencies, a.Currency())
}

func (c *Condition) matchesMinute(r *Request) bool {
	if c.FromMinute == c.UntilMinute {
		return true
	}
	at := r.At.UTC()
	minute := at.Hour()*60 + at.Minute()
	if c.FromMinute < c.UntilMinute {
		return minute >= c.FromMinute && minute < c.UntilMinute
	}
	return minute >= c.FromMinute || minute < c.UntilMinute
}

func (c *Condition) matchesDigits(digits string) bool {
	for _, prefix := range c.BINs {
		if strings.HasPrefix(digits, prefix) {
			return true
		}
	}
	return len(c.BINs) == 0
}

func (c *Condition) matchesCard(info *bin.Info) bool {
	if info == nil {
		return len(c.BankCodes) == 0 && len(c.Programs) == 0 && len(c.Schemes) == 0 &&
			len(c.Types) == 0 && c.Domestic == nil
	}
	return in(c.BankCodes, info.BankCode) && in(c.Programs, info.Program) && in(c.Schemes, info.Scheme) &&
		in(c.Types, info.Type) && (c.Domestic == nil || *c.Domestic == info.Domestic)
}

// in reports whether v is one of the allowed values; none means all.
func in[T comparable](allowed []T, v T) bool {
	return len(allowed) == 0 || slices.Contains(allowed, v)
}

// rank gives each entry its place among the rule's targets. With weights, one of
// the healthy targets is drawn to be the first: a POS that would go last anyway
// must not swallow the others' shares.
func rank(entries []entry, poses []pos.POS, targets []Target, draw uint32) {
	for i := range entries {
		e := &entries[i]
		place := slices.IndexFunc(targets, func(t Target) bool { return t.POSID == poses[e.place].ID })
		if place >= 0 {
			e.rule = place
		}
	}
	if drawn := drawn(entries, targets, draw); drawn != nil {
		drawn.rule = -1
	}
}

// drawn returns the entry that the draw falls on, nil if no target has a weight.
func drawn(entries []entry, targets []Target, draw uint32) *entry {
	var total uint64
	for i := range entries {
		total += weight(&entries[i], targets)
	}
	// The high half of draw/2^32 × total, which is below total.
	point, _ := bits.Mul64(uint64(draw)<<32, total)
	for i := range entries {
		w := weight(&entries[i], targets)
		if point < w {
			return &entries[i]
		}
		point -= w
	}
	return nil
}

func weight(e *entry, targets []Target) uint64 {
	if e.rule == noRule || !e.healthy {
		return 0
	}
	return uint64(max(targets[e.rule].Weight, 0))
}
