// Package browser_test pays through the hosted page as a shopper does: with a real
// browser, at a whole server, past the bank's page and back to the shop.
package browser_test

import (
	"net/http"
	"net/http/httptest"
	"slices"
	"sync"
	"testing"

	"github.com/vezne/vezne/test/servertest"
)

// shop is a merchant's server: it notes who calls its callback, and shows the
// shopper a page.
type shop struct {
	*httptest.Server
	mu sync.Mutex
	// told are the checkouts that the gateway told it of, seen those with which a
	// browser came.
	told, seen []string
	// odd are calls with anything but the one field.
	odd []string
}

func openShop(t *testing.T) *shop {
	t.Helper()
	s := &shop{}
	s.Server = httptest.NewServer(http.HandlerFunc(s.callback))
	t.Cleanup(s.Close)
	return s
}

func (s *shop) callback(w http.ResponseWriter, r *http.Request) {
	if r.URL.Path != "/callback" {
		http.NotFound(w, r)
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	err := r.ParseForm()
	if err != nil || r.Method != http.MethodPost || len(r.PostForm) != 1 || len(r.URL.Query()) != 1 {
		s.odd = append(s.odd, r.Method+" "+r.URL.String()+" "+r.PostForm.Encode())
	}
	if r.UserAgent() == "Vezne" {
		s.told = append(s.told, r.PostForm.Get("checkoutId"))
		return
	}
	s.seen = append(s.seen, r.PostForm.Get("checkoutId"))
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	_, _ = w.Write([]byte(`<!doctype html><title>shop</title><h1 id="shop">Thank you</h1>`)) // the browser may be gone
}

// wantTold fails the test unless both the gateway and, with seen, a browser have
// called about the checkout.
func (s *shop) wantTold(t *testing.T, checkoutID string, seen bool) {
	t.Helper()
	if !servertest.Eventually(t, func() bool {
		s.mu.Lock()
		defer s.mu.Unlock()
		return slices.Contains(s.told, checkoutID) && (!seen || slices.Contains(s.seen, checkoutID))
	}) {
		t.Errorf("the shop was not told of %s", checkoutID)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.odd) > 0 {
		t.Errorf("calls that no shop expects: %v", s.odd)
	}
}

// sell makes a checkout of 1000.00 TRY and returns its id and its link.
func (s *shop) sell(t *testing.T, v *servertest.Server, order string) (id, link string) {
	t.Helper()
	a, ok := v.Send(t, servertest.Request{
		Method: http.MethodPost, Path: "/api/checkout", As: servertest.Merchant(),
		Body: `{"orderId":"` + order + `","amount":1000.00,"currency":"TRY","description":"Two tickets","callback":"` + s.URL +
			`/callback?shop=1","customerId":"CUST-1","maxInstallmentCount":12,"interestPaidByCustomer":true}`,
	})
	if !ok || a.Status != http.StatusOK {
		t.Fatalf("create checkout: %d %s", a.Status, a.Body)
	}
	return a.Text("checkoutId"), a.Text("redirectUrl")
}

// result asks the gateway about a checkout.
func result(t *testing.T, v *servertest.Server, id string) servertest.Answer {
	t.Helper()
	a, ok := v.Send(t, servertest.Request{Method: http.MethodGet, Path: "/api/checkout/" + id, As: servertest.Merchant()})
	if !ok || a.Status != http.StatusOK {
		t.Fatalf("find checkout: %d %s", a.Status, a.Body)
	}
	return a
}

// want fails the test unless members of an answer are what they should be.
func want(t *testing.T, a servertest.Answer, members map[string]string) {
	t.Helper()
	for name, value := range members {
		if got := string(a.Members[name]); got != value {
			t.Errorf("%s = %s, want %s", name, got, value)
		}
	}
}
