// Package parity tells the same business stories through every public API and
// expects the same payments, the same entries in the books and the same audit
// rows: the doors must not differ in what they do, only in how they say it.
package parity_test

import (
	"net/http"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/vezne/vezne/test/servertest"
)

// order is a payment as every door can ask for it; the amounts of a story are in
// lira, and interest is the payer's.
type order struct {
	ref    string
	amount string
	card   string
	count  int // installments; 0 is 1
	// password is what the payer types at the bank; empty is the right one.
	password string
	// before is done right before the bank is asked for the money; nil is nothing.
	before func()
}

func (o order) installments() string { return strconv.Itoa(max(o.count, 1)) }

func (o order) ask() {
	if o.before != nil {
		o.before()
	}
}

// surface is one way into one public API. Each method carries out one command and
// returns the payment's UUID, or stops the test if the API refuses it: how
// refusals are told is each surface's own, what they mean is not told here.
type surface interface {
	pay(t *testing.T, o order) string
	hold(t *testing.T, o order) string
	capture(t *testing.T, payment, amount string)
	void(t *testing.T, payment string)
	refund(t *testing.T, payment, amount string)
}

// The doors of the gateway API.
const (
	direct   = "gateway"
	secure   = "gateway_3ds"
	payPage  = "hosted_page"
	paySoon  = "hosted_page_without_3ds"
	bookedAt = "_and_the_bank_books_at_the_return"
)

// house is a server whose merchant is set up in one way, and its doors.
type house struct {
	more  string // said about the merchant in the demo's data
	model string // of 3-D Secure; empty is "3d"
	doors func(*servertest.Server) map[string]surface
}

// fixtures are the flags that start the house.
func (h house) fixtures(t *testing.T) []string {
	t.Helper()
	demo, err := os.ReadFile("../../internal/fixture/demo.yaml")
	if err != nil {
		t.Fatal(err)
	}
	file := strings.Replace(string(demo), "    name: Demo Market\n", "    name: Demo Market\n"+h.more, 1)
	if h.model != "" {
		file = strings.ReplaceAll(file, "settings: {terminal:", "settings: {model: "+h.model+", terminal:")
	}
	path := filepath.Join(t.TempDir(), "fixtures.yaml")
	if err := os.WriteFile(path, []byte(file), 0o600); err != nil {
		t.Fatal(err)
	}
	return []string{"--fixtures", path}
}

func houses() map[string]house {
	return map[string]house{
		"3d": {doors: func(s *servertest.Server) map[string]surface {
			g := gateway{s}
			return map[string]surface{direct: g, secure: secured{g}, payPage: hosted{g, true}}
		}},
		"3d_pay": {model: "3d_pay", doors: func(s *servertest.Server) map[string]surface {
			g := gateway{s}
			return map[string]surface{secure + bookedAt: secured{g}, payPage + bookedAt: hosted{g, true}}
		}},
		"without_3ds": {more: "    checkout: {without_3ds: true}\n", doors: func(s *servertest.Server) map[string]surface {
			return map[string]surface{paySoon: hosted{gateway{s}, false}}
		}},
	}
}

// gateway is the gateway API.
type gateway struct{ server *servertest.Server }

func (g gateway) pay(t *testing.T, o order) string {
	t.Helper()
	o.ask()
	return g.charge(t, "/api/payment", o)
}

func (g gateway) hold(t *testing.T, o order) string {
	t.Helper()
	return g.charge(t, "/api/pre-authorization", o)
}

func (g gateway) charge(t *testing.T, path string, o order) string {
	t.Helper()
	return g.post(t, path, "{"+o.members()+"}")
}

// members are those of every request that brings a card.
func (o order) members() string {
	return `"orderId":"` + o.ref + `","amount":` + o.amount + `,"currency":"TRY","cardHolderName":"John Doe","pan":"` + o.card +
		`","expiryMonth":"04","expiryYear":"28","cvv":"916","requestIp":"192.168.1.1","requestPort":8080`
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
	return g.send(t, http.MethodPost, path, body).Text("paymentId")
}

func (g gateway) send(t *testing.T, method, path, body string) servertest.Answer {
	t.Helper()
	a, ok := g.server.Send(t, servertest.Request{Method: method, Path: path, Body: body, As: servertest.Merchant()})
	if !ok || a.Status != http.StatusOK {
		t.Fatalf("%s: %d %s", path, a.Status, a.Body)
	}
	return a
}
