//go:build !quick

package pages_test

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/chromedp/chromedp"

	"github.com/vezne/vezne/internal/checkout"
	"github.com/vezne/vezne/internal/connector"
	"github.com/vezne/vezne/test/browsertest"
)

// newRoad serves a shop, a checkout that a card pays, and the bank on its way.
func newRoad(t *testing.T, f *fakeCheckouts) *httptest.Server {
	t.Helper()
	mux := http.NewServeMux()
	write := func(w http.ResponseWriter, body string) {
		w.Header().Set("Content-Type", "text/html")
		w.Header().Set("Cache-Control", "no-store") // a page out of the browser's memory loads nothing to wait for
		_, _ = w.Write([]byte(body))                // the browser may be gone
	}
	mux.HandleFunc("/shop", func(w http.ResponseWriter, _ *http.Request) {
		write(w, `<h1>shop</h1><a href="`+checkoutAt+`">pay</a>`)
	})
	mux.HandleFunc("POST /bank", func(w http.ResponseWriter, r *http.Request) { http.Redirect(w, r, "/bank", http.StatusSeeOther) })
	mux.HandleFunc("GET /bank", func(w http.ResponseWriter, _ *http.Request) {
		write(w, `<h1 id="bank">bank</h1><form method="post" action="`+checkoutAt+`/return"><input type="hidden" name="paymentId" value="`+
			checkoutID+`"><input type="hidden" name="securityKey" value="key"><button>confirm</button></form>`)
	})
	mux.Handle("/", newHosted(t, f))
	server := httptest.NewServer(mux)
	t.Cleanup(server.Close)
	f.bank = connector.Form{Action: server.URL + "/bank"}
	f.does = func(call any) {
		switch call.(type) {
		case checkout.Attempt:
			f.view.State, f.view.Version = checkout.Authenticating, f.view.Version+1
		case checkout.Return:
			f.view = paidView(f.view)
			f.view.Version++
		}
	}
	return server
}

func (f *fakeCheckouts) becomes(s checkout.State) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.view.State, f.view.Version = s, f.view.Version+1; s == checkout.Paid {
		f.view = paidView(f.view)
	}
}

// live counts the forms that would still do something with a checkout.
func live(tab *browsertest.Tab) int {
	return browsertest.Eval[int](tab, `document.querySelectorAll('#pay, .leave, [name=pan], [name=action]').length`)
}

// TestGoingBack has a shopper pay and go back, page by page, all the way to the shop.
func TestGoingBack(t *testing.T) {
	t.Parallel()
	b := browsertest.Start(t)
	f := newFake(t)
	server := newRoad(t, f)
	tab := b.Tab(t, browsertest.Options{Language: "en"})
	tab.Open(server.URL + "/shop")
	tab.Click("a")
	for _, field := range [][2]string{
		{"#cardHolderName", "John Doe"}, {"#pan", "5421190122090656"}, {"#expiryMonth", "04"}, {"#expiryYear", "28"}, {"#cvv", "916"},
	} {
		tab.Type(field[0], field[1])
	}
	tab.Await(`[name=installmentCount][value="12"]`) // what comes late would move the button
	tab.Click("#submit")
	tab.Await("#bank")
	tab.Click("button")
	tab.Await(".good")
	seen := 0
	for !strings.HasSuffix(tab.Location(), "/shop") {
		tab.Do(chromedp.NavigateBack())
		tab.Await("h1")
		if !strings.Contains(tab.Location(), checkoutAt) {
			continue
		}
		seen++
		tab.Await(".good")
		if n := live(tab); n != 0 {
			t.Errorf("%d pages back: %d forms of before", seen, n)
		}
	}
	if seen == 0 {
		t.Error("no page of the checkout lies behind the shopper")
	}
}

// restore tells a page that the browser brought it back out of its memory, as it was.
const restore = `dispatchEvent(new PageTransitionEvent('pageshow', {persisted: true}))`

// TestRestoredPage holds that a page which a browser has kept, whatever it was told,
// shows how things stand now.
func TestRestoredPage(t *testing.T) {
	t.Parallel()
	b := browsertest.Start(t)
	t.Run("form_of_before_is_gone", func(t *testing.T) {
		f := newFake(t)
		tab := b.Tab(t, browsertest.Options{Language: "en"})
		tab.Open(newRoad(t, f).URL + checkoutAt)
		tab.Await("#pan")
		f.becomes(checkout.Paid)
		browsertest.Eval[bool](tab, restore)
		tab.Await(".good")
		if n := live(tab); n != 0 {
			t.Errorf("%d forms of before", n)
		}
	})
	t.Run("shopper_is_not_sent_on_to_the_bank_again", func(t *testing.T) {
		f := newFake(t)
		f.view.State = checkout.Authenticating
		tab := b.Tab(t, browsertest.Options{Language: "en"})
		tab.Open(newRoad(t, f).URL + checkoutAt)
		tab.Await("#bank")
		tab.Do(chromedp.NavigateBack())
		if !strings.Contains(tab.Location(), checkoutAt) {
			tab.Open(f.bank.Action[:strings.Index(f.bank.Action, "/bank")] + checkoutAt)
		}
		tab.Await(".leave")
		browsertest.Eval[bool](tab, restore)
		tab.Await("form[data-auto]:not([inert] *)")
		tab.Await(".leave")
		if got := tab.Location(); !strings.Contains(got, checkoutAt) {
			t.Errorf("the shopper is at %s", got)
		}
	})
}
