package payment_test

import (
	"testing"
	"time"

	"github.com/vezne/vezne/internal/connector"
	"github.com/vezne/vezne/internal/fault"
	"github.com/vezne/vezne/internal/payment"
)

func TestHosts(t *testing.T) {
	t.Parallel()
	eachEngine(t, func(t *testing.T, w *world) {
		w.hosts = "merchant.test other.test"
		t.Run("each_address_off_the_list_is_named", func(t *testing.T) {
			for name, change := range map[string]func(*payment.Enrol){
				"successUrl": func(c *payment.Enrol) { c.SuccessURL = "http://evil.test/success" },
				"failureUrl": func(c *payment.Enrol) { c.FailureURL = "http://merchant.test.evil.test/" },
			} {
				c := w.enrolment(t, goodCard)
				change(&c)
				_, err := w.Enrol(t.Context(), c)
				wantCode(t, err, fault.URLNotAllowed)
				if fields := fault.From(err).Fields; len(fields) != 1 || fields[0].Name != name {
					t.Errorf("fields %+v, want %s", fields, name)
				}
				if _, err := w.store.OrderHolder(t.Context(), demoMerchant, c.OrderRef); fault.CodeOf(err) != fault.NoSuchThing {
					t.Errorf("the order is held: %v", err)
				}
				if page, _, err := w.store.Payments(t.Context(), demoMerchant, payment.Filter{OrderRef: c.OrderRef, Limit: 1}); err != nil || len(page) != 0 {
					t.Errorf("%d payments were stored, %v", len(page), err)
				}
			}
		})
		t.Run("page_of_our_own_needs_no_place_on_the_list", func(t *testing.T) {
			c := w.enrolment(t, goodCard)
			c.SuccessURL, c.FailureURL = publicURL+"/checkout-link/1/return", publicURL+"/checkout-link/1/return"
			e, r := w.authenticated(t, c)
			wantState(t, w.mustComplete(t, e, r.SecurityKey).Payment, payment.Captured)
		})
		t.Run("address_that_fell_off_the_list_meanwhile_gets_no_payer_and_no_money", func(t *testing.T) {
			c := w.enrolment(t, goodCard)
			e := w.mustEnrol(t, c)
			back := w.atBank(t, e, "a")
			w.hosts = "other.test"
			for range 2 {
				r, err := w.Return(t.Context(), returnOf(t, back))
				wantCode(t, err, fault.URLNotAllowed)
				if r.SecurityKey != "" || r.URL != "" {
					t.Errorf("the payer is sent on with %+v", r)
				}
			}
			w.hosts = ""
			w.clock.Advance(31 * time.Minute) // longer than authentication and key may take
			w.runJobs(t)
			wantReason(t, w.now(t, e.Outcome), connector.ThreeDSExpired)
			w.wantBank(t, e, "")
			w.wantNothingBooked(t, e)
		})
		t.Run("repeated_request_gets_its_first_answer", func(t *testing.T) {
			c := w.enrolment(t, goodCard)
			c.Key = keyNamed("hosts")
			e := w.mustEnrol(t, c)
			w.hosts = "other.test"
			defer func() { w.hosts = "" }()
			if again := w.mustEnrol(t, c); !again.Replayed || again.Payment.UUID != e.Payment.UUID {
				t.Errorf("replayed %t", again.Replayed)
			}
		})
	})
}
