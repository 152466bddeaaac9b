package charge_test

import (
	"sync"
	"time"

	"pgregory.net/rapid"

	"github.com/vezne/vezne/internal/connector"
	"github.com/vezne/vezne/internal/fault"
	"github.com/vezne/vezne/internal/payment"
	"github.com/vezne/vezne/internal/payment/paymenttest"
)

// modelCase is an open operation that waits for people.
type modelCase struct {
	p *modelPayment
	a *modelAsk
	// says is what people say of it, all at the same moment, and approved what
	// was made of it.
	says     []bool
	approved bool
	byHand   bool // a person settled it, and not the bank's late answer
}

// operator keeps the bank silent until everything that is open waits for people,
// and has them say what they know: alone, several at once, or while the bank
// comes back and answers the resolver. What the bank has done they may call
// declined, for people err too; what it has not done nobody calls approved.
func (m *modelRun) operator() {
	if len(m.cases()) == 0 {
		m.inTheDark()
	}
	m.w.MisbehaveWith(m.t, `{"rate":1,"kinds":["http_500"],"inquiries":true}`)
	for range 3 {
		m.w.Later(m.t, 5*time.Minute)
	}
	cases := m.cases()
	for _, c := range cases {
		c.says = []bool{c.a.done}
		for range rapid.IntRange(0, 2).Draw(m.r, "more people") {
			c.says = append(c.says, c.a.done && rapid.Bool().Draw(m.r, "says approved"))
		}
		if !m.w.Waiting(m.t, payment.Outcome{Payment: c.p.outcome.Payment, Operation: c.a.operation}) {
			m.r.Fatalf("a %s of unknown outcome does not wait for a person", c.a.operation.Kind)
		}
	}
	bankBack := rapid.Bool().Draw(m.r, "the bank is back")
	if bankBack {
		m.w.Misbehave(m.t)
		m.w.Clock.Advance(time.Minute)
	}
	m.settle(cases, bankBack)
	m.w.Misbehave(m.t)
	for _, c := range cases {
		m.sayAgain(c)
	}
	m.expire() // and have the bank asked again about what was called declined
	bank := m.bank()
	for _, c := range cases {
		if c.a.done && !c.approved && !c.charge() {
			c.p.know(c.a, true) // money that was given back cannot be called back
		}
		m.sayOtherwise(c)
		m.hold(c.p, bank)
		m.payAgain(c)
	}
}

// inTheDark asks the bank for something of which the outcome stays unknown.
func (m *modelRun) inTheDark() {
	m.dark = true
	defer func() { m.dark = false }()
	switch rapid.SampledFrom([]string{"pay", "capture", "void", "refund", "refund", "secure"}).Draw(m.r, "in the dark") {
	case "pay":
		m.pay()
	case "capture":
		m.capture()
	case "void":
		m.void()
	case "refund":
		m.refund()
	case "secure":
		m.secure()
	}
}

// cases returns all that is open.
func (m *modelRun) cases() []*modelCase {
	var all []*modelCase
	for _, p := range m.payments {
		for _, a := range p.open {
			all = append(all, &modelCase{p: p, a: a})
		}
	}
	return all
}

func (c *modelCase) charge() bool {
	return c.a.operation.Kind == connector.Sale || c.a.operation.Kind == connector.Authorize
}

// settle has everybody speak at once. Of each operation one of them is heard.
func (m *modelRun) settle(cases []*modelCase, bankBack bool) {
	var all sync.WaitGroup
	if bankBack {
		all.Go(func() { m.w.Resolver.Round(m.t.Context()) })
	}
	settled := make([][]bool, len(cases)) // by whom
	refusals := make([][]error, len(cases))
	for i, c := range cases {
		settled[i], refusals[i] = make([]bool, len(c.says)), make([]error, len(c.says))
		for n, approved := range c.says {
			all.Go(func() {
				o, err := m.w.Resolve(m.t.Context(), paymenttest.ByHand(c.a.operation.ID, approved))
				settled[i][n], refusals[i][n] = err == nil && !o.Replayed, err
			})
		}
	}
	all.Wait()
	for i, c := range cases {
		heard := 0
		c.approved = c.a.done // what the bank says
		for n, approved := range c.says {
			if settled[i][n] {
				heard++
				c.approved, c.byHand = approved, true
			} else if refusals[i][n] != nil {
				m.want("resolve what is known by now", refusals[i][n], fault.OperationSettled)
			}
		}
		if heard > 1 || (heard == 0 && !bankBack) {
			m.r.Fatalf("%d of %d people settled the %s", heard, len(c.says), c.a.operation.Kind)
		}
		c.p.know(c.a, c.approved)
	}
	for _, p := range m.payments {
		p.open = nil
	}
}

// sayAgain holds that what was said once can be said again to no effect, and that
// it does not wait any more.
func (m *modelRun) sayAgain(c *modelCase) {
	o, err := m.w.Resolve(m.t.Context(), paymenttest.ByHand(c.a.operation.ID, c.approved))
	if !c.byHand {
		m.want("resolve what the bank has told", err, fault.OperationSettled)
	} else if err != nil || !o.Replayed {
		m.r.Fatalf("resolved again: replayed %t, %v", o.Replayed, err)
	}
	m.sayOtherwise(c)
	if m.w.Waiting(m.t, payment.Outcome{Payment: c.p.outcome.Payment, Operation: c.a.operation}) {
		m.r.Fatalf("a %s that was resolved still waits", c.a.operation.Kind)
	}
}

// sayOtherwise holds that what was settled cannot be settled the other way.
func (m *modelRun) sayOtherwise(c *modelCase) {
	_, err := m.w.Resolve(m.t.Context(), paymenttest.ByHand(c.a.operation.ID, !c.approved))
	m.want("resolve otherwise", err, fault.OperationSettled)
}

// payAgain has the merchant repeat a payment whose outcome is known by now: it is
// charged anew only if it was not charged before.
func (m *modelRun) payAgain(c *modelCase) {
	if !c.charge() || c.p.key != "" || c.p.command.Card.PAN.Last4() == paymenttest.PoorCard[len(paymenttest.PoorCard)-4:] {
		return
	}
	o, err := m.w.Pay(m.t.Context(), c.p.command)
	m.want("pay again", err, "")
	if o.Replayed != c.approved || (o.Payment.ID == c.p.outcome.Payment.ID) != c.approved {
		m.r.Fatalf("paid again after %t: payment %d, replayed %t", c.approved, o.Payment.ID, o.Replayed)
	}
	if c.approved {
		return
	}
	again := *c.p
	again.outcome, again.state, again.open = o, payment.Pending, nil
	again.know(&modelAsk{operation: o.Operation, amount: again.total}, true)
	m.payments = append(m.payments, &again)
}
