//go:build !quick

package pages_test

import (
	"bytes"
	"flag"
	"image"
	"image/png"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/vezne/vezne/internal/checkout"
	"github.com/vezne/vezne/internal/connector"
	"github.com/vezne/vezne/internal/fault"
	"github.com/vezne/vezne/internal/httpapi/kit"
	"github.com/vezne/vezne/internal/httpapi/pages"
	"github.com/vezne/vezne/internal/merchant"
	"github.com/vezne/vezne/internal/threeds"
	"github.com/vezne/vezne/test/browsertest"
)

// screenshots is where `make screenshots` wants a picture of every page.
var screenshots = flag.String("screenshots", "", "write a picture of every page, in every language, into this folder")

// scene is a page that a shopper may see, and what is done on it first.
type scene struct {
	name   string
	change func(*fakeCheckouts)
	do     func(*browsertest.Tab)
	// path replaces that of the checkout, and site what is served.
	path     string
	site     func(*testing.T) http.Handler
	noScript bool
}

// comingBack is a browser that a bank sends back, with what comes of it.
func comingBack(name string, f *fakeReturner) scene {
	return scene{name: name, path: "/start", noScript: true, site: func(t *testing.T) http.Handler {
		t.Helper()
		mux := http.NewServeMux()
		mux.Handle(pages.ReturnsPrefix, newReturns(t, f))
		mux.HandleFunc("/start", func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Type", "text/html")
			_, _ = w.Write([]byte(`<h1>bank</h1><form method="post" action="` + address + `"><button>back</button></form>`)) // the browser may be gone
		})
		return mux
	}, do: func(tab *browsertest.Tab) {
		tab.Click("button")
		tab.Await("main h1")
	}}
}

func returnScenes() []scene {
	refused := fault.New(fault.Invalid, fault.ValidationError, "forged")
	return []scene{
		comingBack("return", &fakeReturner{done: threeds.Returned{URL: "https://shop.example/ok", SecurityKey: "key-1"}}),
		comingBack("return-refused", &fakeReturner{err: refused}),
		comingBack("return-unknown", &fakeReturner{err: fault.New(fault.NotFound, fault.NoSuchThing, "unknown")}),
		comingBack("return-broken", &fakeReturner{err: errNotAllowed}),
		{name: "return-visit", path: address, site: func(t *testing.T) http.Handler {
			t.Helper()
			return newReturns(t, &fakeReturner{})
		}},
	}
}

func scenes() []scene {
	failed := func(why connector.Reason) func(*fakeCheckouts) {
		return func(f *fakeCheckouts) { f.view.State, f.view.Reason, f.view.Attempts = checkout.Failed, why, 5 }
	}
	return []scene{
		{name: "form"},
		{name: "form-logo", change: drawSmall},
		{name: "form-single", change: func(f *fakeCheckouts) { f.view.MaxInstallments = 1 }},
		{name: "form-typed", do: func(tab *browsertest.Tab) {
			tab.Type("#cardHolderName", "Zeynep Çağlar")
			tab.Type("#pan", "5421190122090656")
			tab.Await(`[name=installmentCount][value="3"]`)
			tab.Click(`[name=installmentCount][value="3"]`)
		}},
		{name: "form-mistakes", do: func(tab *browsertest.Tab) {
			tab.Type("#pan", "5421190122090657")
			tab.Await(`[name=installmentCount][value="12"]`) // what comes late would move the button
			tab.Click("#submit")
			tab.Await("#errors")
		}},
		{name: "form-consent", change: func(f *fakeCheckouts) { f.view.CustomerRef = "CUST-1" }},
		{name: "form-saved", change: keepCards},
		{name: "form-saved-another", change: keepCards, do: func(tab *browsertest.Tab) {
			tab.Click(`[name=storedCard][value=""]`)
			tab.Await("#pan")
		}},
		{name: "form-saved-mistake", change: keepCards, do: func(tab *browsertest.Tab) {
			tab.Click("#submit")
			tab.Await("#errors")
		}},
		{name: "form-saved-plain", noScript: true, change: keepCards},
		{name: "form-declined", change: func(f *fakeCheckouts) { f.view.Reason, f.view.Attempts = connector.NotSufficientFunds, 1 }},
		{name: "form-plain", noScript: true, do: func(tab *browsertest.Tab) {
			tab.Type("#bin", "54211901")
			tab.Click("[value=installments]")
			tab.Await(`[name=installmentCount][value="3"]`)
		}},
		{name: "bank", noScript: true, change: func(f *fakeCheckouts) {
			f.view.State, f.bank = checkout.Authenticating, connector.Form{Action: "https://bank.example/acs"}
		}},
		{name: "wait", change: func(f *fakeCheckouts) { f.view.State = checkout.Charging }},
		{name: "unclear", change: func(f *fakeCheckouts) { f.view = unclearView(f.view, checkout.Charging) }},
		{name: "paid", change: func(f *fakeCheckouts) { f.view = paidView(f.view) }},
		{name: "failed", change: failed(connector.DoNotHonour)},
		{name: "cancelled", change: failed(connector.CheckoutCancelled)},
		{name: "expired", change: failed(connector.CheckoutExpired)},
		{name: "missing", path: checkout.LinkPrefix + "nothing"},
	}
}

