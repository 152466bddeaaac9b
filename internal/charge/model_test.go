package charge_test

import (
	"fmt"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/vezne/vezne/internal/fault"
	"github.com/vezne/vezne/internal/money"
	"github.com/vezne/vezne/internal/payment"
	"github.com/vezne/vezne/internal/payment/paymenttest"
)

// TestModel does whatever comes to mind with payments, and holds each answer and
// each payment against a model that fits on one page.
func TestModel(t *testing.T) {
	t.Parallel()
	eachEngine(t, func(t *testing.T, w *world) {
		for range 20 { // a breaker that has seen good days
			w.MustPay(t, w.Order(t, paymenttest.GoodCard))
		}
		rapid.Check(t, func(r *rapid.T) {
			w.Misbehave(t)
			w.ClearBank(t) // what earlier sequences left there would only cost time
			m := &modelRun{t: t, w: w, r: r}
			r.Repeat(map[string]func(*rapid.T){
				"pay":      func(*rapid.T) { m.pay() },
				"secure":   func(*rapid.T) { m.secure() },
				"capture":  func(*rapid.T) { m.capture() },
				"void":     func(*rapid.T) { m.void() },
				"refund":   func(*rapid.T) { m.refund() },
				"resolve":  func(*rapid.T) { m.resolve() },
				"expire":   func(*rapid.T) { m.expire() },
				"operator": func(*rapid.T) { m.operator() },
				"":         func(*rapid.T) { m.check() },
			})
			m.resolve() // nothing is left open for the next sequence
		})
	})
}

// modelRun is one sequence of ideas.
type modelRun struct {
	t        *testing.T
	w        *world
	r        *rapid.T
	payments []*modelPayment
	asked    int  // requests to the bank since the last one that was lost or torn
	dark     bool // the outcome of the next request stays unknown
}

// maxGuesses is how many wrong keys end an authentication.
const maxGuesses = 10

// The ways of a request to the bank.
const (
	arrives = "arrives"
	torn    = "answer is torn" // and found by the inquiry
	lost    = "request is lost"
	hidden  = "answer is torn, and inquiries stay without one"
)

// way draws what happens to the next request and prepares the bank for it. Few
// go wrong, or the breaker would open.
func (m *modelRun) way() string {
	const atLeast = 3
	ways := []string{arrives, arrives, torn, lost, hidden}
	if m.dark {
		ways = []string{lost, hidden, hidden}
	}
	way := rapid.SampledFrom(ways).Draw(m.r, "way")
	if m.asked++; m.asked < atLeast {
		return arrives
	}
	switch way {
	case torn:
		m.asked = 0
		m.w.Misbehave(m.t, "reset_after_approve")
	case lost:
		m.asked = 0
		m.w.Misbehave(m.t, "reset_before_read")
	case hidden:
		m.asked = 0
		m.w.MisbehaveWith(m.t, `{"rate":1,"kinds":["reset_after_approve"],"inquiries":true}`)
	}
	return way
}

func (m *modelRun) wellAgain(way string) {
	if way != arrives {
		m.w.Misbehave(m.t)
	}
}

func (m *modelRun) want(what string, err error, want fault.Code) {
	if got := paymenttest.RefusalOf(err); got != want {
		m.r.Fatalf("%s: code %q (%v), the model says %q", what, got, err, want)
	}
}

func (m *modelRun) pay() {
	good := rapid.SampledFrom([]string{paymenttest.GoodCard, paymenttest.GoodCard, paymenttest.GoodCard, paymenttest.PoorCard}).Draw(m.r, "card")
	p := &modelPayment{
		command: m.w.Order(m.t, good), hold: rapid.Bool().Draw(m.r, "hold"),
		total: rapid.Int64Range(1, 10_000).Draw(m.r, "total"),
	}
	p.command.Price = money.FromMinor(p.total, money.TRY)
	if p.hold {
		p.command.Phase = payment.PhasePreAuthorization
	}
	way := m.way()
	o, err := m.w.Pay(m.t.Context(), p.command)
	m.wellAgain(way)
	m.want("pay", err, "")
	p.outcome, p.state = o, payment.Pending
	a := &modelAsk{operation: o.Operation, amount: p.total, done: way != lost && good != paymenttest.PoorCard}
	if p.heard(way, a) {
		_, err := m.w.Pay(m.t.Context(), p.command)
		m.want("pay again", err, fault.OrderInProgress)
	}
	if p.state != payment.Pending && p.state != payment.Declined {
		again, err := m.w.Pay(m.t.Context(), p.command)
		m.want("pay again", err, "")
		if !again.Replayed || again.Payment.ID != o.Payment.ID {
			m.r.Fatalf("an order that was paid was paid again")
		}
	}
	m.payments = append(m.payments, p)
}

