package e2e_test

import (
	"net/http"
	"strings"
	"testing"

	"github.com/vezne/vezne/internal/httpapi/apitest"
	"github.com/vezne/vezne/test/servertest"
)

// shop is a merchant's own server.
type shop struct {
	*servertest.Shop
	url string // as the merchant tells it
}

func openShop(t *testing.T) *shop {
	t.Helper()
	home := servertest.OpenShop(t)
	return &shop{home, home.URL}
}

// secured is charge with what 3-D Secure adds.
func (s *shop) secured(changes ...string) string {
	return charge(append([]string{
		"successUrl", quoted(s.url + "/success"), "failureUrl", quoted(s.url + "/failure"),
	}, changes...)...)
}

// enrolled is the answer to an enrolment that must work.
func enrolled(t *testing.T, s *servertest.Server, body string) (string, apitest.Form) {
	t.Helper()
	a, ok := s.Send(t, post("/api/3ds", body))
	if !ok || a.Status != http.StatusOK || string(a.Members["success"]) != "true" || a.Text("resultCode") != "SUCCESS" {
		t.Fatalf("enrolment: %d %s", a.Status, a.Body)
	}
	form, err := apitest.ReadForm(a.Text("htmlContent"))
	if err != nil {
		t.Fatalf("%v: %s", err, a.Body)
	}
	return a.Text("paymentId"), form
}

// authenticate takes a browser from htmlContent through the bank and back to the
// shop, and returns the form with which the bank sent it back.
func authenticate(t *testing.T, s *servertest.Server, html apitest.Form, password string) apitest.Form {
	t.Helper()
	back := s.PassBank(t, html, password)
	s.Browse(t, s.Follow(t, back))
	return back
}

func completion(id, key string) servertest.Request {
	return post("/api/3ds/"+id+"/complete", `{"securityKey":`+quoted(key)+`}`)
}