// drawSmall gives the merchant a logo as wide as they come.
func drawSmall(f *fakeCheckouts) {
	var b bytes.Buffer
	img := image.NewGray(image.Rect(0, 0, 400, 100))
	if png.Encode(&b, img) == nil { // it never fails
		f.logo, _ = merchant.ParseLogo(b.Bytes()) // a test of its own holds that it is one
	}
	f.view.Merchant.Logo = f.logo.Name
}

// play shows a scene.
func (s scene) play(t *testing.T, b *browsertest.Browser, lang string, width int) *browsertest.Tab {
	t.Helper()
	f := newFake(t)
	if s.change != nil {
		s.change(f)
	}
	site := newHosted(t, f)
	if s.site != nil {
		site = s.site(t)
	}
	server := httptest.NewServer(still(site))
	t.Cleanup(server.Close)
	tab := b.Tab(t, browsertest.Options{Width: width, NoScript: s.noScript, Language: lang})
	path := checkoutAt
	if s.path != "" {
		path = s.path
	}
	tab.Open(server.URL + path + "?lang=" + lang)
	tab.Await("h1")
	if s.do != nil {
		s.do(tab)
	}
	return tab
}

// still serves a site whose pages do not go on by themselves, however long it takes to
// look at them.
func still(site http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		site.ServeHTTP(stillWriter{w}, r)
	})
}

type stillWriter struct{ http.ResponseWriter }

func (w stillWriter) WriteHeader(status int) {
	w.Header().Del("Refresh")
	w.ResponseWriter.WriteHeader(status)
}

// worthwhile keeps the daily run short: every page in every language on the small
// screen, where things do not fit. Pictures are taken of everything.
func worthwhile(width int) bool { return *screenshots != "" || width == small }

// judged is the language in which axe-core looks at every page. What it judges is
// how a page is made, and that is the same in all of them; it costs more than all
// the rest of a page.
const judged = "en"

// The widths of screens, in CSS pixels: the smallest that WCAG 2.2 asks for
// (success criterion 1.4.10), and a desk.
const (
	small = 320
	large = 1280
)

// TestEveryPage looks at every page in every language: it fits the screen, and
// axe-core, in one of them, finds nothing serious. With -screenshots it does all of
// that in every language on both screens, and keeps a picture of each.
func TestEveryPage(t *testing.T) {
	t.Parallel()
	b := browsertest.Start(t)
	for _, s := range slices.Concat(scenes(), returnScenes()) {
		for _, lang := range kit.Languages() {
			for _, width := range []int{small, large} {
				if !worthwhile(width) {
					continue
				}
				name := s.name + "-" + lang.String() + "-" + strconv.Itoa(width)
				t.Run(name, func(t *testing.T) {
					tab := s.play(t, b, lang.String(), width)
					if wide := browsertest.Eval[int](tab, "document.documentElement.scrollWidth"); wide > width {
						t.Errorf("the page is %d pixels wide on a screen of %d", wide, width)
					}
					if *screenshots != "" {
						keep(t, filepath.Join(*screenshots, name+".png"), tab.Screenshot())
					}
					if lang.String() != judged && *screenshots == "" {
						return
					}
					if s.noScript {
						tab.AllowScripts() // axe-core is one
					}
					tab.CheckAccessibility(name)
				})
			}
		}
	}
}

func keep(t *testing.T, path string, png []byte) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(path), 0o750); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, png, 0o600); err != nil {
		t.Fatal(err)
	}
}

