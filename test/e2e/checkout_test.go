package e2e_test

import (
	"net/http"
	"strings"
	"sync"
	"testing"

	"github.com/vezne/vezne/internal/httpapi/apitest"
	"github.com/vezne/vezne/test/servertest"
)

// testCheckouts attacks the hosted page as a shopper with two tabs, a back button
// and a text editor can.
func testCheckouts(t *testing.T, s *servertest.Server) {
	for name, attack := range map[string]func(*testing.T, *servertest.Server, *shop){
		"two_tabs_are_one_attempt":                  twoTabs,
		"form_from_before_a_payment_changes_it_not": backAfterSuccess,
		"form_from_before_a_decline_charges_not":    backAfterDecline,
		"token_of_another_checkout_is_refused":      foreignToken,
		"return_of_another_checkout_charges_not":    foreignReturn,
		"cancelled_in_another_tab_charges_not":      cancelledMeanwhile,
		"typed_amount_is_not_believed":              typedAmount,
		"typed_count_is_not_believed":               typedCount,
		"card_of_another_customer_is_not_there":     foreignCardToken,
		"checkout_of_another_merchant_is_not_there": foreignCheckout,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			attack(t, s, openShop(t))
		})
	}
}

// finish takes a shopper who is on the way to the bank back to a page.
func finish(t *testing.T, s *servertest.Server, toBank apitest.Form) apitest.Page {
	t.Helper()
	return s.Browse(t, s.Follow(t, s.PassBank(t, toBank, "a")))
}

// wantPaid fails the test unless the checkout was paid by one charge of 100.50, and
// no other was tried.
func wantPaid(t *testing.T, s *servertest.Server, id string) {
	t.Helper()
	wantCharged(t, s, id)
	oneApproved(t, s, result(t, s, id).Text("orderId"))
}

// wantCharged is wantPaid for a checkout that saw a decline before.
func wantCharged(t *testing.T, s *servertest.Server, id string) {
	t.Helper()
	a := result(t, s, id)
	if a.Text("status") != "SUCCESS" || string(a.Members["amount"]) != "100.50" ||
		string(a.Members["installmentCount"]) != "1" {
		t.Fatalf("checkout: %s", a.Body)
	}
	s.CheckBooks(t, servertest.Admin(), a.Text("paymentId"))
}

// wantUnpaid fails the test unless the checkout stands so, and its order has no
// payment that moved money.
func wantUnpaid(t *testing.T, s *servertest.Server, id, status, code string) {
	t.Helper()
	a := result(t, s, id)
	if a.Text("status") != status || a.Text("resultCode") != code {
		t.Errorf("checkout: %s", a.Body)
	}
	if p := a.Text("paymentId"); p != "" {
		if d := s.Detail(t, servertest.Admin(), p); len(d.Ledger) != 0 || string(d.Captured) != "0.00" {
			t.Errorf("payment %s: %s is captured", p, d.Captured)
		}
	}
}

func twoTabs(t *testing.T, s *servertest.Server, home *shop) {
	id, form := sell(t, s, home.url+"/callback")
	forms := []apitest.Form{servertest.TypeCard(form, axessCard), servertest.TypeCard(form, bonusCard)}
	pages := make([]apitest.Page, len(forms))
	var tabs sync.WaitGroup
	for i, f := range forms {
		tabs.Go(func() {
			page, err := f.Post(t.Context(), http.DefaultClient)
			if err != nil || page.Status != http.StatusOK {
				t.Errorf("tab %d: %d %v", i, page.Status, err)
			}
			pages[i] = page
		})
	}
	tabs.Wait()
	// Whichever tab was slower shows how things stand; from there it comes to the
	// same page of the bank.
	toBank := s.FormOf(t, s.Open(t, form.Action))
	home1 := s.Follow(t, s.PassBank(t, toBank, "a"))
	home2 := s.Follow(t, s.PassBank(t, toBank, "a"))
	s.Browse(t, home1)
	s.Browse(t, home2)
	wantPaid(t, s, id)
}

