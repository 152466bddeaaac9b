package connectortest

import (
	"context"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"testing"

	"github.com/vezne/vezne/internal/card"
	"github.com/vezne/vezne/internal/connector"
	"github.com/vezne/vezne/internal/httpapi/apitest"
)

// ThreeDS is what the suite needs to know of a bank's 3-D Secure.
type ThreeDS struct {
	// Provision and Pay are settings, besides those of Cases, for the models "3D"
	// and "3D pay"; nil for a model that the bank does not have.
	Provision map[string]string
	Pay       map[string]string
	// Again are settings of a POS whose bank wants the card once more when it is
	// asked to provision; nil if none does.
	Again map[string]string
	// Right and Refuse are what payers type into the bank's pages, by field, to be
	// authenticated and not to be.
	Right  map[string]string
	Refuse map[string]string
	// HalfSecure is a card that comes back with an mdStatus of 2 to 4, zero for a bank
	// that does not tell it from full; Never is one that is not authenticated whatever is typed.
	HalfSecure card.Card
	Never      card.Card
	// InitFails is refused at the enrolment, and CompleteFails is authenticated and
	// declined when it is charged.
	InitFails           card.Card
	InitFailsReason     connector.Reason
	CompleteFails       card.Card
	CompleteFailsReason connector.Reason
	// Asks says that reading a return asks the bank.
	Asks bool
	// Uncovered are fields of a return that the bank's document leaves out of its
	// MAC, so that a connector must not believe them; most banks have none.
	Uncovered []string
}

// returnAddress is where payers are sent back to. Nobody listens there.
const returnAddress = "http://127.0.0.1:9/3ds/return"

// maxPages bounds a payer's way at the bank.
const maxPages = 6

func (s suite) threeDSRules() map[string]func(*testing.T) {
	rules := map[string]func(*testing.T){"cases_are_given_if_the_connector_has_3ds": s.threeDSCases}
	if s.cases.ThreeDS == nil {
		return rules
	}
	for model, settings := range s.models() {
		m := s.with(settings)
		for name, rule := range map[string]func(suite, *testing.T){
			"enrolment_books_nothing_and_shows_no_card":        suite.enrolment,
			"refused_enrolment_has_its_reason_and_no_form":     suite.refusedEnrolment,
			"enrolment_without_answer_is_unknown_and_books_0":  suite.lostEnrolment,
			"right_answer_is_charged_once":                     suite.authenticatedCharge,
			"what_was_charged_can_be_refunded":                 suite.refundAuthenticated,
			"half_secure_is_told_from_full":                    suite.halfSecure,
			"refusing_payer_is_not_charged":                    suite.refusingPayer,
			"card_that_is_never_authenticated_is_not_charged":  suite.neverAuthenticated,
			"decline_at_the_charge_has_its_reason":             suite.failedCompletion,
			"every_altered_field_is_forged":                    suite.alteredReturn,
			"return_under_another_key_is_forged":               suite.returnOfAnotherKey,
			"return_with_a_wrong_mac_is_forged":                suite.returnOfWrongMAC,
			"return_of_another_order_is_not_taken_for_this":    suite.returnOfAnotherOrder,
			"return_read_again_says_the_same_and_does_nothing": suite.returnAgain,
		} {
			rules[model+"_"+name] = func(t *testing.T) { rule(m, t) }
		}
	}
	if p := s.cases.ThreeDS.Provision; p != nil && s.cases.ThreeDS.Asks {
		rules["3d_return_that_the_bank_does_not_confirm_may_come_again"] = s.with(p).unconfirmedReturn
	}
	if p := s.cases.ThreeDS.Provision; p != nil {
		rules["3d_proof_of_another_order_charges_nothing"] = s.with(p).foreignProof
	}
	if p := s.cases.ThreeDS.Again; p != nil {
		rules["3d_card_again_takes_no_other_card"] = s.with(p).otherCard
	}
	if p := s.cases.ThreeDS.Pay; p != nil {
		rules["3d_pay_charge_whose_return_is_lost_is_found_by_inquiry"] = s.with(p).lostReturn
	}
	return rules
}

// models are the settings of the models that the bank has.
func (s suite) models() map[string]map[string]string {
	all := map[string]map[string]string{}
	for model, settings := range map[string]map[string]string{
		"3d": s.cases.ThreeDS.Provision, "3d_pay": s.cases.ThreeDS.Pay, "3d_card_again": s.cases.ThreeDS.Again,
	} {
		if settings != nil {
			all[model] = settings
		}
	}
	return all
}

// with returns the suite with more settings.
func (s suite) with(settings map[string]string) suite {
	all := maps.Clone(s.cases.Settings)
	if all == nil {
		all = map[string]string{}
	}
	maps.Copy(all, settings)
	s.cases.Settings = all
	return s
}

func (s suite) threeDSCases(t *testing.T) {
	b := s.start(t)
	if has := connector.CapabilitiesOf(b.conn).ThreeDS; has != (s.cases.ThreeDS != nil) {
		t.Errorf("the connector has 3-D Secure: %t, the suite has cases for it: %t", has, s.cases.ThreeDS != nil)
	}
}

// pays reports whether the bank charges by itself under the suite's settings.
func (s suite) pays() bool {
	pay := s.cases.ThreeDS.Pay
	return pay != nil && maps.Equal(s.with(pay).cases.Settings, s.cases.Settings)
}

func (b *bank) secured() connector.ThreeDS {
	b.t.Helper()
	c, ok := b.conn.(connector.ThreeDS)
	if !ok {
		b.t.Fatal("the connector has no 3-D Secure")
	}
	return c
}

