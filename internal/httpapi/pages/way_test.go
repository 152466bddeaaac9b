package pages_test

import (
	"net/http"
	"strings"
	"testing"

	"github.com/vezne/vezne/internal/connector"
	"github.com/vezne/vezne/internal/fault"
)

// TestWay holds that a payer gets to the bank by the bank's own page or address, and
// that the bank's page has nothing of ours.
func TestWay(t *testing.T) {
	t.Parallel()
	const page = `<!DOCTYPE html><html><HEAD lang="tr"><title>x</title></HEAD><form action="step2" method="post"></form></html>`
	based := strings.Replace(page, `lang="tr">`, `lang="tr"><base href="https://bank.example/a/b?c=1&amp;d=2">`, 1)
	tests := map[string]struct {
		way      connector.Way
		err      error
		status   int
		location string
		body     string
	}{
		"page_is_handed_on": {
			way:    connector.Way{Page: connector.Page{HTML: page, Base: "https://bank.example/a/b?c=1&d=2"}},
			status: http.StatusOK, body: based,
		},
		"address_is_led_to": {
			way: connector.Way{Address: "https://bank.example/3ds?id=1"}, status: http.StatusSeeOther, location: "https://bank.example/3ds?id=1",
		},
		"form_is_not_for_here": {way: connector.Way{Form: connector.Form{Action: "https://bank.example"}}, status: http.StatusNotFound},
		"session_that_is_over": {err: fault.New(fault.NotFound, fault.NoSuchThing, "over"), status: http.StatusNotFound},
	}
	for name, tt := range tests {
		for _, method := range []string{http.MethodGet, http.MethodPost} {
			t.Run(name+"_by_"+method, func(t *testing.T) {
				t.Parallel()
				w := comeBack(t, newReturns(t, &fakeReturner{way: tt.way, err: tt.err}), method, address+"/go", "", "en")
				if w.Code != tt.status || w.Header().Get("Location") != tt.location || tt.body != "" && w.Body.String() != tt.body {
					t.Errorf("status %d, to %q: %s", w.Code, w.Header().Get("Location"), w.Body)
				}
				policy := w.Header().Get("Content-Security-Policy")
				if tt.body == "" {
					return
				}
				if !strings.HasPrefix(policy, "sandbox ") || !strings.Contains(policy, "allow-forms") ||
					strings.Contains(policy, "allow-same-origin") || strings.Contains(policy, "form-action") ||
					w.Header().Get("Cache-Control") != "no-store" {
					t.Errorf("headers %v", w.Header())
				}
			})
		}
	}
}