func backAfterSuccess(t *testing.T, s *servertest.Server, home *shop) {
	id, form := sell(t, s, home.url+"/callback")
	typed := servertest.TypeCard(form, axessCard)
	toBank := s.Follow(t, typed)
	back := s.PassBank(t, toBank, "a")
	toPage := s.Follow(t, back)
	s.Browse(t, toPage)
	for name, again := range map[string]apitest.Form{
		"card form": typed, "other card": servertest.TypeCard(form, bonusCard), "bank's return": back, "page's return": toPage,
		"cancel": form.With("action", "cancel"), "another card": form.With("action", "another"),
	} {
		page := s.Browse(t, again)
		if strings.Contains(page.Body, `name="pan"`) {
			t.Errorf("%s: the page asks for a card again", name)
		}
	}
	wantPaid(t, s, id)
}

func backAfterDecline(t *testing.T, s *servertest.Server, home *shop) {
	id, form := sell(t, s, home.url+"/callback")
	finish(t, s, s.Follow(t, servertest.TypeCard(form, brokeCard)))
	wantUnpaid(t, s, id, "PENDING", "WAITING_FOR_PAYMENT")
	page := s.Browse(t, servertest.TypeCard(form, axessCard))
	wantUnpaid(t, s, id, "PENDING", "WAITING_FOR_PAYMENT")
	finish(t, s, s.Follow(t, servertest.TypeCard(s.FormOf(t, page), axessCard)))
	wantCharged(t, s, id)
}

func foreignToken(t *testing.T, s *servertest.Server, home *shop) {
	id, form := sell(t, s, home.url+"/callback")
	_, other := sellAs(t, s, home, t.Name()+"/other", "")
	for _, action := range []string{"", "cancel", "installments"} {
		page := s.Browse(t, servertest.TypeCard(form, axessCard).With("token", other.Fields.Get("token")).With("action", action))
		if page.Status != http.StatusForbidden {
			t.Errorf("%q: status %d", action, page.Status)
		}
	}
	wantUnpaid(t, s, id, "PENDING", "WAITING_FOR_PAYMENT")
}

// foreignReturn brings the key of one checkout to another whose shopper is at the
// bank as well.
func foreignReturn(t *testing.T, s *servertest.Server, home *shop) {
	cheap, form := sell(t, s, home.url+"/callback")
	dear, otherForm := sellAs(t, s, home, t.Name()+"/other", "")
	toPage := s.Follow(t, s.PassBank(t, s.Follow(t, servertest.TypeCard(form, axessCard)), "a"))
	other := s.Follow(t, servertest.TypeCard(otherForm, axessCard))
	stolen := toPage
	stolen.Action = otherForm.Action + "/return"
	s.Browse(t, stolen)
	s.Browse(t, stolen.With("paymentId", result(t, s, dear).Text("paymentId")))
	wantUnpaid(t, s, dear, "ENROLLED", "AWAITING_3DS")
	s.Browse(t, toPage)
	wantPaid(t, s, cheap)
	finish(t, s, other)
	wantPaid(t, s, dear)
}

func cancelledMeanwhile(t *testing.T, s *servertest.Server, home *shop) {
	id, form := sell(t, s, home.url+"/callback")
	toBank := s.Follow(t, servertest.TypeCard(form, axessCard))
	var leave apitest.Form
	for _, text := range strings.SplitAfter(s.Open(t, form.Action).Body, "</form>") {
		if f, err := apitest.ReadForm(text); err == nil && f.Fields.Get("token") != "" {
			leave = f
		}
	}
	leave.Action = form.Action
	s.Browse(t, leave.With("action", "cancel"))
	wantUnpaid(t, s, id, "FAILED", "CHECKOUT_CANCELLED")
	finish(t, s, toBank)
	wantUnpaid(t, s, id, "FAILED", "CHECKOUT_CANCELLED")
}

