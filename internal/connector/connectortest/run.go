// Package connectortest is the suite that every connector passes against its own
// simulator, over real HTTP. What it asks for is docs/connectors.md: above all
// that nothing which may have happened at the bank is ever called declined.
package connectortest

import (
	"reflect"
	"testing"

	"github.com/vezne/vezne/internal/card"
	"github.com/vezne/vezne/internal/connector"
	"github.com/vezne/vezne/internal/money"
)

// Cases is what the suite needs to know of a bank.
type Cases struct {
	// Settings are those of a POS account that the simulator accepts. They name
	// no address, so that the connector uses its simulator.
	Settings map[string]string
	// WrongKey are settings whose requests the simulator must refuse; nil if the
	// protocol has no key.
	WrongKey map[string]string
	// Currency of all amounts, with two fraction digits.
	Currency money.Currency
	// Approved is a card that the simulator approves for everything.
	Approved card.Card
	// Declined is a card whose sale fails with DeclinedReason.
	Declined       card.Card
	DeclinedReason connector.Reason
	// Bank is in what this bank differs from others.
	Bank Bank
	// ThreeDS is about 3-D Secure; nil exactly if the connector has none.
	ThreeDS *ThreeDS
}

// Bank is in what banks differ, by the bank's document. The suite holds connector
// and simulator to it.
type Bank struct {
	// Rules are those that the connector declares and the simulator keeps.
	Rules connector.Rules
	// RepeatsApproval says that a second use of a reference is answered with the
	// approval of the first (PosNet approved=2); others refuse it.
	RepeatsApproval bool
	// ForgetsDeclines says that an inquiry finds nothing of a request that the bank
	// declined.
	ForgetsDeclines bool
	// SignsAnswers says that every answer has a MAC.
	SignsAnswers bool
	// Charset is that of answers whose text can be in another one than UTF-8.
	Charset connector.Charset
}

// Run runs the suite. Subtests are parallel; each has a simulator of its own.
func Run(t *testing.T, r connector.Registration, c Cases) {
	t.Helper()
	s := suite{registration: r, cases: c}
	groups := map[string]map[string]func(*testing.T){
		"Registration": s.registrationRules(),
		"Charge":       s.chargeRules(),
		"Bank":         s.bankRules(),
		"Text":         s.textRules(),
		"FollowUp":     s.followUpRules(),
		"Fault":        s.faultRules(),
		"Transport":    s.transportRules(),
		"Concurrency":  s.concurrencyRules(),
		"ThreeDS":      s.threeDSRules(),
	}
	for name, rules := range groups {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			for rule, test := range rules {
				t.Run(rule, func(t *testing.T) {
					t.Parallel()
					test(t)
				})
			}
		})
	}
}

type suite struct {
	registration connector.Registration
	cases        Cases
}

func (s suite) registrationRules() map[string]func(*testing.T) {
	return map[string]func(*testing.T){
		"connector_is_of_the_type_that_is_registered": func(t *testing.T) {
			b := s.start(t)
			if got, want := reflect.TypeOf(b.conn), reflect.TypeOf(s.registration.Connector); got != want {
				t.Errorf("Open returns a %s, Registration.Connector is a %s", got, want)
			}
		},
		"simulator_is_refused_outside_test_mode": func(t *testing.T) {
			b := s.start(t)
			env := b.environment()
			env.TestMode = false
			if _, err := s.registration.Open(s.cases.Settings, env); err == nil {
				t.Error("opened a connector to the simulator in production")
			}
		},
		"name_is_lower_case_letters_and_digits": func(t *testing.T) {
			for _, r := range s.registration.Name {
				if (r < 'a' || r > 'z') && (r < '0' || r > '9') {
					t.Errorf("name %q", s.registration.Name)
				}
			}
		},
		"secret_is_not_in_the_error_of_a_bad_setting": func(t *testing.T) {
			b := s.start(t)
			const planted = "planted-secret-value"
			for _, field := range s.registration.Settings {
				settings := map[string]string{field.Name: planted + "\x00://"}
				if _, err := s.registration.Open(settings, b.environment()); err != nil {
					refuseText(t, err.Error(), planted)
				}
			}
		},
	}
}
