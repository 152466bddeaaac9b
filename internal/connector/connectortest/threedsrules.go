package connectortest

import (
	"errors"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/vezne/vezne/internal/card"
	"github.com/vezne/vezne/internal/connector"
	"github.com/vezne/vezne/internal/httpapi/apitest"
)

func (s suite) enrolment(t *testing.T) {
	b := s.start(t)
	ref := b.reference()
	e, err := b.enrol(t.Context(), ref, s.cases.Approved)
	b.wantOutcome(e.Answer, err, connector.Approved)
	if err := e.Way.Check(); err != nil {
		t.Errorf("way to the bank: %v", err)
	}
	b.wantUnbooked(ref)
}

func (s suite) refusedEnrolment(t *testing.T) {
	b := s.start(t)
	e, err := b.enrol(t.Context(), b.reference(), s.cases.ThreeDS.InitFails)
	b.wantDeclined(e.Answer, err, s.cases.ThreeDS.InitFailsReason)
	if !e.Way.IsZero() {
		t.Errorf("a refused enrolment has the way %+v", e.Way)
	}
}

func (s suite) lostEnrolment(t *testing.T) {
	for _, kind := range []string{"reset_after_approve", "http_500", "garbage"} {
		b := s.start(t)
		b.fault(kind, 0)
		ref := b.reference()
		e, err := b.enrol(t.Context(), ref, s.cases.Approved)
		b.wantOutcome(e.Answer, err, connector.Unknown)
		if !e.Way.IsZero() {
			t.Errorf("%s: a way without an answer", kind)
		}
		b.noFaults()
		b.wantUnbooked(ref)
	}
}

func (s suite) authenticatedCharge(t *testing.T) {
	b := s.start(t)
	ref := b.reference()
	a := b.read(ref, b.comeBack(ref, s.cases.Approved, s.cases.ThreeDS.Right))
	if a.MDStatus != 1 {
		t.Fatalf("mdStatus = %d", a.MDStatus)
	}
	answer := b.charged(ref, a)
	b.wantOutcome(answer, nil, connector.Approved)
	r, ok := b.booked(ref)
	if !ok || r.Amount != "100.50" || r.Status != "approved" || r.Kind != string(connector.Sale) {
		t.Errorf("ledger = %+v", r)
	}
	f, err := b.inquire(connector.Sale, ref, 10050, connector.Original{})
	b.wantOutcome(f.Answer, err, connector.Approved)
	if f.TransactionID != answer.TransactionID {
		t.Errorf("inquiry found %+v, the answer was %+v", f, answer)
	}
	again, err := b.provision(ref, a)
	if err == nil && again.Outcome == connector.Approved &&
		(!s.cases.Bank.RepeatsApproval || again.TransactionID != answer.TransactionID) {
		t.Error("the same proof was charged twice")
	}
	b.booked(ref) // insists on one row
}

// refundAuthenticated holds that a charge with 3-D Secure is known by the last memo
// that there is of it, and that its refund can be asked about.
func (s suite) refundAuthenticated(t *testing.T) {
	b := s.start(t)
	if !connector.CapabilitiesOf(b.conn).Refund {
		return
	}
	ref := b.reference()
	a := b.read(ref, b.comeBack(ref, s.cases.Approved, s.cases.ThreeDS.Right))
	answer := b.charged(ref, a)
	b.wantOutcome(answer, nil, connector.Approved)
	sale := b.original(connector.Sale, ref, 10050, answer)
	if len(sale.Memo) == 0 {
		sale.Memo = a.Memo
	}
	b.untilRefundable()
	refund := b.done(connector.Refund, 4000, sale)
	f, err := b.inquire(connector.Refund, refund.Reference, 4000, sale)
	b.wantOutcome(f.Answer, err, connector.Approved)
}

func (s suite) halfSecure(t *testing.T) {
	if s.cases.ThreeDS.HalfSecure.PAN.IsZero() {
		return // the bank's return does not tell
	}
	b := s.start(t)
	ref := b.reference()
	a := b.read(ref, b.comeBack(ref, s.cases.ThreeDS.HalfSecure, s.cases.ThreeDS.Right))
	if a.MDStatus < 2 || a.MDStatus > 4 {
		t.Fatalf("mdStatus = %d, want 2 to 4", a.MDStatus)
	}
	b.wantOutcome(b.charged(ref, a), nil, connector.Approved)
}

