package sandbox_test

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/vezne/vezne/internal/card"
	"github.com/vezne/vezne/internal/clock"
	"github.com/vezne/vezne/internal/connector"
	"github.com/vezne/vezne/internal/connector/sandbox"
	"github.com/vezne/vezne/internal/connector/simulator"
	"github.com/vezne/vezne/internal/connector/wire"
	"github.com/vezne/vezne/internal/money"
)

// fullBank is everything that the sandbox connector can do.
type fullBank interface {
	connector.Connector
	connector.Capturer
	connector.Voider
	connector.Refunder
	connector.ThreeDS
}

// serve runs the simulator over HTTP and returns a connector to it and its address.
func serve(t testing.TB, env connector.SimulatorEnvironment) (fullBank, string) {
	t.Helper()
	if env.Clock == nil {
		env.Clock = clock.System{}
	}
	h, err := sandbox.Registration.Simulator(env)
	if err != nil {
		t.Fatal(err)
	}
	s := httptest.NewServer(http.StripPrefix("/sim/sandbox", h))
	t.Cleanup(s.Close)
	return open(t, s.URL+"/sim", nil), s.URL + "/sim/sandbox"
}

func open(t testing.TB, simulators string, settings map[string]string) fullBank {
	t.Helper()
	client := wire.NewClient(wire.Options{})
	t.Cleanup(client.CloseIdleConnections)
	c, err := sandbox.Registration.Open(settings, connector.Environment{
		HTTP: client, Clock: clock.System{}, SimulatorURL: simulators, TestMode: true,
	})
	if err != nil {
		t.Fatal(err)
	}
	bank, ok := c.(fullBank)
	if !ok {
		t.Fatalf("the connector is a %T", c)
	}
	return bank
}

func lira(minor int64) money.Amount { return money.FromMinor(minor, money.TRY) }

func TestTestCards(t *testing.T) {
	t.Parallel()
	cards, err := simulator.TestCards()
	if err != nil {
		t.Fatal(err)
	}
	seen := map[string]bool{}
	approvedCards := 0
	for i, c := range cards {
		if _, err := card.ParsePAN(c.Number); err != nil || seen[c.Number] {
			t.Errorf("row %d: %v, seen before: %t", i, err, seen[c.Number])
		}
		seen[c.Number] = true
		if c.Sale == "" && c.Authorize == "" && c.Capture == "" && c.Reverse == "" {
			approvedCards++
		}
		if c.Type != card.Credit && c.Type != card.Debit && c.Type != card.Prepaid {
			t.Errorf("row %d: type %q", i, c.Type)
		}
		if c.Scheme == "" || c.Foreign != (c.Bank == "") {
			t.Errorf("row %d: scheme %q, bank %q, foreign %t", i, c.Scheme, c.Bank, c.Foreign)
		}
	}
	// 335 published success cards, 7 more of the documentation, 1 of the demo.
	if approvedCards != 343 {
		t.Errorf("%d cards are approved for everything, want 343", approvedCards)
	}
}

func TestCardOutcomes(t *testing.T) {
	t.Parallel()
	b, _ := serve(t, connector.SimulatorEnvironment{})
	cards, err := simulator.TestCards()
	if err != nil {
		t.Fatal(err)
	}
	for i, c := range cards {
		charge := connector.Charge{Amount: lira(1000), Installments: 1, Card: testCard(t, c.Number)}
		for _, ask := range []struct {
			kind connector.Kind
			want connector.Reason
		}{{connector.Sale, c.Sale}, {connector.Authorize, c.Authorize}} {
			charge.Kind, charge.Reference = ask.kind, reference(ask.kind, i)
			a, err := b.Authorize(t.Context(), charge)
			wantReason(t, i, ask.kind, a, err, ask.want)
		}
	}
}

func wantReason(t *testing.T, row int, k connector.Kind, a connector.Answer, err error, want connector.Reason) {
	t.Helper()
	outcome := connector.Declined
	if want == "" {
		outcome, want = connector.Approved, connector.Success
	}
	if err != nil || a.Outcome != outcome || a.Reason != want {
		t.Errorf("row %d: %s = %d %s (%v), want %s", row, k, a.Outcome, a.Reason, err, want)
	}
}

