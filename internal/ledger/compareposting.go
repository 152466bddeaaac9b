package ledger

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/vezne/vezne/internal/connector"
	"github.com/vezne/vezne/internal/money"
)

// postings holds each posting against its source, and each operation against its
// posting. Those of other sources are the payment's too, but only have to balance:
// their nouns say what they should be.
func (c *comparison) postings() {
	booked := make(map[Source]*Posting, len(c.Postings))
	for i := range c.Postings {
		p := &c.Postings[i]
		if err := balance(p.Entries); err != nil {
			c.tell(PostingUnbalanced, "posting %d: %v", p.ID, err)
		}
		switch first := booked[p.Source]; {
		case !p.Source.known():
			c.tell(PostingUnfounded, "posting %d is of %s", p.ID, p.Source)
		case first != nil:
			c.tell(PostingDoubled, "postings %d and %d are both of %s", first.ID, p.ID, p.Source)
		default:
			booked[p.Source] = p
		}
	}
	c.bookings(booked)
}

// bookings holds the operations against their postings, one of each.
func (c *comparison) bookings(booked map[Source]*Posting) {
	var refunds []Entry
	missing := false
	for i := range c.Operations {
		o := &c.Operations[i]
		p := booked[OperationApproved(o.ID)]
		delete(booked, OperationApproved(o.ID))
		want, moved := c.moved(o)
		switch {
		case moved && p == nil:
			missing = true
			c.tell(PostingMissing, "%s operation %d is approved and not booked", o.Kind, o.ID)
		case moved:
			c.onePosting(p, o, want)
			if o.Kind == connector.Refund {
				refunds = append(refunds, p.Entries...)
			}
		case p != nil:
			c.tell(PostingUnfounded, "posting %d books %s operation %d, which is %s and moved nothing", p.ID, o.Kind, o.ID, o.Status)
		}
	}
	for i := range c.Postings { // in order, unlike the map
		if p := &c.Postings[i]; p.Source.Kind == OfOperation && booked[p.Source] == p {
			c.tell(PostingUnfounded, "posting %d books operation %d, which is not the payment's", p.ID, p.Source.Operation())
		}
	}
	if !missing {
		c.allRefunds(refunds)
	}
}

// onePosting holds a posting against the operation that it books.
func (c *comparison) onePosting(p *Posting, o *Operation, want Movement) {
	if !p.At.Equal(o.ResultAt) {
		c.tell(PostingDiffers, "posting %d is of another time than operation %d", p.ID, o.ID)
	}
	if o.Kind == connector.Refund {
		c.oneRefund(p, o)
		return
	}
	if got, want := sumUp(p.Entries), sumUp(want.EntriesOn(c.Debited(c.POSID, c.Buyer))); !slices.Equal(got, want) {
		c.tell(PostingDiffers, "posting %d books %s, operation %d makes it %s", p.ID, text(got), o.ID, text(want))
	}
}

// oneRefund holds that the bank, or the wallet, gives exactly what the payer gets. How that
// divides into interest and commission depends on the refunds before, so that all
// of them are held against the whole by allRefunds.
func (c *comparison) oneRefund(p *Posting, o *Operation) {
	bank := money.Zero(o.Amount.Currency())
	for _, e := range p.Entries {
		if e.Account.OfBank() || e.Account.OfWallet() {
			bank = bank.Add(e.Amount)
		}
	}
	if bank != o.Amount.Neg() {
		c.tell(PostingDiffers, "posting %d books %s at the bank or the wallet, operation %d refunds %s",
			p.ID, bank, o.ID, o.Amount)
	}
}

// allRefunds holds the postings of all refunds against what all of them give back.
func (c *comparison) allRefunds(entries []Entry) {
	if c.given.IsZero() || c.given.Cmp(c.taken) > 0 {
		return // nothing, or more than there was, which SumDiffers and StateDiffers tell
	}
	got, want := sumUp(entries), sumUp(c.Given(c.taken, c.given).Neg().EntriesOn(c.Debited(c.POSID, c.Buyer)))
	if !slices.Equal(got, want) {
		c.tell(PostingDiffers, "refunds are booked as %s, and make it %s", text(got), text(want))
	}
}

// sumUp returns one entry for each account that is not at zero, by account.
func sumUp(entries []Entry) []Entry {
	sorted := slices.Clone(entries)
	slices.SortStableFunc(sorted, func(a, b Entry) int { return cmp.Compare(a.Account, b.Account) })
	all := sorted[:0]
	for _, e := range sorted {
		if n := len(all); n > 0 && all[n-1].Account == e.Account {
			all[n-1].Amount = all[n-1].Amount.Add(e.Amount)
			continue
		}
		all = append(all, e)
	}
	return slices.DeleteFunc(all, func(e Entry) bool { return e.Amount.IsZero() })
}

// text returns entries for a person.
func text(entries []Entry) string {
	parts := make([]string, len(entries))
	for i, e := range entries {
		parts[i] = fmt.Sprintf("%s %s", e.Account, e.Amount)
	}
	return strings.Join(parts, ", ")
}
