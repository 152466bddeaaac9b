// Package parity tells the same business stories through every public API and
// expects the same payments, the same entries in the books and the same audit
// rows: the doors must not differ in what they do, only in how they say it.
package parity_test

import (
	"net/http"
	"testing"

	"github.com/vezne/vezne/test/servertest"
)

// order is a payment as every surface can ask for it; the amounts of a story
// are in lira.
type order struct {
	ref    string
	amount string
	card   string
}

// surface is one public API. Each method carries out one command and returns the
// payment's UUID, or stops the test if the API refuses it: how refusals are
// told is each surface's own, what they mean is not told here.
type surface interface {
	pay(t *testing.T, o order) string
	hold(t *testing.T, o order) string
	capture(t *testing.T, payment, amount string)
	void(t *testing.T, payment string)
	refund(t *testing.T, payment, amount string)
}

// surfaces returns every surface of a server, by name.
func surfaces(s *servertest.Server) map[string]surface {
	return map[string]surface{"gateway": gateway{s}}
}

// gateway is the gateway API.
type gateway struct{ server *servertest.Server }

func (g gateway) pay(t *testing.T, o order) string {
	t.Helper()
	return g.charge(t, "/api/payment", o)
}

func (g gateway) hold(t *testing.T, o order) string {
	t.Helper()
	return g.charge(t, "/api/pre-authorization", o)
}

func (g gateway) charge(t *testing.T, path string, o order) string {
	t.Helper()
	return g.post(t, path, `{"orderId":"`+o.ref+`","amount":`+o.amount+`,"currency":"TRY","cardHolderName":"John Doe","pan":"`+o.card+
		`","expiryMonth":"04","expiryYear":"28","cvv":"916","requestIp":"192.168.1.1","requestPort":8080}`)
}

func (g gateway) capture(t *testing.T, payment, amount string) {
	t.Helper()
	g.post(t, "/api/pre-authorization/"+payment+"/capture", `{"amount":`+amount+`,"currency":"TRY"}`)
}

func (g gateway) void(t *testing.T, payment string) {
	t.Helper()
	g.post(t, "/api/payment/"+payment+"/void", `{}`)
}

func (g gateway) refund(t *testing.T, payment, amount string) {
	t.Helper()
	g.post(t, "/api/payment/"+payment+"/refund", `{"amount":`+amount+`,"currency":"TRY"}`)
}

func (g gateway) post(t *testing.T, path, body string) string {
	t.Helper()
	a, ok := g.server.Send(t, servertest.Request{Method: http.MethodPost, Path: path, Body: body, As: servertest.Merchant()})
	if !ok || a.Status != http.StatusOK {
		t.Fatalf("%s: %d %s", path, a.Status, a.Body)
	}
	return a.Text("paymentId")
}
