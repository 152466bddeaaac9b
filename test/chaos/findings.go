package chaos

import (
	"fmt"
	"maps"
	"slices"
)

// findings is what was found at the end: the facts, and everything that is wrong
// with them.
type findings struct {
	bank     map[string]bankRow
	list     map[string]listed
	payments map[string]detail
	// queue holds the operations that wait for a person.
	queue map[int64]bool
	// hurry leaves alone what is unfinished.
	hurry bool
	// later says that the time of everything unfinished is over.
	later bool
	wrong []string
}

func (f *findings) add(format string, args ...any) {
	f.wrong = append(f.wrong, fmt.Sprintf(format, args...))
}

// owner returns the payment that has an operation of each reference.
func (f *findings) owners() map[string]string {
	owners := make(map[string]string)
	for id, d := range f.payments {
		for _, o := range d.Operations {
			owners[o.Reference] = id
		}
	}
	return owners
}

// checkAll holds everything against everything. It returns what is wrong, and
// the payments that it is wrong with, as far as it can tell.
func (f *findings) checkAll() (wrong []string, with map[string]bool) {
	fresh := findings{bank: f.bank, list: f.list, payments: f.payments, queue: f.queue, hurry: f.hurry, later: f.later}
	with = make(map[string]bool)
	for _, id := range slices.Sorted(maps.Keys(f.payments)) {
		before := len(fresh.wrong)
		fresh.checkPayment(f.payments[id])
		if len(fresh.wrong) > before {
			with[id] = true
		}
	}
	owners := f.owners()
	for _, reference := range slices.Sorted(maps.Keys(f.bank)) {
		if owners[reference] != "" {
			continue
		}
		r := f.bank[reference]
		fresh.add("the bank has a %s of %s %s (%s, original %q) that no operation knows", r.Kind, r.Amount, r.Currency, reference, r.Original)
		if id := owners[r.Original]; id != "" {
			with[id] = true
		}
	}
	return fresh.wrong, with
}

// checkPayment holds a payment against the bank, against its place in the list,
// and its own members against each other.
func (f *findings) checkPayment(d detail) {
	if d.waiting() {
		if f.later {
			f.add("payment %s is still %s: %+v", d.UUID, d.State, d.Operations)
		}
		return
	}
	if unfinished := d.unfinished(); len(unfinished) > 0 {
		if !f.hurry {
			f.add("payment %s is unfinished (%s): %+v", d.UUID, d.State, unfinished)
		}
		return
	}
	undone := make(map[string]bool) // references that an approved void is about
	for _, o := range d.Operations {
		if o.Kind == kindVoid && o.approved() {
			undone[o.original()] = true
		}
	}
	sums := f.sums(d, undone)
	for _, o := range d.Operations {
		f.checkOperation(d, o, undone)
	}
	if state := sums.state(); d.State != state {
		f.add("payment %s is %s, but its operations make it %s: %+v", d.UUID, d.State, state, d.Operations)
	}
	for _, m := range []struct {
		name      string
		got, want int64
	}{
		{"authorized", signed(d.Authorized), sums.authorized},
		{"captured", signed(d.Captured), sums.captured},
		{"refunded", signed(d.Refunded), sums.refunded},
		{"refunding", signed(d.Refunding), 0},
	} {
		if m.got != m.want {
			f.add("payment %s has %s %s, its operations say %s", d.UUID, m.name, decimal(m.got), decimal(m.want))
		}
	}
	if d.OpenAsk != nil {
		f.add("payment %s waits for operation %d", d.UUID, *d.OpenAsk)
	}
	f.checkLedger(d, sums)
	f.checkList(d, sums)
}

// waiting reports whether the payment waits for its payer, or for the merchant to
// complete it. At a "3D pay" bank it may be charged already, and is undone if
// nobody completes it.
func (d detail) waiting() bool { return d.State == "enrolled" || d.State == "authenticated" }

// unfinished returns the operations whose outcome is not known yet.
func (d detail) unfinished() []operation {
	return slices.DeleteFunc(slices.Clone(d.Operations), func(o operation) bool {
		return slices.Contains([]string{"approved", "declined", "unsent", "reversed"}, o.Status)
	})
}

// sums is what the approved operations of a payment add up to.
type sums struct {
	charges                        int
	authorized, captured, refunded int64
	voided                         bool
}