func reference(k connector.Kind, i int) string {
	return string(k) + "-" + strings.Repeat("x", i%3) + string(rune('a'+i%26)) + time.Duration(i).String()
}

// The rows are facts of the card payments API's sandbox, written out here so that
// a slip in the table is noticed.
func TestListedCards(t *testing.T) {
	t.Parallel()
	b, _ := serve(t, connector.SimulatorEnvironment{})
	rows := map[string]struct {
		number                          string
		sale, hold, capture, refundVoid connector.Reason
	}{
		"demo_card_is_approved":                {number: "5421190122090656"},
		"listed_card_is_approved":              {number: "4132260000000003"},
		"foreign_amex_is_approved":             {number: "378282246310005"},
		"foreign_diners_is_approved":           {number: "30569309025904"},
		"number_outside_the_list":              {number: "4242424242424242", sale: connector.CardNotPermitted, hold: connector.CardNotPermitted},
		"do_not_honour":                        {number: "5100560000006669", sale: connector.DoNotHonour, hold: connector.DoNotHonour},
		"bank_that_says_it_timed_out":          {number: "5358810000006667", sale: connector.RequestTimeout, hold: connector.RequestTimeout},
		"three_d_card_without_three_d":         {number: "5115830000006669", sale: connector.NotSufficientFunds, hold: connector.NotSufficientFunds},
		"hold_fails_but_sale_does_not":         {number: "9792120000006667", hold: connector.NotSufficientFunds},
		"capture_fails":                        {number: "4043150000006662", capture: connector.InvalidTransaction},
		"refund_and_void_fail":                 {number: "5428040000006667", refundVoid: connector.ArchivedPayment},
		"sale_fails_and_refund_after_hold_too": {number: "5400630000006667", sale: connector.RequiresDayEnd, refundVoid: connector.RequiresDayEnd},
	}
	for name, r := range rows {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			charge := connector.Charge{Kind: connector.Sale, Reference: name + "-s", Amount: lira(1000), Card: testCard(t, r.number)}
			a, err := b.Authorize(t.Context(), charge)
			wantReason(t, 0, connector.Sale, a, err, r.sale)
			if r.sale == "" {
				reverse(t, b, name, charge.Reference, r.refundVoid)
			}
			charge.Kind, charge.Reference = connector.Authorize, name+"-h"
			a, err = b.Authorize(t.Context(), charge)
			wantReason(t, 0, connector.Authorize, a, err, r.hold)
			if r.hold != "" {
				return
			}
			a, err = b.Capture(t.Context(), followUp(connector.Capture, name+"-c", 1000, charge.Reference))
			wantReason(t, 0, connector.Capture, a, err, r.capture)
			if r.capture == "" {
				reverse(t, b, name+"-h", charge.Reference, r.refundVoid)
			}
		})
	}
}

func followUp(k connector.Kind, ref string, minor int64, original string) connector.FollowUp {
	return connector.FollowUp{Kind: k, Reference: ref, Amount: lira(minor), Original: connector.Original{Reference: original}}
}

// reverse refunds or, if the card refuses that, also tries to void.
func reverse(t *testing.T, b fullBank, name, original string, want connector.Reason) {
	t.Helper()
	a, err := b.Refund(t.Context(), followUp(connector.Refund, name+"-r", 1000, original))
	wantReason(t, 0, connector.Refund, a, err, want)
	if want != "" {
		a, err = b.Void(t.Context(), followUp(connector.Void, name+"-v", 1000, original))
		wantReason(t, 0, connector.Void, a, err, want)
	}
}

func TestExpiry(t *testing.T) {
	t.Parallel()
	b, _ := serve(t, connector.SimulatorEnvironment{
		Clock: clock.NewManual(time.Date(2028, time.May, 1, 0, 0, 0, 0, time.UTC)),
	})
	for name, r := range map[string]struct {
		month time.Month
		want  connector.Reason
	}{
		"last_month_is_expired": {time.April, connector.ExpiredCard},
		"this_month_is_valid":   {time.May, ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c := testCard(t, "5421190122090656")
			c.Expiry = card.Expiry{Year: 2028, Month: r.month}
			a, err := b.Authorize(t.Context(), connector.Charge{Kind: connector.Sale, Reference: name, Amount: lira(1), Card: c})
			wantReason(t, 0, connector.Sale, a, err, r.want)
		})
	}
}