func (s suite) refusingPayer(t *testing.T) {
	s.notAuthenticated(t, s.cases.Approved, s.cases.ThreeDS.Refuse)
}

func (s suite) neverAuthenticated(t *testing.T) {
	s.notAuthenticated(t, s.cases.ThreeDS.Never, s.cases.ThreeDS.Right)
}

// notAuthenticated holds that a failed authentication has an mdStatus of no success
// and that nobody can charge with it.
func (s suite) notAuthenticated(t *testing.T, c card.Card, typed map[string]string) {
	b := s.start(t)
	ref := b.reference()
	a := b.read(ref, b.comeBack(ref, c, typed))
	if a.MDStatus >= 1 && a.MDStatus <= 4 || a.Answer.Outcome == connector.Approved {
		t.Fatalf("return = %+v", a)
	}
	a.MDStatus = 1
	if answer, _ := b.provision(ref, a); answer.Outcome == connector.Approved {
		t.Error("charged without authentication")
	}
	b.wantUnbooked(ref)
}

func (s suite) failedCompletion(t *testing.T) {
	b := s.start(t)
	ref := b.reference()
	a := b.read(ref, b.comeBack(ref, s.cases.ThreeDS.CompleteFails, s.cases.ThreeDS.Right))
	if a.MDStatus != 1 {
		t.Fatalf("mdStatus = %d", a.MDStatus)
	}
	b.wantDeclined(b.charged(ref, a), nil, s.cases.ThreeDS.CompleteFailsReason)
	b.wantUnbooked(ref)
}

func (s suite) alteredReturn(t *testing.T) {
	b := s.start(t)
	ref := b.reference()
	good := b.comeBack(ref, s.cases.Approved, s.cases.ThreeDS.Right).Fields
	b.read(ref, apitest.Form{Fields: good})
	for name := range good {
		for what, change := range map[string]func(url.Values){
			"changed": func(v url.Values) { v.Set(name, v.Get(name)+"1") },
			"emptied": func(v url.Values) { v.Set(name, "") },
			"missing": func(v url.Values) { v.Del(name) },
			"doubled": func(v url.Values) { v.Add(name, "1") },
		} {
			altered := url.Values{}
			for n, v := range good {
				altered[n] = slices.Clone(v)
			}
			change(altered)
			if what == "emptied" && good.Get(name) == "" || slices.Contains(s.cases.ThreeDS.Uncovered, name) {
				continue
			}
			if _, err := b.readReturn(ref, altered); !errors.Is(err, connector.ErrForgedReturn) {
				t.Errorf("%s %s: error = %v, want a forged return", name, what, err)
			}
		}
	}
	if _, err := b.readReturn(ref, url.Values{}); !errors.Is(err, connector.ErrForgedReturn) {
		t.Errorf("an empty return: %v", err)
	}
}

func (s suite) returnOfAnotherKey(t *testing.T) {
	if s.cases.WrongKey == nil {
		return // the protocol has no key
	}
	b := s.start(t)
	ref := b.reference()
	good := b.comeBack(ref, s.cases.Approved, s.cases.ThreeDS.Right)
	other, err := s.registration.Open(s.with(s.cases.WrongKey).cases.Settings, b.environment())
	if err != nil {
		t.Fatalf("open connector: %v", err)
	}
	b.conn = other
	if _, err := b.readReturn(ref, good.Fields); !errors.Is(err, connector.ErrForgedReturn) {
		t.Errorf("error = %v, want a forged return", err)
	}
}

func (s suite) returnOfWrongMAC(t *testing.T) {
	b := s.start(t)
	ref := b.reference()
	e, err := b.enrol(t.Context(), ref, s.cases.Approved)
	b.wantOutcome(e.Answer, err, connector.Approved)
	b.fault("wrong_mac", 0)
	back := b.walk(b.enter(e.Way), s.cases.ThreeDS.Right)
	if a, err := b.readReturn(ref, back.Fields); !errors.Is(err, connector.ErrForgedReturn) {
		t.Errorf("%+v, %v, want a forged return", a, err)
	}
}