func (b *bank) sale(ref string, c card.Card) connector.Charge {
	return connector.Charge{Kind: connector.Sale, Reference: ref, Amount: b.amount(10050), Installments: 1, Card: c}
}

func (b *bank) enrol(ctx context.Context, ref string, c card.Card) (connector.Enrolled, error) {
	e, err := b.secured().Enrol(ctx, connector.Enrolment{Charge: b.sale(ref, c), ReturnURL: returnAddress, Language: "en"})
	b.heard(e.Answer, err)
	b.enrolled[ref], b.memos[ref] = c, e.Memo
	for _, f := range e.Way.Form.Fields {
		_, _ = b.Write([]byte(f.Name + "=" + f.Value + "\n")) // b never fails
	}
	_, _ = b.Write([]byte(e.Way.Page.HTML + e.Way.Address)) // b never fails
	return e, err
}

// comeBack enrols a card, takes its payer through the bank's pages, who types what
// is given, and returns the form that brings the payer back.
func (b *bank) comeBack(ref string, c card.Card, typed map[string]string) apitest.Form {
	b.t.Helper()
	e, err := b.enrol(b.t.Context(), ref, c)
	b.wantOutcome(e.Answer, err, connector.Approved)
	return b.walk(b.enter(e.Way), typed)
}

// enter returns the first form that takes a payer on, whichever way the bank gave.
func (b *bank) enter(w connector.Way) apitest.Form {
	b.t.Helper()
	if err := w.Check(); err != nil {
		b.t.Fatalf("way to the bank: %v", err)
	}
	if w.Form.Action != "" {
		f := apitest.Form{Action: w.Form.Action, Fields: url.Values{}}
		for _, field := range w.Form.Fields {
			f.Fields.Add(field.Name, field.Value)
		}
		return f
	}
	page, base := w.Page.HTML, w.Page.Base
	if w.Address != "" {
		shown, err := apitest.Visit(b.t.Context(), b.server.Client(), w.Address)
		if err != nil || shown.Status != http.StatusOK {
			b.t.Fatalf("the bank's page: status %d, %v", shown.Status, err)
		}
		page, base = shown.Body, w.Address
	}
	f, err := apitest.ReadForm(page)
	if err != nil {
		b.t.Fatalf("the bank's page: %v", err)
	}
	from, err := url.Parse(base)
	if err != nil {
		b.t.Fatalf("the bank's page is from %q", base)
	}
	to, err := from.Parse(f.Action)
	if err != nil {
		b.t.Fatalf("the bank's page leads to %q", f.Action)
	}
	f.Action = to.String()
	return f
}

// walk posts form after form until one leads back to the shop.
func (b *bank) walk(f apitest.Form, typed map[string]string) apitest.Form {
	b.t.Helper()
	for range maxPages {
		page := b.page(f)
		next, err := apitest.ReadForm(page)
		if err != nil {
			b.t.Fatalf("the bank's page: %v", err)
		}
		if next.Action == returnAddress {
			return next
		}
		for name, value := range typed {
			if slices.Contains(next.Names, name) {
				next = next.With(name, value)
			}
		}
		f = next
	}
	b.t.Fatalf("no way back to the shop after %d pages", maxPages)
	return f
}

func (b *bank) page(f apitest.Form) string {
	b.t.Helper()
	page, err := f.Post(b.t.Context(), b.server.Client())
	if err != nil || page.Status != http.StatusOK {
		b.t.Fatalf("the bank's page: status %d, %v", page.Status, err)
	}
	_, _ = b.Write([]byte(page.Body)) // b never fails
	return page.Body
}

// readReturn reads a return as internal/pos does.
func (b *bank) readReturn(ref string, fields url.Values) (connector.Authentication, error) {
	c := b.sale(ref, card.Card{})
	form := connector.DecodeReturn(fields, "", connector.RulesOf(b.conn).Charset)
	return b.secured().ReadReturn(b.t.Context(), form, c, b.memos[ref])
}

// read reads a return that must be the bank's, about this very order.
func (b *bank) read(ref string, f apitest.Form) connector.Authentication {
	b.t.Helper()
	a, err := b.readReturn(ref, f.Fields)
	if err != nil {
		b.t.Fatalf("read return: %v", err)
	}
	if len(a.Memo) == 0 {
		a.Memo = b.memos[ref]
	}
	if a.Reference != ref || (!a.Amount.IsZero() && a.Amount != b.amount(10050)) {
		b.t.Fatalf("the return is about %s, %s", a.Reference, a.Amount)
	}
	return a
}

// charged charges in the way of the model and returns the bank's answer.
func (b *bank) charged(ref string, a connector.Authentication) connector.Answer {
	b.t.Helper()
	if a.Provisioned != b.suite.pays() {
		b.t.Fatalf("provisioned by the bank: %t", a.Provisioned)
	}
	if a.Provisioned {
		return a.Answer
	}
	if _, booked := b.booked(ref); booked {
		b.t.Error("booked before anybody asked for the money")
	}
	answer, err := b.provision(ref, a)
	if err != nil {
		b.t.Fatalf("charge: %v", err)
	}
	return answer
}

// provision charges with the enrolled card if the bank wants it, and without its
// security code, which nobody has kept.
func (b *bank) provision(ref string, a connector.Authentication) (connector.Answer, error) {
	var again card.Card
	if connector.CapabilitiesOf(b.conn).WantsCard {
		again = b.enrolled[ref]
		again.CVV = card.CVV{}
	}
	answer, err := b.secured().AuthorizeAuthenticated(b.t.Context(), b.sale(ref, again), a)
	b.heard(answer, err)
	return answer, err
}

func (b *bank) wantUnbooked(ref string) {
	b.t.Helper()
	if _, booked := b.booked(ref); booked {
		b.t.Error("money moved")
	}
}
