package chaos

import (
	"slices"
)

// aim is what wishes can be told apart by: charges by their order, what follows
// by payment, kind and amount.
type aim struct {
	subject string
	kind    Kind
	amount  int64
}

func (a *Ask) aim() aim {
	if a.Kind.charges() {
		return aim{subject: a.Order}
	}
	return aim{subject: a.PaymentID, kind: a.Kind, amount: a.Amount}
}

// checkAnswers holds every answer that a client ever got against what is true.
func (f *findings) checkAnswers(b *book) {
	wishes := make(map[aim][]*Ask)
	for _, a := range b.all() {
		wishes[a.aim()] = append(wishes[a.aim()], a)
		f.checkAsk(a)
	}
	f.checkOrders(wishes)
	f.checkFollowUps(wishes)
}

// checkAsk checks what was said about one wish: nothing that was definite was
// taken back, and what was said of money is so.
func (f *findings) checkAsk(a *Ask) {
	if a.Open && !f.hurry && !f.kept(f.payments[a.PaymentID]) {
		f.add("no definite answer to %s", a)
	}
	definite := ""
	for _, n := range a.Answers {
		d, known := f.payments[n.PaymentID]
		known = known || (n.PaymentID == "" && n.Status == statusFailed) // a checkout that nobody paid
		switch {
		case !known:
			f.add("an answer speaks of payment %q that is not listed: %s", n.PaymentID, a)
		case definite != "" && n.Status != definite:
			f.add("a definite answer was taken back: %s", a)
		case n.Status == statusSuccess && a.Kind != kindVoid && n.Amount != a.Amount:
			f.add("the answer is about another amount: %s", a)
		case f.hurry && len(d.unfinished()) > 0:
		case n.Status == statusSuccess && a.Kind.charges() && !d.charged():
			f.add("the client was told SUCCESS, and the payment is %s: %s", d.State, a)
		case n.Status == statusFailed && a.Kind.charges() && d.charged():
			f.add("the client was told FAILED, and the payment is %s: %s", d.State, a)
		}
		if n.Status != statusPending {
			definite = n.Status
		}
	}
}

// charged reports whether the payment's sale or hold was approved and counts.
func (d detail) charged() bool {
	return !d.waiting() && slices.ContainsFunc(d.Operations, func(o operation) bool { return o.Kind.charges() && o.approved() })
}

// checkOrders: an order is charged at most once, whatever keys its requests had.
// No flow here pays an order again after it was voided or refunded.
func (f *findings) checkOrders(wishes map[aim][]*Ask) {
	charged := make(map[string][]string)
	for id, d := range f.payments {
		if d.charged() {
			charged[d.OrderRef] = append(charged[d.OrderRef], id)
		}
	}
	for order, payments := range charged {
		asks := wishes[aim{subject: order}]
		if len(payments) > 1 {
			f.add("order %s was charged %d times: %v, %v", order, len(payments), payments, asks)
		}
		if !slices.ContainsFunc(asks, func(a *Ask) bool { return a.Succeeded() || a.Refused != "" || a.Open }) {
			f.add("order %s was charged, and nobody was told: %v", order, asks)
		}
	}
}

// checkFollowUps: a wish that was answered SUCCESS was carried out once, any
// other one not at all.
func (f *findings) checkFollowUps(wishes map[aim][]*Ask) {
	done := make(map[aim]int)
	for id, d := range f.payments {
		for _, o := range d.Operations {
			if o.Kind.charges() || !o.approved() || o.isReversal(d) {
				continue
			}
			a := aim{subject: id, kind: o.Kind, amount: signed(o.Amount)}
			if o.Kind == kindVoid {
				a.amount = 0
			}
			done[a]++
		}
	}
	for a, n := range done {
		if len(wishes[a]) == 0 {
			f.add("%d %s of %s of payment %s were carried out, and nobody asked for it", n, a.kind, decimal(a.amount), a.subject)
		}
	}
	for a, asks := range wishes {
		if a.kind == "" {
			continue
		}
		told := 0
		for _, ask := range asks {
			if ask.Succeeded() {
				told++
			}
		}
		if f.hurry && len(f.payments[a.subject].unfinished()) > 0 {
			continue
		}
		if told != done[a] && !slices.ContainsFunc(asks, func(ask *Ask) bool { return ask.Open }) {
			f.add("%d times told SUCCESS and %d times carried out: %v", told, done[a], asks)
		}
	}
}

// isReversal reports whether the operation undid a charge that nobody wanted any
// more, which is no client's wish.
func (o operation) isReversal(d detail) bool {
	return o.Kind == kindVoid && slices.ContainsFunc(d.Operations, func(c operation) bool {
		return c.Reference == o.original() && c.Status == "reversed"
	})
}
