package browser_test

import (
	"bytes"
	"io/fs"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/vezne/vezne/test/browsertest"
	"github.com/vezne/vezne/test/servertest"
)

const (
	goodCard = "5421190122090656"
	poorCard = "5100050000006661" // NOT_SUFFICIENT_FUNDS
	rightKey = "a"
	wrongKey = "b"
)

// fill types a card, and waits for its installments, if it has any and scripts run,
// because what comes late moves the button.
func fill(tab *browsertest.Tab, number string) {
	for _, field := range [][2]string{
		{"#cardHolderName", "John Doe"}, {"#pan", number}, {"#expiryMonth", "04"}, {"#expiryYear", "28"}, {"#cvv", "916"},
	} {
		tab.Type(field[0], field[1])
	}
	if number == goodCard {
		tab.Await(`[name=installmentCount][value="12"]`)
	}
}

// confirm passes the bank's page with a password.
func confirm(tab *browsertest.Tab, password string) {
	tab.Await("#password")
	tab.Type("#password", password)
	tab.Click("form button")
}

// arrive waits until the tab is at an address with the part.
func arrive(t *testing.T, tab *browsertest.Tab, part string) {
	t.Helper()
	if !servertest.Eventually(t, func() bool { return strings.Contains(tab.Location(), part) }) {
		t.Fatalf("the shopper is stuck at %s on the way to %s", tab.Location(), part)
	}
	tab.Await("h1")
}

