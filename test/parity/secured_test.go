package parity_test

import (
	"net/http"
	"testing"

	"github.com/vezne/vezne/internal/httpapi/apitest"
	"github.com/vezne/vezne/test/servertest"
)

// secured is the gateway API, paid with 3-D Secure: enrolment, the bank's page by
// form posts, the shop's page, completion.
type secured struct{ gateway }

func (s secured) pay(t *testing.T, o order) string {
	t.Helper()
	shop := servertest.OpenShop(t)
	a := s.send(t, http.MethodPost, "/api/3ds", "{"+o.members()+`,"installmentCount":`+o.installments()+
		`,"interestPaidByCustomer":true,"successUrl":"`+shop.URL+`/success","failureUrl":"`+shop.URL+`/failure"}`)
	id := a.Text("paymentId")
	if string(a.Members["success"]) != "true" {
		return id
	}
	toBank, err := apitest.ReadForm(a.Text("htmlContent"))
	if err != nil {
		t.Fatal(err)
	}
	s.server.Browse(t, s.server.Follow(t, back(t, s.server, toBank, o)))
	form := shop.Got("/success")
	if form == nil {
		form = shop.Got("/failure")
	}
	if form.Get("paymentId") != id {
		t.Fatalf("the shop got %v", form)
	}
	if key := form.Get("securityKey"); key != "" {
		o.ask()
		s.post(t, "/api/3ds/"+id+"/complete", `{"securityKey":"`+key+`"}`)
	}
	return id
}

// back goes past the bank's page and returns the form that leads back.
func back(t *testing.T, s *servertest.Server, toBank apitest.Form, o order) apitest.Form {
	t.Helper()
	password := o.password
	if password == "" {
		password = "a"
	}
	return s.PassBank(t, toBank, password)
}

// hosted is the gateway API's checkout, paid on its page by form posts.
type hosted struct {
	gateway
	threeDS bool
}

func (h hosted) pay(t *testing.T, o order) string {
	t.Helper()
	shop := servertest.OpenShop(t)
	a := h.send(t, http.MethodPost, "/api/checkout", `{"orderId":"`+o.ref+`","amount":`+o.amount+
		`,"currency":"TRY","description":"Two tickets","callback":"`+shop.URL+`/callback","maxInstallmentCount":12,"interestPaidByCustomer":true}`)
	form := servertest.TypeCard(h.server.FormOf(t, h.server.Open(t, a.Text("redirectUrl"))), o.card).
		With("installmentCount", o.installments())
	if !h.threeDS {
		o.ask()
	}
	page := h.server.Browse(t, form)
	look := func() servertest.Answer { return h.send(t, http.MethodGet, "/api/checkout/"+a.Text("checkoutId"), "") }
	if look().Text("resultCode") == "AWAITING_3DS" {
		form = h.server.Follow(t, back(t, h.server, h.server.FormOf(t, page), o))
		o.ask()
		h.server.Browse(t, form)
	}
	return look().Text("paymentId")
}
