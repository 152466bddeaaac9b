package e2e_test

import (
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync"
	"testing"

	"github.com/vezne/vezne/internal/httpapi/apitest"
	"github.com/vezne/vezne/test/servertest"
)

// shop is a merchant's own server: it remembers what browsers bring.
type shop struct {
	url  string
	mu   sync.Mutex
	seen map[string]url.Values // by path
}

func openShop(t *testing.T) *shop {
	t.Helper()
	s := &shop{seen: map[string]url.Values{}}
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if err := r.ParseForm(); err != nil || r.Method != http.MethodPost {
			w.WriteHeader(http.StatusBadRequest)
			return
		}
		s.mu.Lock()
		defer s.mu.Unlock()
		s.seen[r.URL.Path] = r.PostForm
	}))
	t.Cleanup(server.Close)
	s.url = server.URL
	return s
}

func (s *shop) got(path string) url.Values {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.seen[path]
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

// follow posts a form as a browser does, and reads the next page's.
func follow(t *testing.T, f apitest.Form) apitest.Form {
	t.Helper()
	next, err := apitest.ReadForm(browse(t, f).Body)
	if err != nil {
		t.Fatal(err)
	}
	return next
}

func browse(t *testing.T, f apitest.Form) apitest.Page {
	t.Helper()
	page, err := f.Post(t.Context(), http.DefaultClient)
	if err != nil {
		t.Fatal(err)
	}
	if page.Status >= http.StatusInternalServerError || strings.Contains(page.Body, "goroutine ") {
		t.Fatalf("status %d: %s", page.Status, page.Body)
	}
	return page
}

// authenticate takes a browser from htmlContent through the bank and back to the
// shop, and returns the form with which the bank sent it back.
func authenticate(t *testing.T, html apitest.Form, password string) apitest.Form {
	t.Helper()
	back := follow(t, follow(t, html).With("password", password))
	browse(t, follow(t, back))
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
		if a, _ := s.Send(t, completion(id, "early")); a.Status != http.StatusConflict || a.Text("resultCode") != "THREEDS_NOT_COMPLETED" {
			t.Errorf("too early: %d %s", a.Status, a.Body)
		}
		authenticate(t, html, "a")
		form := shop.got("/success")
		if len(form) != 2 || form.Get("paymentId") != id || form.Get("securityKey") == "" || shop.got("/failure") != nil {
			t.Fatalf("the shop got %v", shop.seen)
		}
		if a, _ := s.Send(t, completion(id, "wrong")); a.Status != http.StatusBadRequest || a.Text("resultCode") != "INVALID_SECURITY_KEY" {
			t.Errorf("wrong key: %d %s", a.Status, a.Body)
		}
		a, _ := s.Send(t, completion(id, form.Get("securityKey")))
		if a.Text("status") != "SUCCESS" || string(a.Members["amount"]) != "1035.00" || string(a.Members["installmentCount"]) != "3" {
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
		authenticate(t, html, "b")
		form := shop.got("/failure")
		if len(form) != 3 || form.Get("paymentId") != id || form.Get("resultCode") != "THREEDS_FAILED" || form.Get("resultMessage") == "" {
			t.Errorf("the shop got %v", shop.seen)
		}
		if a, _ := s.Send(t, completion(id, "any")); a.Text("status") != "FAILED" || a.Text("resultCode") != "THREEDS_FAILED" {
			t.Errorf("complete: %s", a.Body)
		}
	})
	t.Run("crowd_of_completes_charges_once", func(t *testing.T) {
		t.Parallel()
		shop := openShop(t)
		id, html := enrolled(t, s, shop.secured("orderId", quoted(t.Name())))
		authenticate(t, html, "a")
		requests := make([]servertest.Request, crowd)
		for i := range requests {
			requests[i] = completion(id, shop.got("/success").Get("securityKey"))
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
		back := follow(t, follow(t, html).With("password", "a"))
		for name := range back.Fields {
			page := browse(t, back.With(name, back.Fields.Get(name)+"1"))
			if page.Status != http.StatusBadRequest || !strings.Contains(page.Header.Get("Content-Type"), "text/html") || strings.Contains(page.Body, "<form") {
				t.Errorf("%s changed: %d %s", name, page.Status, page.Body)
			}
		}
		unknown := back
		unknown.Action += "x"
		if page := browse(t, unknown); page.Status != http.StatusNotFound {
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
				authenticate(t, form, "a")
				key := shop.got("/success").Get("securityKey")
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
		if a.Status != http.StatusBadRequest || a.Text("resultCode") != "INSTALLMENT_NOT_AVAILABLE" || !strings.Contains(a.Text("resultMessage"), "1, 2, 3, 6, 9, 12") {
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
