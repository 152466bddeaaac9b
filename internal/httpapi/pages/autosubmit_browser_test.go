//go:build !quick

package pages_test

import (
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/vezne/vezne/test/wait"

	"github.com/vezne/vezne/internal/checkout"
	"github.com/vezne/vezne/internal/connector"
	"github.com/vezne/vezne/internal/egress"
	"github.com/vezne/vezne/internal/httpapi/pages"
	"github.com/vezne/vezne/internal/threeds"
	"github.com/vezne/vezne/test/browsertest"
)

// TestLeavingPages looks at the pages that submit themselves, with scripts on. A
// browser stays on such a page when it is answered 204, so that what a shopper
// sees while a slow shop or bank thinks can be looked at.
func TestLeavingPages(t *testing.T) {
	t.Parallel()
	b := browsertest.Start(t)
	tests := map[string]struct {
		start string
		// serve mounts the page, whose form goes to the address.
		serve func(t *testing.T, mux *http.ServeMux, to string)
	}{
		"to_the_shop": {"/start", func(t *testing.T, mux *http.ServeMux, to string) {
			f := &fakeReturner{done: threeds.Returned{URL: to, SecurityKey: "key-1"}}
			mux.Handle(pages.ReturnsPrefix, newReturnsTo(t, f, egress.Policy{Demo: true}))
			mux.HandleFunc("/start", func(w http.ResponseWriter, _ *http.Request) {
				w.Header().Set("Content-Type", "text/html")
				_, _ = w.Write([]byte(`<h1>bank</h1><form method="post" action="` + address + `"><button>back</button></form>`)) // the browser may be gone
			})
		}},
		"to_the_bank": {checkoutAt, func(t *testing.T, mux *http.ServeMux, to string) {
			f := newFake(t)
			f.view.State, f.bank = checkout.Authenticating, connector.Form{Action: to}
			mux.Handle("/", newHosted(t, f))
		}},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			left := make(chan struct{}, 10)
			mux := http.NewServeMux()
			mux.HandleFunc("/away", func(w http.ResponseWriter, r *http.Request) {
				if r.Method == http.MethodPost {
					left <- struct{}{}
				}
				w.WriteHeader(http.StatusNoContent)
			})
			server := httptest.NewServer(mux)
			t.Cleanup(server.Close)
			tt.serve(t, mux, server.URL+"/away")
			tab := b.Tab(t, browsertest.Options{Width: small, Language: "en"})
			tab.Open(server.URL + tt.start)
			if tt.start != checkoutAt {
				tab.Click("button")
			}
			select {
			case <-left:
			case <-time.After(wait.Limit):
				t.Fatal("the page does not submit itself")
			}
			tab.Await("main h1")
			tab.CheckAccessibility(name)
		})
	}
}