func TestHostedPage(t *testing.T) {
	t.Parallel()
	v := servertest.Start(t, servertest.Options{})
	s, b := openShop(t), browsertest.Start(t)

	t.Run("three_installments", func(t *testing.T) {
		id, link := s.sell(t, v, "E2E-THREE")
		want(t, result(t, v, id), map[string]string{
			"status": `"PENDING"`, "resultCode": `"WAITING_FOR_PAYMENT"`, "paymentId": "null", "pan": "null", "amount": "1000.00",
			"installmentCount": "1", "merchantCommission": "0.00", "customerId": `"CUST-1"`,
		})
		tab := b.Tab(t, browsertest.Options{})
		tab.Open(link)
		fill(tab, goodCard)
		tab.Await(`[name=installmentCount][value="3"]`)
		if options := tab.Text("#options"); !strings.Contains(options, "2 × 510.00") ||
			!strings.Contains(options, "3 × 345.00") {
			t.Errorf("options = %q", options)
		}
		tab.Click(`[name=installmentCount][value="3"]`)
		if got := tab.Text("#submit"); got != "Pay 1,035.00 TRY" {
			t.Errorf("button = %q", got)
		}
		tab.Click("#submit")
		tab.Await("#password")
		want(t, result(t, v, id), map[string]string{"status": `"ENROLLED"`, "resultCode": `"AWAITING_3DS"`})
		tab.CheckAccessibility("the bank's page")
		confirm(tab, rightKey)
		tab.Await("#shop") // the result page takes the shopper back by itself
		if got := tab.Location(); got != s.URL+"/callback?shop=1" {
			t.Errorf("the shopper is at %s", got)
		}
		s.wantTold(t, id, true)
		a := result(t, v, id)
		want(t, a, map[string]string{
			"status": `"SUCCESS"`, "installmentCount": "3", "amount": "1035.00", "pan": `"542119******0656"`, "orderId": `"E2E-THREE"`,
		})
		v.CheckBooks(t, servertest.Admin(), a.Text("paymentId"))
		again := b.Tab(t, browsertest.Options{})
		again.Open(link)
		if got := again.Text("h1"); got != "Payment successful" {
			t.Errorf("the paid page says %q", got)
		}
	})

	t.Run("declined_then_another_card", func(t *testing.T) {
		id, link := s.sell(t, v, "E2E-TWICE")
		tab := b.Tab(t, browsertest.Options{Width: 320})
		tab.Open(link)
		fill(tab, poorCard)
		tab.Click("#submit")
		tab.Await("#password")
		tab.CheckAccessibility("the bank's page on a small screen")
		if wide := browsertest.Eval[int](tab, "document.documentElement.scrollWidth"); wide > 320 {
			t.Errorf("the bank's page is %d pixels wide", wide)
		}
		confirm(tab, rightKey)
		tab.Await("#notice")
		if got := tab.Text("#notice"); !strings.Contains(got, "Insufficient limit") ||
			!strings.Contains(got, "Attempts left: 4") {
			t.Errorf("notice = %q", got)
		}
		want(t, result(t, v, id), map[string]string{"status": `"PENDING"`, "resultCode": `"WAITING_FOR_PAYMENT"`, "pan": `"510005******6661"`})
		fill(tab, goodCard)
		tab.Click("#submit")
		confirm(tab, rightKey)
		tab.Await(".good")
		tab.Click(".away button")
		tab.Await("#shop")
		s.wantTold(t, id, true)
		want(t, result(t, v, id), map[string]string{"status": `"SUCCESS"`, "amount": "1000.00", "installmentCount": "1"})
	})

	t.Run("refused_by_the_shopper_at_the_bank_then_cancelled", func(t *testing.T) {
		id, link := s.sell(t, v, "E2E-CANCEL")
		tab := b.Tab(t, browsertest.Options{})
		tab.Open(link)
		fill(tab, goodCard)
		tab.Click("#submit")
		confirm(tab, wrongKey)
		tab.Await("#notice")
		tab.Click(".leave button")
		tab.Await(".bad")
		s.wantTold(t, id, false)
		want(t, result(t, v, id), map[string]string{"status": `"FAILED"`, "resultCode": `"CHECKOUT_CANCELLED"`})
	})

	t.Run("given_up_at_the_bank_then_cancelled", func(t *testing.T) {
		id, link := s.sell(t, v, "E2E-ANOTHER")
		tab := b.Tab(t, browsertest.Options{NoScript: true})
		tab.Open(link)
		fill(tab, poorCard)
		tab.Click("#submit")
		tab.Click(".leave [value=another]")
		tab.Await("#notice")
		if got := tab.Text("#notice"); !strings.Contains(got, "You were not charged") ||
			!strings.Contains(got, "Attempts left: 4") {
			t.Errorf("notice = %q", got)
		}
		a := result(t, v, id)
		want(t, a, map[string]string{"status": `"PENDING"`, "resultCode": `"WAITING_FOR_PAYMENT"`})
		fill(tab, poorCard)
		tab.Click("#submit")
		tab.Await(".leave [value=another]") // the form has a way to leave, too
		tab.Click(".leave [value=cancel]")
		tab.Await(".bad")
		s.wantTold(t, id, false)
		a = result(t, v, id)
		want(t, a, map[string]string{"status": `"FAILED"`, "resultCode": `"CHECKOUT_CANCELLED"`})
		v.CheckBooks(t, servertest.Admin(), a.Text("paymentId"))
	})

	t.Run("in_arabic", func(t *testing.T) {
		id, link := s.sell(t, v, "E2E-ARABIC")
		tab := b.Tab(t, browsertest.Options{Language: "ar-EG,ar;q=0.9,en;q=0.5", Width: 320})
		tab.Open(link)
		if got := browsertest.Eval[string](tab, "document.documentElement.dir + getComputedStyle(document.body).direction"); got != "rtlrtl" {
			t.Errorf("direction = %q", got)
		}
		fill(tab, goodCard)
		tab.Await(`[name=installmentCount][value="2"]`)
		tab.Click(`[name=installmentCount][value="2"]`)
		tab.Click("#submit")
		tab.Await("#password")
		tab.CheckAccessibility("the bank's page in Arabic")
		confirm(tab, rightKey)
		tab.Await(".good")
		if got := tab.Text("h1"); got != "تم الدفع بنجاح" {
			t.Errorf("title = %q", got)
		}
		want(t, result(t, v, id), map[string]string{"status": `"SUCCESS"`, "amount": "1020.00", "installmentCount": "2"})
	})

	t.Run("without_scripts", func(t *testing.T) {
		id, link := s.sell(t, v, "E2E-PLAIN")
		tab := b.Tab(t, browsertest.Options{NoScript: true})
		tab.Open(link)
		tab.Type("#bin", "5421 1901")
		tab.Click("[value=installments]")
		tab.Await(`[name=installmentCount][value="3"]`)
		fill(tab, goodCard)
		tab.Click(`[name=installmentCount][value="3"]`)
		tab.Click("#submit")
		tab.Click(".away button") // on to the bank
		confirm(tab, rightKey)
		for _, page := range []string{"/sim/sandbox/3ds/answer", "/3ds/sandbox/"} { // pages that lead on have a button
			arrive(t, tab, page)
			tab.Click("form button")
		}
		arrive(t, tab, "/checkout-link/")
		tab.Click(".away button")
		tab.Await("#shop")
		s.wantTold(t, id, true)
		want(t, result(t, v, id), map[string]string{"status": `"SUCCESS"`, "amount": "1035.00", "installmentCount": "3"})
	})

	t.Run("a_card_is_saved_used_again_and_removed", func(t *testing.T) {
		_, link := s.sell(t, v, "E2E-SAVE")
		tab := b.Tab(t, browsertest.Options{})
		tab.Open(link)
		fill(tab, goodCard)
		tab.Click("[name=saveCard]")
		tab.Click("#submit")
		confirm(tab, rightKey)
		tab.Await(".good")
		id, link := s.sell(t, v, "E2E-SAVED")
		tab = b.Tab(t, browsertest.Options{NoScript: true, Width: 320})
		tab.Open(link)
		if got := tab.Text("#saved"); !strings.Contains(got, "Mastercard •••• 0656") || strings.Contains(got, "5421") {
			t.Errorf("saved cards = %q", got)
		}
		tab.Type("#cvv", "916")
		tab.Click(`[name=installmentCount][value="3"]`)
		tab.Click("#submit")
		tab.Click(".away button") // on to the bank
		confirm(tab, rightKey)
		for _, page := range []string{"/sim/sandbox/3ds/answer", "/3ds/sandbox/"} {
			arrive(t, tab, page)
			tab.Click("form button")
		}
		arrive(t, tab, "/checkout-link/")
		want(t, result(t, v, id), map[string]string{
			"status": `"SUCCESS"`, "amount": "1035.00", "installmentCount": "3", "pan": `"542119******0656"`,
		})
		_, link = s.sell(t, v, "E2E-REMOVE")
		tab = b.Tab(t, browsertest.Options{NoScript: true})
		tab.Open(link)
		tab.Click("[form=remove]")
		tab.Await("#pan") // there is no card left to choose
		if browsertest.Eval[int](tab, "document.querySelectorAll('[name=storedCard]').length") != 0 {
			t.Error("the card is still offered")
		}
	})

	t.Run("the_logo_is_the_merchant's", func(t *testing.T) {
		_, link := s.sell(t, v, "E2E-LOGO")
		tab := b.Tab(t, browsertest.Options{})
		shown := func() string {
			tab.Open(link)
			return browsertest.Eval[string](tab, "(() => { const i = document.querySelector('.logo'); return i ? i.src + ' ' + i.naturalWidth : '' })()")
		}
		first := shown()
		if !strings.HasSuffix(first, " 96") {
			t.Errorf("the demo's logo is %q", first)
		}
		set := func(method, body string, want int) {
			t.Helper()
			a, ok := v.Send(t, servertest.Request{Method: method, Path: "/admin/v1/settings/logo", As: servertest.Admin(), Body: body})
			if !ok || a.Status != want {
				t.Errorf("%s = %d %s", method, a.Status, a.Body)
			}
		}
		const dot = "UklGRiIAAABXRUJQVlA4IBYAAAAwAQCdASoBAAEADsD+JaQAA3AAAAAA" // one pixel, WebP
		set(http.MethodPut, `{"image":"`+dot+`"}`, http.StatusNoContent)
		if got := shown(); got == first || !strings.HasSuffix(got, ".webp 1") {
			t.Errorf("the new logo is %q", got)
		}
		set(http.MethodPut, `{"image":"PHN2Zy8+"}`, http.StatusBadRequest)
		set(http.MethodPut, `{"image":"no base64"}`, http.StatusBadRequest)
		set(http.MethodPut, `{}`, http.StatusBadRequest)
		set(http.MethodDelete, "", http.StatusNoContent)
		if got := shown(); got != "" {
			t.Errorf("the removed logo is %q", got)
		}
	})

	if code := v.Stop(); code != 0 {
		t.Errorf("exit code %d after a drain", code)
	}
	searchLeaks(t, v.Dir)
}

// searchLeaks looks for the cards that were typed in everything that the server
// left on disk: its database, its logs and the banks' ledgers.
func searchLeaks(t *testing.T, dir string) {
	t.Helper()
	files := 0
	err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		text, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		files++
		for _, number := range []string{goodCard, poorCard, "5421 1901 2209 0656", "5100 0500 0000 6661"} {
			if bytes.Contains(text, []byte(number)) {
				t.Errorf("%s holds the number of a card", filepath.Base(path))
			}
		}
		return nil
	})
	if err != nil || files < 2 {
		t.Errorf("looked at %d files: %v", files, err)
	}
}
