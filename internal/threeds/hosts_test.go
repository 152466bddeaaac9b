package threeds_test

import (
	"testing"
	"time"

	"github.com/vezne/vezne/internal/connector"
	"github.com/vezne/vezne/internal/fault"
	"github.com/vezne/vezne/internal/payment"
	"github.com/vezne/vezne/internal/payment/paymenttest"
	"github.com/vezne/vezne/internal/threeds"
)

func TestHosts(t *testing.T) {
	t.Parallel()
	onSQLite(t, func(t *testing.T, w *world) {
		w.Hosts = "merchant.test other.test"
		t.Run("each_address_off_the_list_is_named", func(t *testing.T) {
			for name, change := range map[string]func(*threeds.Enrol){
				"successUrl": func(c *threeds.Enrol) { c.SuccessURL = "http://evil.test/success" },
				"failureUrl": func(c *threeds.Enrol) { c.FailureURL = "http://merchant.test.evil.test/" },
			} {
				c := w.Enrolment(t, paymenttest.GoodCard)
				change(&c)
				_, err := w.Enrol(t.Context(), c)
				paymenttest.WantCode(t, err, fault.URLNotAllowed)
				if fields := fault.From(err).Fields; len(fields) != 1 || fields[0].Name != name {
					t.Errorf("fields %+v, want %s", fields, name)
				}
				if _, err := w.Store.OrderHolder(t.Context(), paymenttest.DemoMerchant, c.OrderRef); fault.CodeOf(err) != fault.NoSuchThing {
					t.Errorf("the order is held: %v", err)
				}
				if page, _, err := w.Store.Payments(t.Context(), paymenttest.DemoMerchant, payment.Filter{OrderRef: c.OrderRef, Limit: 1}); err != nil || len(page) != 0 {
					t.Errorf("%d payments were stored, %v", len(page), err)
				}
			}
		})
		t.Run("page_of_our_own_needs_no_place_on_the_list", func(t *testing.T) {
			c := w.Enrolment(t, paymenttest.GoodCard)
			c.SuccessURL, c.FailureURL = paymenttest.PublicURL+"/checkout-link/1/return", paymenttest.PublicURL+"/checkout-link/1/return"
			e, r := w.Authenticated(t, c)
			paymenttest.WantState(t, w.MustComplete(t, e, r.SecurityKey).Payment, payment.Captured)
		})
		t.Run("address_that_fell_off_the_list_meanwhile_gets_no_payer_and_no_money", func(t *testing.T) {
			c := w.Enrolment(t, paymenttest.GoodCard)
			e := w.MustEnrol(t, c)
			back := w.AtBank(t, e, "a")
			w.Hosts = "other.test"
			for range 2 {
				r, err := w.Return(t.Context(), paymenttest.ReturnOf(t, back))
				paymenttest.WantCode(t, err, fault.URLNotAllowed)
				if r.SecurityKey != "" || r.URL != "" {
					t.Errorf("the payer is sent on with %+v", r)
				}
			}
			w.Hosts = ""
			w.Clock.Advance(31 * time.Minute) // longer than authentication and key may take
			w.RunJobs(t)
			paymenttest.WantReason(t, w.Now(t, e.Outcome), connector.ThreeDSExpired)
			w.WantBank(t, e, "")
			w.WantNothingBooked(t, e)
		})
		t.Run("repeated_request_gets_its_first_answer", func(t *testing.T) {
			c := w.Enrolment(t, paymenttest.GoodCard)
			c.Key = paymenttest.KeyNamed("hosts")
			e := w.MustEnrol(t, c)
			w.Hosts = "other.test"
			defer func() { w.Hosts = "" }()
			if again := w.MustEnrol(t, c); !again.Replayed || again.Payment.UUID != e.Payment.UUID {
				t.Errorf("replayed %t", again.Replayed)
			}
		})
	})
}