// secure lets a payer begin, or come back, or a merchant complete.
func (m *modelRun) secure() {
	p := m.some()
	if p == nil || (p.state != payment.Enrolled && p.state != payment.Authenticated) {
		p = &modelPayment{state: payment.Enrolled, total: rapid.Int64Range(1, 10_000).Draw(m.r, "total")}
		c := m.w.Enrolment(m.t, paymenttest.GoodCard)
		c.Price = money.FromMinor(p.total, money.TRY)
		p.enrolment = m.w.MustEnrol(m.t, c)
		p.outcome = p.enrolment.Outcome
		m.payments = append(m.payments, p)
		return
	}
	if p.state == payment.Enrolled {
		_, err := m.w.Complete(m.t.Context(), m.w.Completion(p.enrolment, "early"))
		m.want("complete before the payer came back", err, fault.ThreeDSNotCompleted)
		p.key = m.w.ComeBack(m.t, m.w.AtBank(m.t, p.enrolment, "a")).SecurityKey
		p.state = payment.Authenticated
		return
	}
	if rapid.IntRange(0, 3).Draw(m.r, "guess") == 0 {
		_, err := m.w.Complete(m.t.Context(), m.w.Completion(p.enrolment, "guess"))
		m.want("complete with a guessed key", err, fault.InvalidSecurityKey)
		p.guesses++
		if p.guesses == maxGuesses {
			p.state = payment.Declined
		}
		return
	}
	way := m.way()
	o, err := m.w.Complete(m.t.Context(), m.w.Completion(p.enrolment, p.key))
	m.wellAgain(way)
	m.want("complete", err, "")
	p.state = payment.Pending
	p.heard(way, &modelAsk{operation: o.Operation, amount: p.total, done: way != lost})
}

// expire lets the time pass in which a payer has to come back and a merchant to
// complete.
func (m *modelRun) expire() {
	m.resolve()
	m.w.Clock.Advance(31 * time.Minute)
	m.w.RunJobs(m.t)
	for _, p := range m.payments {
		if p.state == payment.Enrolled || p.state == payment.Authenticated {
			p.state = payment.Declined
			_, err := m.w.Complete(m.t.Context(), m.w.Completion(p.enrolment, p.key))
			want := fault.SecurityKeyExpired
			if p.key == "" {
				want = ""
			}
			m.want("complete what has expired", err, want)
		}
	}
}

// some draws one of the latest payments; nil if there is none.
func (m *modelRun) some() *modelPayment {
	if len(m.payments) == 0 {
		return nil
	}
	recent := m.payments[max(0, len(m.payments)-3):]
	return rapid.SampledFrom(recent).Draw(m.r, "payment")
}

func (m *modelRun) capture() {
	p := m.some()
	if p == nil {
		return
	}
	amount := rapid.Int64Range(1, p.total+p.total/10+1).Draw(m.r, "amount")
	if p.captured > 0 && rapid.Bool().Draw(m.r, "same") {
		amount = p.captured
	}
	code, way := p.canCapture(amount), arrives
	if code == "" && p.state == payment.Authorized {
		way = m.way()
	}
	o, err := m.w.TryCapture(m.t, p.outcome, money.FromMinor(amount, money.TRY).Decimal())
	m.wellAgain(way)
	m.want(fmt.Sprintf("capture %d of %#v", amount, p), err, code)
	if code == "" && p.state == payment.Authorized {
		p.heard(way, &modelAsk{operation: o.Operation, amount: amount, done: way != lost})
	}
}

func (m *modelRun) void() {
	p := m.some()
	if p == nil {
		return
	}
	code, way := p.canVoid(), arrives
	if code == "" {
		way = m.way()
	}
	o, err := m.w.TryVoid(m.t, p.outcome)
	m.wellAgain(way)
	m.want(fmt.Sprintf("void %#v", p), err, code)
	if code == "" {
		p.heard(way, &modelAsk{operation: o.Operation, done: way != lost})
	}
}

func (m *modelRun) refund() {
	p := m.some()
	if p == nil {
		return
	}
	amount := rapid.Int64Range(1, p.total).Draw(m.r, "amount")
	if left := p.captured - p.refunded - p.refunding(); left > 0 && rapid.Bool().Draw(m.r, "rest") {
		amount = left
	}
	code, way := p.canRefund(amount), arrives
	if code == "" {
		way = m.way()
	}
	o, err := m.w.TryRefund(m.t, p.outcome, money.FromMinor(amount, money.TRY).Decimal())
	m.wellAgain(way)
	m.want(fmt.Sprintf("refund %d of %#v", amount, p), err, code)
	if code == "" {
		p.heard(way, &modelAsk{operation: o.Operation, amount: amount, done: way != lost})
	}
}

// resolve lets the time pass after which the bank has told what it knows, and a
// request that it does not know counts as never made.
func (m *modelRun) resolve() {
	m.w.Later(m.t, 30*time.Second)
	for _, p := range m.payments {
		for _, a := range p.open {
			p.know(a, a.done)
		}
		p.open = nil
	}
}

// check holds the latest payments against the model.
func (m *modelRun) check() {
	bank := m.bank()
	for _, p := range m.payments[max(0, len(m.payments)-3):] {
		m.hold(p, bank)
	}
}