// returnOfAnotherOrder holds that a return says which order it is about: the caller
// compares that with its own.
func (s suite) returnOfAnotherOrder(t *testing.T) {
	b := s.start(t)
	mine, other := b.reference(), b.reference()
	back := b.comeBack(mine, s.cases.Approved, s.cases.ThreeDS.Right)
	if _, err := b.enrol(t.Context(), other, s.cases.Approved); err != nil {
		t.Fatal(err)
	}
	if a, err := b.readReturn(other, back.Fields); err == nil && a.Reference != mine {
		t.Errorf("the return of %s says that it is about %s", mine, a.Reference)
	}
}

// unconfirmedReturn holds that a return about which the bank gave no answer decides
// nothing.
func (s suite) unconfirmedReturn(t *testing.T) {
	b := s.start(t)
	ref := b.reference()
	back := b.comeBack(ref, s.cases.Approved, s.cases.ThreeDS.Right)
	for _, kind := range []string{"http_500", "garbage", "reset_before_read"} {
		b.control(http.MethodPut, "/_faults", `{"rate":1,"inquiries":true,"kinds":["`+kind+`"]}`, http.StatusOK)
		if a, err := b.readReturn(ref, back.Fields); !errors.Is(err, connector.ErrUnconfirmedReturn) {
			t.Errorf("%s: %+v, %v, want an unconfirmed return", kind, a, err)
		}
	}
	b.noFaults()
	b.wantOutcome(b.charged(ref, b.read(ref, back)), nil, connector.Approved)
}

func (s suite) returnAgain(t *testing.T) {
	b := s.start(t)
	ref := b.reference()
	back := b.comeBack(ref, s.cases.Approved, s.cases.ThreeDS.Right)
	first, before := b.read(ref, back), len(b.ledger())
	if again := b.read(ref, back); !cmp.Equal(again, first, exactly) || len(b.ledger()) != before {
		t.Errorf("read again it says %+v, at first %+v", again, first)
	}
}

// foreignProof holds that an authentication is worth nothing for another order.
func (s suite) foreignProof(t *testing.T) {
	b := s.start(t)
	mine, other := b.reference(), b.reference()
	a := b.read(mine, b.comeBack(mine, s.cases.Approved, s.cases.ThreeDS.Right))
	b.read(other, b.comeBack(other, s.cases.Approved, s.cases.ThreeDS.Right))
	a.Reference = other
	answer, err := b.provision(other, a)
	b.wantDeclined(answer, err)
	for _, ref := range []string{mine, other} {
		b.wantUnbooked(ref)
	}
}

// otherCard holds that an authentication is worth nothing for another card, nor for
// none.
func (s suite) otherCard(t *testing.T) {
	b := s.start(t)
	if !connector.CapabilitiesOf(b.conn).WantsCard {
		t.Fatal("the connector does not want the card")
	}
	ref := b.reference()
	a := b.read(ref, b.comeBack(ref, s.cases.Approved, s.cases.ThreeDS.Right))
	for _, c := range []card.Card{s.cases.Declined, {}} {
		b.enrolled[ref] = c
		if answer, err := b.provision(ref, a); answer.Outcome == connector.Approved {
			t.Errorf("charged: %+v, %v", answer, err)
		}
	}
	b.wantUnbooked(ref)
}

// lostReturn holds that a charge of the bank's own is found even when its payer
// never comes back.
func (s suite) lostReturn(t *testing.T) {
	b := s.start(t)
	ref := b.reference()
	e, err := b.enrol(t.Context(), ref, s.cases.Approved)
	b.wantOutcome(e.Answer, err, connector.Approved)
	b.fault("reset_after_approve", 0)
	b.walkUntilLost(b.enter(e.Way))
	b.noFaults()
	found := b.eventually(connector.Sale, ref, 10050, connector.Original{})
	b.wantOutcome(found.Answer, nil, connector.Approved)
	b.booked(ref)
}

// walkUntilLost posts forms, rightly filled in, until the connection breaks.
func (b *bank) walkUntilLost(f apitest.Form) {
	b.t.Helper()
	for range maxPages {
		page, err := f.Post(b.t.Context(), b.server.Client())
		if err != nil {
			return
		}
		if f, err = apitest.ReadForm(page.Body); err != nil || strings.HasPrefix(f.Action, returnAddress) {
			b.t.Fatalf("the payer got back: %v", err)
		}
		for name, value := range b.suite.cases.ThreeDS.Right {
			f = f.With(name, value)
		}
	}
	b.t.Fatal("the connection never broke")
}
