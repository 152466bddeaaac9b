package connectortest

import (
	"context"
	"slices"
	"sync"
	"testing"

	"github.com/vezne/vezne/internal/clock"
	"github.com/vezne/vezne/internal/connector"
	"github.com/vezne/vezne/internal/connector/wire"
)

// callers is how many ask at once: what the speed targets are measured with.
const callers = 64

func (s suite) concurrencyRules() map[string]func(*testing.T) {
	rules := map[string]func(*testing.T){
		"different_references_are_all_booked":    s.manyCharges,
		"equal_references_charge_once":           s.oneReference,
		"cancelled_calls_leave_no_false_refusal": s.cancelledCharges,
	}
	if slices.Contains(s.followUps(), connector.Refund) {
		rules["refunds_at_once_never_exceed_the_sale"] = s.manyRefunds
	}
	if slices.Contains(s.followUps(), connector.Capture) {
		rules["captures_at_once_have_one_winner"] = s.manyCaptures
	}
	return rules
}

// unconnected is an environment to look at a connector with, not to use it.
func (s suite) unconnected() connector.Environment {
	return connector.Environment{
		HTTP: wire.NewClient(wire.Options{}), Clock: clock.System{},
		TestMode: true, SimulatorURL: "http://127.0.0.1:1/sim",
	}
}

// together calls f from many goroutines and counts the outcomes.
func together(f func(i int) connector.Answer) map[connector.Outcome]int {
	answers := make([]connector.Answer, callers)
	var wg sync.WaitGroup
	for i := range callers {
		wg.Go(func() { answers[i] = f(i) })
	}
	wg.Wait()
	count := map[connector.Outcome]int{}
	for _, a := range answers {
		count[a.Outcome]++
	}
	return count
}

func (s suite) manyCharges(t *testing.T) {
	b := s.start(t)
	got := together(func(int) connector.Answer {
		a, _ := b.charge(t.Context(), connector.Sale, b.reference(), 10050) // the outcome tells
		return a
	})
	if got[connector.Approved] != callers || len(b.ledger()) != callers {
		t.Errorf("outcomes %v, %d rows, want %d approved", got, len(b.ledger()), callers)
	}
}

func (s suite) oneReference(t *testing.T) {
	b := s.start(t)
	ref := b.reference()
	got := together(func(int) connector.Answer {
		a, _ := b.charge(t.Context(), connector.Sale, ref, 10050) // the outcome tells
		return a
	})
	approved := 1
	if s.cases.Bank.RepeatsApproval {
		approved = callers
	}
	if got[connector.Approved] != approved || got[connector.Declined] != callers-approved || len(b.ledger()) != 1 {
		t.Errorf("outcomes %v, %d rows, want %d approved and one row", got, len(b.ledger()), approved)
	}
}

func (s suite) manyRefunds(t *testing.T) {
	b := s.start(t)
	sale := b.approved(connector.Sale, 10000)
	b.untilRefundable()
	got := together(func(int) connector.Answer {
		a, _ := b.follow(t.Context(), connector.Refund, b.reference(), 1000, sale) // the outcome tells
		return a
	})
	if got[connector.Approved] != 10 || got[connector.Declined] != callers-10 || len(b.ledger()) != 11 {
		t.Errorf("outcomes %v, %d rows, want 10 refunds approved", got, len(b.ledger()))
	}
}

func (s suite) manyCaptures(t *testing.T) {
	b := s.start(t)
	hold := b.approved(connector.Authorize, 10000)
	got := together(func(int) connector.Answer {
		a, _ := b.follow(t.Context(), connector.Capture, b.reference(), 100, hold) // the outcome tells
		return a
	})
	if got[connector.Approved] != 1 || got[connector.Declined] != callers-1 || len(b.ledger()) != 2 {
		t.Errorf("outcomes %v, %d rows, want one capture approved", got, len(b.ledger()))
	}
}

// cancelledCharges cancels calls at any moment of their life: what was booked
// must be approved or unknown, and what is called unsent must not be booked.
func (s suite) cancelledCharges(t *testing.T) {
	b := s.start(t)
	refs := make([]string, callers)
	answers := make([]connector.Answer, callers)
	var wg sync.WaitGroup
	for i := range callers {
		refs[i] = b.reference()
		wg.Go(func() {
			ctx, cancel := context.WithCancel(t.Context())
			wg.Go(cancel)
			answers[i], _ = b.charge(ctx, connector.Sale, refs[i], 10050) // the outcome tells
		})
	}
	wg.Wait()
	b.server.CloseClientConnections()
	for i, a := range answers {
		_, booked := b.booked(refs[i])
		switch a.Outcome {
		case connector.Approved:
			if !booked {
				t.Errorf("%s approved but not booked", refs[i])
			}
		case connector.Declined:
			t.Errorf("%s declined by nobody", refs[i])
		case connector.Unsent:
			if booked {
				t.Errorf("%s booked but called unsent", refs[i])
			}
		case connector.Unknown:
		}
	}
}

func (s suite) cancelledBefore(t *testing.T) {
	b := s.start(t)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	ref := b.reference()
	a, err := b.charge(ctx, connector.Sale, ref, 10050)
	b.wantOutcome(a, err, connector.Unsent)
	if _, ok := b.booked(ref); ok {
		t.Error("booked")
	}
}

// inquiryOfBankDown holds that a question which was not sent says nothing about the
// request that it is about: Unsent would let another bank charge once more.
func (s suite) inquiryOfBankDown(t *testing.T) {
	b := s.start(t)
	sale := b.approved(connector.Sale, 10050)
	conn, err := s.registration.Open(s.cases.Settings, s.unconnected())
	if err != nil {
		t.Fatalf("open connector: %v", err)
	}
	b.conn = conn
	f, err := b.inquire(connector.Sale, sale.Reference, 10050, connector.Original{})
	if err == nil || f.Outcome != connector.Unknown || f.Missing {
		t.Errorf("finding = %+v, %v, want unknown with an error", f, err)
	}
}

func (s suite) bankDown(t *testing.T) {
	b := s.start(t)
	conn, err := s.registration.Open(s.cases.Settings, s.unconnected())
	if err != nil {
		t.Fatalf("open connector: %v", err)
	}
	b.conn = conn
	a, err := b.charge(t.Context(), connector.Sale, b.reference(), 10050)
	b.wantOutcome(a, err, connector.Unsent)
}