// testThreeDS pays with 3-D Secure from enrolment to capture without a browser.
func testThreeDS(t *testing.T, s *servertest.Server) {
	t.Run("installments_are_charged_as_offered", func(t *testing.T) {
		t.Parallel()
		shop := openShop(t)
		offer, _ := s.Send(t, post("/api/installment-options", `{"amount":1000.00,"currency":"TRY","pan":"542119","interestPaidByCustomer":true}`))
		for _, want := range []string{
			`{"installmentCount":2,"installmentAmount":510.00,"currency":"TRY","interestAmount":20.00,"totalAmount":1020.00}`,
			`{"installmentCount":3,"installmentAmount":345.00,"currency":"TRY","interestAmount":35.00,"totalAmount":1035.00}`,
		} {
			if !strings.Contains(offer.Body, want) {
				t.Fatalf("offer has no %s: %s", want, offer.Body)
			}
		}
		id, html := enrolled(t, s, shop.secured("orderId", quoted(t.Name()), "amount", "1000.00", "installmentCount", "3", "interestPaidByCustomer", "true"))
		look := servertest.Request{Method: http.MethodGet, Path: "/api/payment/" + id, As: servertest.Merchant()}
		if a, _ := s.Send(t, look); a.Text("status") != "ENROLLED" || a.Text("resultCode") != "AWAITING_3DS" {
			t.Errorf("at the bank: %s", a.Body)
		}
		if a, _ := s.Send(t, completion(id, "early")); a.Status != http.StatusConflict ||
			a.Text("resultCode") != "THREEDS_NOT_COMPLETED" {
			t.Errorf("too early: %d %s", a.Status, a.Body)
		}
		authenticate(t, s, html, "a")
		form := shop.Got("/success")
		if len(form) != 2 || form.Get("paymentId") != id || form.Get("securityKey") == "" || shop.Got("/failure") != nil {
			t.Fatalf("the shop got %v", form)
		}
		if a, _ := s.Send(t, completion(id, "wrong")); a.Status != http.StatusBadRequest ||
			a.Text("resultCode") != "INVALID_SECURITY_KEY" {
			t.Errorf("wrong key: %d %s", a.Status, a.Body)
		}
		a, _ := s.Send(t, completion(id, form.Get("securityKey")))
		if a.Text("status") != "SUCCESS" || string(a.Members["amount"]) != "1035.00" ||
			string(a.Members["installmentCount"]) != "3" {
			t.Fatalf("complete: %d %s", a.Status, a.Body)
		}
		again, _ := s.Send(t, completion(id, form.Get("securityKey")))
		if again.Header.Get("Idempotent-Replayed") != "true" || again.Body != a.Body {
			t.Errorf("complete again: %s", again.Body)
		}
		s.CheckBooks(t, servertest.Admin(), id)
		direct, _ := s.Send(t, payment(charge("orderId", quoted(t.Name()), "amount", "1000.00"), ""))
		if direct.Status != http.StatusConflict || direct.Text("resultCode") != "ORDER_ALREADY_PAID" {
			t.Errorf("direct payment: %d %s", direct.Status, direct.Body)
		}
	})
	t.Run("refused_payer_goes_to_the_failure_page", func(t *testing.T) {
		t.Parallel()
		shop := openShop(t)
		id, html := enrolled(t, s, shop.secured("orderId", quoted(t.Name())))
		authenticate(t, s, html, "b")
		form := shop.Got("/failure")
		if len(form) != 3 || form.Get("paymentId") != id || form.Get("resultCode") != "THREEDS_FAILED" ||
			form.Get("resultMessage") == "" {
			t.Errorf("the shop got %v", form)
		}
		if a, _ := s.Send(t, completion(id, "any")); a.Text("status") != "FAILED" ||
			a.Text("resultCode") != "THREEDS_FAILED" {
			t.Errorf("complete: %s", a.Body)
		}
	})
	t.Run("crowd_of_completes_charges_once", func(t *testing.T) {
		t.Parallel()
		shop := openShop(t)
		id, html := enrolled(t, s, shop.secured("orderId", quoted(t.Name())))
		authenticate(t, s, html, "a")
		requests := make([]servertest.Request, crowd)
		for i := range requests {
			requests[i] = completion(id, shop.Got("/success").Get("securityKey"))
		}
		answers := race(t, s, requests)
		if n := count(answers, func(a servertest.Answer) bool { return won(a) && a.Header.Get("Idempotent-Replayed") == "" }); n != 1 {
			t.Errorf("%d completes charged", n)
		}
		oneApproved(t, s, t.Name())
	})
	t.Run("altered_returns_are_pages_that_change_nothing", func(t *testing.T) {
		t.Parallel()
		shop := openShop(t)
		id, html := enrolled(t, s, shop.secured("orderId", quoted(t.Name())))
		back := s.PassBank(t, html, "a")
		for name := range back.Fields {
			page := s.Browse(t, back.With(name, back.Fields.Get(name)+"1"))
			if page.Status != http.StatusBadRequest || !strings.Contains(page.Header.Get("Content-Type"), "text/html") ||
				strings.Contains(page.Body, "<form") {
				t.Errorf("%s changed: %d %s", name, page.Status, page.Body)
			}
		}
		unknown := back
		unknown.Action += "x"
		if page := s.Browse(t, unknown); page.Status != http.StatusNotFound {
			t.Errorf("unknown session: %d", page.Status)
		}
		if a, _ := s.Send(t, completion(id, "any")); a.Text("resultCode") != "THREEDS_NOT_COMPLETED" {
			t.Errorf("after altered returns: %s", a.Body)
		}
	})
	t.Run("repeated_enrolment_has_the_same_html", func(t *testing.T) {
		t.Parallel()
		request := post("/api/3ds", openShop(t).secured("orderId", quoted(t.Name())))
		request.Header = map[string]string{"Idempotency-Key": t.Name()}
		first, _ := s.Send(t, request)
		second, _ := s.Send(t, request)
		if first.Status != http.StatusOK || second.Header.Get("Idempotent-Replayed") != "true" || first.Body != second.Body {
			t.Errorf("%s and then %s", first.Body, second.Body)
		}
	})
	for name, r := range map[string]struct{ card, code string }{
		"card_that_cannot_begin":       {"5117580000006668", "THREEDS_INIT_ERROR"},
		"card_that_nobody_knows":       {"4242424242424242", "CARD_NOT_PERMITTED"},
		"card_that_fails_when_charged": {"5101520000006662", "STOLEN_CARD"},
		"card_that_is_only_attempted":  {"5117280000006665", "THREEDS_FAILED"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			shop := openShop(t)
			a, _ := s.Send(t, post("/api/3ds", shop.secured("orderId", quoted(t.Name()), "pan", quoted(r.card))))
			id := a.Text("paymentId")
			if string(a.Members["success"]) == "true" {
				form, err := apitest.ReadForm(a.Text("htmlContent"))
				if err != nil {
					t.Fatal(err)
				}
				authenticate(t, s, form, "a")
				key := shop.Got("/success").Get("securityKey")
				if key == "" {
					key = "none"
				}
				a, _ = s.Send(t, completion(id, key))
			} else if string(a.Members["htmlContent"]) != "null" {
				t.Errorf("refused with %s", a.Body)
			}
			if a.Text("resultCode") != r.code {
				t.Errorf("%d %s, want %s", a.Status, a.Body, r.code)
			}
			found, _ := s.Send(t, servertest.Request{Method: http.MethodGet, Path: "/api/payment/" + id, As: servertest.Merchant()})
			if found.Text("status") != "FAILED" {
				t.Errorf("payment: %s", found.Body)
			}
		})
	}
	t.Run("count_that_is_not_on_offer", func(t *testing.T) {
		t.Parallel()
		a, _ := s.Send(t, post("/api/3ds", openShop(t).secured("orderId", quoted(t.Name()), "installmentCount", "5")))
		if a.Status != http.StatusBadRequest || a.Text("resultCode") != "INSTALLMENT_NOT_AVAILABLE" ||
			!strings.Contains(a.Text("resultMessage"), "1, 2, 3, 6, 9, 12") {
			t.Errorf("%d %s", a.Status, a.Body)
		}
	})
	t.Run("address_that_is_not_allowed", func(t *testing.T) {
		t.Parallel()
		a, _ := s.Send(t, post("/api/3ds", openShop(t).secured("orderId", quoted(t.Name()), "successUrl", quoted("https://169.254.169.254/"))))
		if a.Status != http.StatusBadRequest || a.Text("resultCode") != "URL_NOT_ALLOWED" {
			t.Errorf("%d %s", a.Status, a.Body)
		}
	})
}
