package sandbox_test

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/vezne/vezne/internal/clock"
	"github.com/vezne/vezne/internal/connector"
	"github.com/vezne/vezne/internal/connector/sandbox"
)

// Only an explicit, complete answer is an approval, whatever the bytes.
func FuzzReply(f *testing.F) {
	f.Add([]byte(`{"outcome":"approved","code":"SUCCESS","transaction_id":"SB1","auth_code":"123456"}`))
	f.Add([]byte(`{"outcome":"declined","code":"DO_NOT_HONOUR"}`))
	f.Add([]byte(`{"outcome":"missing"}`))
	f.Fuzz(func(t *testing.T, body []byte) {
		a, err := sandbox.ReadReply(body)
		if err != nil {
			return
		}
		if a.Outcome == connector.Approved && (a.TransactionID == "" || a.Reason != connector.Success) {
			t.Errorf("approved: %+v", a)
		}
		if a.Outcome == connector.Declined && a.Reason == connector.Success {
			t.Errorf("declined: %+v", a)
		}
	})
}

// A signed message of any form is answered, never with a panic, and a message
// with a wrong MAC is never read.
func FuzzOrder(f *testing.F) {
	f.Add(`{"terminal":"T","kind":"sale","reference":"R","amount":1,"currency":949,"card":{"number":"5555555555554444","expiry":"6804"}}`, "")
	f.Add(`{"terminal":"T","kind":"void","reference":"R","original":"O","amount":0,"currency":0}`, "")
	f.Add(`{"terminal":"T","kind":"sale","reference":"R","amount":1,"currency":949,"card":{"number":"éééééééééééé","expiry":"6804"}}`, "x")
	h, err := sandbox.Registration.Simulator(connector.SimulatorEnvironment{Clock: clock.System{}})
	if err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, body, spoil string) {
		r := httptest.NewRequest(http.MethodPost, "/transactions", strings.NewReader(body))
		r.Header["Sandbox-Mac"] = []string{sandbox.RequestMAC("/transactions", body) + spoil}
		w := httptest.NewRecorder()
		h.ServeHTTP(w, r)
		if signed := w.Header().Get("Sandbox-Mac") != ""; signed != (w.Code == http.StatusOK) {
			t.Errorf("status %d, signed %t", w.Code, signed)
		}
		if spoil != "" && len(body) < 60<<10 && w.Code != http.StatusUnauthorized {
			t.Errorf("status %d for a wrong MAC", w.Code)
		}
	})
}