func typedAmount(t *testing.T, s *servertest.Server, home *shop) {
	id, form := sell(t, s, home.url+"/callback")
	form = servertest.TypeCard(form, axessCard)
	for _, name := range []string{"amount", "price", "total", "Amount"} {
		form = form.With(name, "1.00")
	}
	form = form.With("currency", "USD").With("callback", "https://evil.example/").With("interestPaidByCustomer", "false")
	toBank := s.Follow(t, form)
	back := s.PassBank(t, toBank, "a")
	if page := s.Browse(t, back.With("amount", "100")); page.Status != http.StatusBadRequest {
		t.Errorf("a return with another amount: %d", page.Status)
	}
	wantUnpaid(t, s, id, "ENROLLED", "AWAITING_3DS")
	page := s.Browse(t, s.Follow(t, back))
	if strings.Contains(page.Body, "evil.example") || !strings.Contains(page.Body, home.url+"/callback") {
		t.Error("the shopper is led elsewhere")
	}
	wantPaid(t, s, id)
}

func typedCount(t *testing.T, s *servertest.Server, home *shop) {
	id, form := sell(t, s, home.url+"/callback") // at most 3
	for count, card := range map[string]string{"12": axessCard, "6": axessCard, "2": foreignCard, "0": axessCard, "-3": axessCard, "1e1": axessCard} {
		page := s.Browse(t, servertest.TypeCard(form, card).With("installmentCount", count))
		if page.Status != http.StatusUnprocessableEntity {
			t.Errorf("count %s: status %d", count, page.Status)
		}
		form = s.FormOf(t, page)
	}
	wantUnpaid(t, s, id, "PENDING", "WAITING_FOR_PAYMENT")
	finish(t, s, s.Follow(t, servertest.TypeCard(form, axessCard)))
	wantPaid(t, s, id)
}

// sellAs is sell for an order and a customer.
func sellAs(t *testing.T, s *servertest.Server, home *shop, order, customer string) (string, apitest.Form) {
	t.Helper()
	who := "null"
	if customer != "" {
		who = quoted(customer)
	}
	a, _ := s.Send(t, post("/api/checkout", `{"orderId":`+quoted(order)+`,"amount":100.50,"currency":"TRY","description":"Two tickets","callback":`+
		quoted(home.url+"/callback")+`,"customerId":`+who+`}`))
	if a.Status != http.StatusOK {
		t.Fatalf("checkout: %d %s", a.Status, a.Body)
	}
	return a.Text("checkoutId"), s.FormOf(t, s.Open(t, a.Text("redirectUrl")))
}

func foreignCardToken(t *testing.T, s *servertest.Server, home *shop) {
	id, form := sellAs(t, s, home, t.Name()+"/kept", "CUST-OWNER")
	finish(t, s, s.Follow(t, servertest.TypeCard(form, axessCard).With("saveCard", "1")))
	wantPaid(t, s, id)
	_, form = sellAs(t, s, home, t.Name()+"/owner", "CUST-OWNER")
	_, token, _ := strings.Cut(s.Open(t, form.Action).Body, `name="storedCard" value="`)
	token, _, _ = strings.Cut(token, `"`)
	if token == "" {
		t.Fatal("no card was kept")
	}
	for name, customer := range map[string]string{"thief": "CUST-THIEF", "guest": ""} {
		id, form := sellAs(t, s, home, t.Name()+"/"+name, customer)
		theft := form.With("storedCard", token).With("cvv", "916").With("installmentCount", "1")
		if page := s.Browse(t, theft); page.Status != http.StatusNotFound {
			t.Errorf("%s: status %d", name, page.Status)
		}
		s.Browse(t, form.With("action", "remove").With("card", token))
		wantUnpaid(t, s, id, "PENDING", "WAITING_FOR_PAYMENT")
	}
	if !strings.Contains(s.Open(t, form.Action).Body, token) {
		t.Error("the card is gone")
	}
}

func foreignCheckout(t *testing.T, s *servertest.Server, home *shop) {
	id, _ := sell(t, s, home.url+"/callback")
	for _, one := range []string{id, "0198b5a0-3f5e-4c6a-9d2b-1f0c5a7e4d21", "nothing"} {
		a, _ := s.Send(t, servertest.Request{Method: http.MethodGet, Path: "/api/checkout/" + one, As: servertest.OtherMerchant()})
		if a.Status != http.StatusNotFound || a.Text("resultCode") != "NOT_FOUND" {
			t.Errorf("%d %s", a.Status, a.Body)
		}
	}
}
