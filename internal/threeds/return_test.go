package threeds_test

import (
	"maps"
	"net/url"
	"slices"
	"testing"

	"github.com/vezne/vezne/internal/fault"
	"github.com/vezne/vezne/internal/payment"
	"github.com/vezne/vezne/internal/payment/paymenttest"
	"github.com/vezne/vezne/internal/threeds"
)

func clone(v url.Values) url.Values {
	out := url.Values{}
	for name, values := range maps.All(v) {
		out[name] = slices.Clone(values)
	}
	return out
}

// TestForgedReturn holds that a return which is not the bank's own, about this
// very payment, is refused and changes nothing; and that the true one still
// counts afterwards.
func TestForgedReturn(t *testing.T) {
	t.Parallel()
	onSQLite(t, func(t *testing.T, w *world) {
		field := func(name, value string) func(*threeds.Return) {
			return func(r *threeds.Return) { r.Form.Set(name, value) }
		}
		signed := func(name, value string) func(*threeds.Return) {
			return func(r *threeds.Return) { r.Form.Set(name, value); paymenttest.Sign(r.Form) }
		}
		other := w.MustEnrol(t, w.Enrolment(t, paymenttest.GoodCard))
		otherReturn := paymenttest.ReturnOf(t, w.AtBank(t, other, "a"))
		rows := map[string]func(*threeds.Return){
			"no_form":                       func(r *threeds.Return) { r.Form = url.Values{} },
			"no_mac":                        func(r *threeds.Return) { r.Form.Del("mac") },
			"empty_mac":                     field("mac", ""),
			"wrong_mac":                     field("mac", "00"),
			"mac_of_another_return":         func(r *threeds.Return) { r.Form.Set("mac", otherReturn.Form.Get("mac")) },
			"mac_twice":                     func(r *threeds.Return) { r.Form.Add("mac", r.Form.Get("mac")) },
			"md_status_changed":             field("md_status", "0"),
			"md_status_missing":             func(r *threeds.Return) { r.Form.Del("md_status") },
			"md_status_twice":               func(r *threeds.Return) { r.Form.Add("md_status", "1") },
			"md_status_of_words":            signed("md_status", "full"),
			"amount_changed":                field("amount", "1"),
			"amount_changed_by_the_bank":    signed("amount", "1"),
			"amount_missing":                func(r *threeds.Return) { r.Form.Del("amount") },
			"amount_of_nothing":             signed("amount", "0"),
			"currency_changed":              field("currency", "840"),
			"currency_changed_by_the_bank":  signed("currency", "840"),
			"reference_changed":             field("reference", "other"),
			"reference_changed_by_the_bank": signed("reference", "other"),
			"reference_missing":             func(r *threeds.Return) { r.Form.Del("reference") },
			"terminal_changed_by_the_bank":  signed("terminal", "VZ000002"),
			"token_changed":                 field("md", "guess"),
			"proof_changed":                 field("cavv", "guess"),
			"outcome_added":                 field("outcome", "approved"),
			"field_added":                   field("extra", "1"),
			"return_of_another_order":       func(r *threeds.Return) { r.Form = clone(otherReturn.Form) },
			"another_connector":             func(r *threeds.Return) { r.Connector = "other" },
		}
		for name, change := range rows {
			t.Run(name, func(t *testing.T) {
				e := w.MustEnrol(t, w.Enrolment(t, paymenttest.GoodCard))
				genuine := w.AtBank(t, e, "a")
				r := paymenttest.ReturnOf(t, genuine)
				r.Form = clone(r.Form)
				change(&r)
				_, err := w.Return(t.Context(), r)
				paymenttest.WantCode(t, err, fault.ForgedReturn)
				before := w.Now(t, e.Outcome)
				paymenttest.WantState(t, before, payment.Enrolled)
				if before.Version != e.Payment.Version {
					t.Error("a forged return changed the payment")
				}
				_, err = w.Complete(t.Context(), w.Completion(e, "any"))
				paymenttest.WantCode(t, err, fault.ThreeDSNotCompleted)
				key := w.ComeBack(t, genuine).SecurityKey
				paymenttest.WantState(t, w.MustComplete(t, e, key).Payment, payment.Captured)
			})
		}
		t.Run("unknown_session", func(t *testing.T) {
			r := otherReturn
			r.SessionKey = "unknown"
			_, err := w.Return(t.Context(), r)
			paymenttest.WantCode(t, err, fault.NoSuchThing)
		})
		t.Run("return_brought_to_another_session", func(t *testing.T) {
			victim := w.MustEnrol(t, w.Enrolment(t, paymenttest.GoodCard))
			r := paymenttest.ReturnOf(t, w.AtBank(t, victim, "b"))
			r.Form = otherReturn.Form
			_, err := w.Return(t.Context(), r)
			paymenttest.WantCode(t, err, fault.ForgedReturn)
			paymenttest.WantState(t, w.Now(t, victim.Outcome), payment.Enrolled)
		})
		t.Run("replayed_success_makes_no_second_key", func(t *testing.T) {
			e := w.MustEnrol(t, w.Enrolment(t, paymenttest.GoodCard))
			back := w.AtBank(t, e, "a")
			first, second := w.ComeBack(t, back), w.ComeBack(t, back)
			if first.SecurityKey == "" || second.SecurityKey != first.SecurityKey || second.URL != first.URL {
				t.Errorf("%+v and then %+v", first, second)
			}
			w.MustComplete(t, e, first.SecurityKey)
			if third := w.ComeBack(t, back); third.SecurityKey != first.SecurityKey {
				t.Errorf("after completion: %+v", third)
			}
			w.WantBank(t, e, "sale approved")
		})
		t.Run("success_after_a_failure_is_too_late", func(t *testing.T) {
			e := w.MustEnrol(t, w.Enrolment(t, paymenttest.GoodCard))
			failure := w.AtBank(t, e, "b")
			w.ComeBack(t, failure)
			success := failure
			success.Fields = clone(failure.Fields)
			success.Fields.Set("md_status", "1")
			paymenttest.Sign(success.Fields)
			if r := w.ComeBack(t, success); r.SecurityKey != "" || r.URL != "http://merchant.test/failure" {
				t.Errorf("returned = %+v", r)
			}
			paymenttest.WantState(t, w.Now(t, e.Outcome), payment.Declined)
		})
	})
}