func (f *findings) sums(d detail, undone map[string]bool) sums {
	var s sums
	for _, o := range d.Operations {
		if !o.approved() {
			continue
		}
		amount := signed(o.Amount)
		switch o.Kind {
		case kindSale:
			s.charges++
			s.captured += amount
			s.voided = s.voided || undone[o.Reference]
		case kindAuthorize:
			s.charges++
			s.authorized += amount
			s.voided = s.voided || undone[o.Reference]
		case kindCapture:
			s.captured += amount
		case kindRefund:
			s.refunded += amount
		case kindVoid, kindEnrol, kindCheckout:
		}
	}
	if s.charges > 1 {
		f.add("payment %s was charged %d times: %+v", d.UUID, s.charges, d.Operations)
	}
	return s
}

// state is the state that a payment with these sums must have.
func (s sums) state() string {
	switch {
	case s.charges == 0:
		return "declined"
	case s.voided:
		return "voided"
	case s.refunded > 0 && s.refunded == s.captured:
		return "refunded"
	case s.refunded > 0:
		return "partially_refunded"
	case s.captured > 0:
		return "captured"
	}
	return "authorized"
}

// checkOperation holds an operation against the bank's ledger.
func (f *findings) checkOperation(d detail, o operation, undone map[string]bool) {
	r, booked := f.bank[o.Reference]
	stands := o.Status == "approved" || o.Status == "reversed"
	switch {
	case stands && !booked:
		f.add("payment %s: the bank knows nothing of the %s %s %s", d.UUID, o.Status, o.Kind, o.Reference)
		return
	case !stands && booked && f.refusedReversal(d, o):
		return
	case !stands && booked:
		f.add("payment %s: the bank has approved the %s %s %s of %s (%s there): %+v", d.UUID, o.Status, o.Kind, o.Reference, o.Amount, r.Status, d.Operations)
		return
	case !stands:
		return
	}
	if r.Kind != o.Kind || string(r.Amount) != string(o.Amount) || r.Currency != o.Currency || r.Original != o.original() {
		f.add("payment %s: the bank has %+v, and we %+v", d.UUID, r, o)
	}
	// A capture falls with the hold that it belongs to.
	reversed := undone[o.Reference] || (o.Kind == kindCapture && undone[o.original()])
	if reversed != (r.Status == "reversed") {
		f.add("payment %s: %s %s is %s at the bank, and our voids are of %v", d.UUID, o.Kind, o.Reference, r.Status, undone)
	}
	if o.Status == "reversed" && !reversed {
		f.add("payment %s: %s %s is called reversed, and no void of it was approved", d.UUID, o.Kind, o.Reference)
	}
}

// refusedReversal reports whether an operation is a charge of a payment that failed
// which the bank will not take back, and which waits for a person, at the latest
// when the time of everything unfinished is over.
func (f *findings) refusedReversal(d detail, charge operation) bool {
	return charge.Kind.charges() && charge.Status == "declined" && slices.ContainsFunc(d.Operations, func(o operation) bool {
		return o.Kind == kindVoid && o.Status == "declined" && o.original() == charge.Reference && (f.queue[o.ID] || !f.later)
	})
}

// kept reports whether the bank keeps money of a payment that failed, and a person was
// told of it.
func (f *findings) kept(d detail) bool {
	return d.Unclear && slices.ContainsFunc(d.Operations, func(o operation) bool { return f.refusedReversal(d, o) })
}

// checkLedger proves that each posting balances, and that what was sold is what
// the payer paid and did not get back.
func (f *findings) checkLedger(d detail, s sums) {
	postings, sold := make(map[int64]int64), int64(0)
	for _, e := range d.Ledger {
		postings[e.OperationID] += signed(e.Amount)
		if e.Account == "sales" || e.Account == "customer_interest" {
			sold -= signed(e.Amount)
		}
	}
	for id, sum := range postings {
		if sum != 0 {
			f.add("payment %s: the posting of operation %d is off by %d", d.UUID, id, sum)
		}
	}
	kept := s.captured - s.refunded
	if s.voided {
		kept = 0
	}
	if sold != kept {
		f.add("payment %s: the books say that %s was sold, the operations %s", d.UUID, decimal(sold), decimal(kept))
	}
}

// checkList holds a payment against its line in the merchant's list.
func (f *findings) checkList(d detail, s sums) {
	l, there := f.list[d.UUID]
	if !there {
		return // a later page may have been read before it was made
	}
	want := statusSuccess
	switch {
	case f.kept(d): // a person has to give the money back
		want = statusPending
	case s.charges == 0:
		want = statusFailed
	}
	if l.Status != want || l.Voided != s.voided || signed(l.CapturedAmount) != s.captured || signed(l.RefundedAmount) != s.refunded {
		f.add("payment %s is listed as %+v, its operations say %s, %+v", d.UUID, l, want, s)
	}
}