// TestChoosing holds what the script does when a shopper has saved cards.
func TestChoosing(t *testing.T) {
	t.Parallel()
	b := browsertest.Start(t)
	f := newFake(t)
	keepCards(f)
	server := httptest.NewServer(newHosted(t, f))
	t.Cleanup(server.Close)
	tab := b.Tab(t, browsertest.Options{Width: 320})
	tab.Open(server.URL + checkoutAt)
	shown := func(selector string) bool {
		return browsertest.Eval[bool](tab, "document.querySelector('"+selector+"').checkVisibility()")
	}
	count := func() int {
		return browsertest.Eval[int](tab, "document.querySelectorAll('[name=installmentCount]').length")
	}
	if shown("#pan") || shown("[name=saveCard]") || !shown("#cvv") || count() != 4 {
		t.Error("a chosen card asks for more than its code, or has no installments")
	}
	tab.Click(`[name=installmentCount][value="3"]`)
	if got := tab.Text("#submit"); got != "Pay 1,035.00 TRY" {
		t.Errorf("button = %q", got)
	}
	tab.Click(`[name=storedCard][value="card_amex"]`)
	tab.Await(`#options:not(:has([value="3"]))`)
	if got := tab.Text("#submit"); got != "Pay 1,000.00 TRY" {
		t.Errorf("button = %q", got)
	}
	tab.Type("#cvv", "916")
	tab.Click("#submit")
	tab.Await("#errors") // American Express has four digits
	tab.Click(`[name=storedCard][value=""]`)
	tab.Await("#pan")
	if !shown("[name=saveCard]") || count() != 1 {
		t.Error("another card cannot be kept, or has another card's installments")
	}
	tab.Type("#pan", "5421190122090656")
	tab.Await(`[name=installmentCount][value="12"]`)
	tab.Click(`[name=storedCard][value="card_axess"]`)
	tab.Await(`[name=installmentCount][value="12"]`)
	tab.Click("#submit")
	tab.Await("#cvv:invalid") // the page that follows, where it is empty
	if a := f.paid(); a == nil || a.Saved != "card_axess" || !a.Card.PAN.IsZero() || a.Card.CVV.Reveal() != "916" {
		t.Errorf("attempt = %+v", a)
	}
}

// TestSlowLookUp holds that a button that was pressed while a card's installments are
// looked up charges what it said, or nothing.
func TestSlowLookUp(t *testing.T) {
	t.Parallel()
	b := browsertest.Start(t)
	f := newFake(t)
	keepCards(f)
	server := httptest.NewServer(newHosted(t, f))
	t.Cleanup(server.Close)
	tab := b.Tab(t, browsertest.Options{Width: 320})
	tab.Open(server.URL + checkoutAt)
	slow := func() func() {
		f.mu.Lock()
		defer f.mu.Unlock()
		look := make(chan struct{})
		f.look = look
		return func() {
			f.mu.Lock()
			f.look = nil
			f.mu.Unlock()
			close(look)
		}
	}
	tab.Click(`[name=installmentCount][value="3"]`)
	answer := slow()
	tab.Click(`[name=storedCard][value="card_amex"]`)
	tab.Type("#cvv", "9165")
	tab.Click("#submit")
	tab.Await(`#submit[aria-disabled=true]`)
	answer()
	tab.Await(`#options:not(:has([value="3"]))`)
	tab.Await(`#submit:not([aria-disabled])`)
	if got := tab.Text("#submit"); got != "Pay 1,000.00 TRY" || f.paid() != nil {
		t.Errorf("the button says %q, and %+v was tried", got, f.paid())
	}
	answer = slow()
	tab.Click(`[name=storedCard][value="card_axess"]`)
	tab.Click("#submit") // it says what it will say
	tab.Await(`#submit[aria-disabled=true]`)
	answer()
	tab.Await("#errors") // it went on, and the code is another brand's
}

// TestTyping holds what the script does while a shopper types.
func TestTyping(t *testing.T) {
	t.Parallel()
	b := browsertest.Start(t)
	f := newFake(t)
	f.draw(t)
	server := httptest.NewServer(newHosted(t, f))
	t.Cleanup(server.Close)
	tab := b.Tab(t, browsertest.Options{Width: 320})
	tab.Open(server.URL + checkoutAt)
	if !browsertest.Eval[bool](tab, "document.querySelector('.logo').naturalWidth === 160") {
		t.Error("the logo is not shown")
	}
	if n := tab.Bytes(); n < 25_000 || n > 40_000 {
		t.Errorf("the first load has %d bytes", n)
	}
	tab.Type("#pan", "5421190122090656")
	tab.Await(`[name=installmentCount][value="12"]`)
	if got := browsertest.Eval[string](tab, "document.getElementById('pan').value"); got != "5421 1901 2209 0656" {
		t.Errorf("number = %q", got)
	}
	if got := browsertest.Eval[string](tab, "document.querySelector('#brands .on').dataset.brand"); got != "mastercard" {
		t.Errorf("brand = %q", got)
	}
	tab.Click(`[name=installmentCount][value="3"]`)
	for selector, want := range map[string]string{"#total": "1,035.00 TRY", "#submit": "Pay 1,035.00 TRY",
		"#options": "3 × 345.00 TRY"} {
		if got := tab.Text(selector); !strings.Contains(got, want) {
			t.Errorf("%s = %q, want %q", selector, got, want)
		}
	}
	tab.Click("#submit")
	tab.Await("#errors")
	if got := browsertest.Eval[string](tab, "document.activeElement.id"); got != "errors" {
		t.Errorf("focus is on %q", got)
	}
	for _, digits := range f.quotes {
		if len(digits) > 8 {
			t.Errorf("%d digits were sent for a price", len(digits))
		}
	}
	if hosts := tab.Hosts(); len(hosts) != 1 {
		t.Errorf("the page asked %v", hosts)
	}
}
