package e2e_test

import (
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/vezne/vezne/internal/httpapi/apitest"
	"github.com/vezne/vezne/internal/storage/storetest"
	"github.com/vezne/vezne/test/servertest"
)

// The cards that get a soft decline without 3-D Secure (docs/sandbox.md).
const (
	softCard  = "5209320000006668"
	debitOnly = "5342530000006660"
)

// demoWith writes the demo's data with more said about its first merchant.
func demoWith(t *testing.T, more string) string {
	t.Helper()
	demo, err := os.ReadFile("../../internal/fixture/demo.yaml")
	if err != nil {
		t.Fatal(err)
	}
	file := strings.Replace(string(demo), "    name: Demo Market\n", "    name: Demo Market\n"+more, 1)
	path := filepath.Join(t.TempDir(), "fixtures.yaml")
	if err := os.WriteFile(path, []byte(file), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// sell makes a checkout and returns its id and the card form of its page.
func sell(t *testing.T, s *servertest.Server, callback string) (string, apitest.Form) {
	t.Helper()
	a, _ := s.Send(t, post("/api/checkout", `{"orderId":`+quoted(t.Name())+`,"amount":100.50,"currency":"TRY","description":"Two tickets","callback":`+
		quoted(callback)+`,"maxInstallmentCount":3}`))
	if a.Status != http.StatusOK {
		t.Fatalf("checkout: %d %s", a.Status, a.Body)
	}
	return a.Text("checkoutId"), s.FormOf(t, s.Open(t, a.Text("redirectUrl")))
}

func result(t *testing.T, s *servertest.Server, id string) servertest.Answer {
	t.Helper()
	a, _ := s.Send(t, servertest.Request{Method: http.MethodGet, Path: "/api/checkout/" + id, As: servertest.Merchant()})
	return a
}

// TestSecurePolicies serves a merchant who has switched 3-D Secure off on the
// hosted page and keeps a list of hosts.
func TestSecurePolicies(t *testing.T) {
	t.Parallel()
	fixtures := demoWith(t, "    hosts: [localhost]\n    checkout: {without_3ds: true}\n")
	for _, engine := range storetest.Engines {
		t.Run(string(engine), func(t *testing.T) {
			t.Parallel()
			s := servertest.Start(t, servertest.Options{Engine: engine, Args: []string{"--fixtures", fixtures}})
			t.Run("soft_decline_of_the_bank_names_3ds_and_the_order_is_paid_with_it",
				func(t *testing.T) { testSoftDecline(t, s) })
			t.Run("hosted_page_goes_on_to_3ds_without_asking_for_the_card_again",
				func(t *testing.T) { testPageSoftDecline(t, s) })
			t.Run("addresses_off_the_list_of_hosts_are_refused", func(t *testing.T) { testHosts(t, s) })
		})
	}
}

// local is a shop whose address is on the list of hosts.
func local(t *testing.T) *shop {
	t.Helper()
	home := openShop(t)
	home.url = strings.Replace(home.url, "127.0.0.1", "localhost", 1)
	return home
}

func testSoftDecline(t *testing.T, s *servertest.Server) {
	for number, code := range map[string]string{softCard: "REQUIRES_3DS", debitOnly: "DEBIT_CARDS_REQUIRES_3DS"} {
		order := quoted(t.Name() + code)
		a, _ := s.Send(t, payment(charge("orderId", order, "pan", quoted(number)), ""))
		if a.Status != http.StatusOK || a.Text("status") != "FAILED" || a.Text("resultCode") != code {
			t.Fatalf("direct payment: %d %s", a.Status, a.Body)
		}
		if d := s.Detail(t, servertest.Admin(), a.Text("paymentId")); len(d.Operations) != 1 ||
			len(d.Routing.Candidates) < 2 {
			t.Errorf("%d of %d banks were asked", len(d.Operations), len(d.Routing.Candidates))
		}
		home := local(t)
		id, html := enrolled(t, s, home.secured("orderId", order, "pan", quoted(number)))
		authenticate(t, s, html, "a")
		if a, _ := s.Send(t, completion(id, home.Got("/success").Get("securityKey"))); a.Text("status") != "SUCCESS" {
			t.Errorf("complete: %d %s", a.Status, a.Body)
		}
		s.CheckBooks(t, servertest.Admin(), id)
	}
}

func testPageSoftDecline(t *testing.T, s *servertest.Server) {
	t.Run("card_that_the_bank_takes_directly", func(t *testing.T) {
		id, form := sell(t, s, local(t).url+"/callback")
		s.Browse(t, servertest.TypeCard(form, axessCard))
		if a := result(t, s, id); a.Text("status") != "SUCCESS" {
			t.Errorf("checkout: %s", a.Body)
		}
	})
	t.Run("card_that_gets_a_soft_decline", func(t *testing.T) {
		id, form := sell(t, s, local(t).url+"/callback")
		toBank := s.FormOf(t, s.Browse(t, servertest.TypeCard(form, softCard)))
		if a := result(t, s, id); a.Text("status") != "ENROLLED" || a.Text("resultCode") != "AWAITING_3DS" {
			t.Fatalf("checkout: %s", a.Body)
		}
		back := s.PassBank(t, toBank, "a")
		s.Browse(t, s.Follow(t, back))
		a := result(t, s, id)
		if a.Text("status") != "SUCCESS" {
			t.Fatalf("checkout: %s", a.Body)
		}
		s.CheckBooks(t, servertest.Admin(), a.Text("paymentId"))
	})
}

func testHosts(t *testing.T, s *servertest.Server) {
	elsewhere := quoted("http://127.0.0.1:1/shop")
	for _, name := range []string{"successUrl", "failureUrl"} {
		a, _ := s.Send(t, post("/api/3ds", local(t).secured("orderId", quoted(t.Name()), name, elsewhere)))
		if a.Status != http.StatusBadRequest || a.Text("resultCode") != "URL_NOT_ALLOWED" ||
			!strings.Contains(a.Body, `"field":"`+name+`"`) {
			t.Errorf("%s: %d %s", name, a.Status, a.Body)
		}
	}
	a, _ := s.Send(t, post("/api/checkout", `{"orderId":"elsewhere","amount":1.00,"currency":"TRY","description":"x","callback":`+elsewhere+`}`))
	if a.Status != http.StatusBadRequest || a.Text("resultCode") != "URL_NOT_ALLOWED" {
		t.Errorf("checkout: %d %s", a.Status, a.Body)
	}
}
