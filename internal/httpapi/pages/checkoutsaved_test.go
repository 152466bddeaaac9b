package pages_test

import (
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/vezne/vezne/internal/checkout"
	"github.com/vezne/vezne/internal/fault"
)

const consent = `name="saveCard"`

func TestConsent(t *testing.T) {
	t.Parallel()
	page := func(t *testing.T, change func(*fakeCheckouts)) string {
		t.Helper()
		f := newFake(t)
		change(f)
		return get(t, newHosted(t, f), checkoutAt).Body.String()
	}
	t.Run("a_customer_is_asked_and_the_box_is_empty", func(t *testing.T) {
		t.Parallel()
		body := page(t, func(f *fakeCheckouts) { f.view.CustomerRef = "CUST-1" })
		if !strings.Contains(body, consent+` value="1" aria-describedby="save-hint">`) ||
			!strings.Contains(body, "next payment at Demo Market") {
			t.Error("the page has no empty box")
		}
	})
	t.Run("a_stranger_is_not_asked", func(t *testing.T) {
		t.Parallel()
		if strings.Contains(page(t, func(*fakeCheckouts) {}), consent) {
			t.Error("the page asks")
		}
	})
	t.Run("the_merchant_may_switch_it_off", func(t *testing.T) {
		t.Parallel()
		body := page(t, func(f *fakeCheckouts) {
			f.view.CustomerRef, f.view.Merchant.Checkout.WithoutSavedCards = "CUST-1", true
		})
		if strings.Contains(body, consent) {
			t.Error("the page asks")
		}
	})
	for name, tt := range map[string]struct {
		tick string
		want bool
	}{"ticked": {"1", true}, "not_ticked": {"", false}} {
		t.Run(name+"_it_goes_with_the_attempt", func(t *testing.T) {
			t.Parallel()
			f := newFake(t)
			f.view.CustomerRef = "CUST-1"
			h := newHosted(t, f)
			post(t, h, checkoutAt, typed(t, h, "saveCard", tt.tick))
			if a, ok := f.calls[0].(checkout.Attempt); !ok || a.Save != tt.want || a.Saved != "" {
				t.Errorf("attempt = %+v", f.calls[0])
			}
		})
	}
	t.Run("a_tick_stays_with_what_was_typed", func(t *testing.T) {
		t.Parallel()
		f := newFake(t)
		f.view.CustomerRef = "CUST-1"
		h := newHosted(t, f)
		if w := post(t, h, checkoutAt, typed(t, h, "cvv", "", "saveCard", "1")); !strings.Contains(w.Body.String(), `"save-hint" checked>`) {
			t.Error("the tick is gone")
		}
	})
}

func TestSavedCardForm(t *testing.T) {
	t.Parallel()
	t.Run("cards_are_listed_with_brand_digits_and_expiry_alone", func(t *testing.T) {
		t.Parallel()
		f := newFake(t)
		keepCards(f)
		body := get(t, newHosted(t, f), checkoutAt).Body.String()
		for _, part := range []string{
			"Mastercard ••••\u00a00656", "until 04/28", "American Express ••••\u00a00005", `value="card_axess" data-cvv="3" checked`, `value="card_amex" data-cvv="4">`,
			"3 × 345.00", // the installments of the card that is chosen
			`form="remove"`, "aria-label=\"Remove the card Mastercard ••••\u00a00656\"",
		} {
			if !strings.Contains(body, part) {
				t.Errorf("the page lacks %q", part)
			}
		}
		for _, part := range []string{"542119", "378282"} {
			if strings.Contains(body, part) {
				t.Errorf("the page has %q", part)
			}
		}
	})
	t.Run("a_chosen_card_needs_its_code_alone", func(t *testing.T) {
		t.Parallel()
		f := newFake(t)
		keepCards(f)
		h := newHosted(t, f)
		form := typed(t, h, "storedCard", "card_axess", "cardHolderName", "", "pan", "", "expiryMonth", "", "expiryYear", "")
		if w := post(t, h, checkoutAt, form); w.Code != http.StatusSeeOther || len(f.calls) != 1 {
			t.Fatalf("answer = %d, %d calls", w.Code, len(f.calls))
		}
		a, ok := f.calls[0].(checkout.Attempt)
		if !ok || a.Saved != "card_axess" || !a.Card.PAN.IsZero() || a.Card.CVV.Reveal() != "916" || a.Installments != 3 {
			t.Errorf("attempt = %+v", f.calls[0])
		}
		form.Set("cvv", "9")
		w := post(t, h, checkoutAt, form)
		if body := w.Body.String(); w.Code != http.StatusUnprocessableEntity || len(f.calls) != 1 ||
			strings.Count(body, "<li>") != 1 ||
			!strings.Contains(body, `value="card_axess" data-cvv="3" checked`) {
			t.Errorf("answer = %d, %d calls", w.Code, len(f.calls))
		}
	})
	t.Run("what_is_typed_beside_a_chosen_card_goes_nowhere", func(t *testing.T) {
		t.Parallel()
		f := newFake(t)
		keepCards(f)
		h := newHosted(t, f)
		post(t, h, checkoutAt, typed(t, h, "storedCard", "card_amex"))
		if a, ok := f.calls[0].(checkout.Attempt); !ok || a.Saved != "card_amex" || !a.Card.PAN.IsZero() ||
			a.Card.Holder != "" {
			t.Errorf("attempt = %+v", f.calls[0])
		}
	})
	t.Run("another_card_is_typed", func(t *testing.T) {
		t.Parallel()
		f := newFake(t)
		keepCards(f)
		h := newHosted(t, f)
		post(t, h, checkoutAt, typed(t, h, "storedCard", ""))
		if a, ok := f.calls[0].(checkout.Attempt); !ok || a.Saved != "" || a.Card.PAN.Last4() != "0656" {
			t.Errorf("attempt = %+v", f.calls[0])
		}
	})
	t.Run("a_card_of_someone_else_is_not_found", func(t *testing.T) {
		t.Parallel()
		f := newFake(t)
		keepCards(f)
		h := newHosted(t, f)
		form := typed(t, h, "storedCard", "card_foreign")
		f.err = fault.New(fault.NotFound, fault.NoSuchThing, "no such card")
		w := post(t, h, checkoutAt, form)
		if w.Code != http.StatusNotFound || !strings.Contains(w.Body.String(), "not saved any more") ||
			strings.Contains(w.Body.String(), "card_foreign") {
			t.Errorf("answer = %d", w.Code)
		}
	})
}

func TestRemoveCard(t *testing.T) {
	t.Parallel()
	f := newFake(t)
	keepCards(f)
	h := newHosted(t, f)
	form := typed(t, h)
	form = url.Values{"token": form["token"], "version": form["version"], "action": {"remove"}, "card": {"card_amex"}}
	if w := post(t, h, checkoutAt, form); w.Code != http.StatusSeeOther {
		t.Errorf("answer = %d", w.Code)
	}
	f.err = fault.New(fault.NotFound, fault.NoSuchThing, "no such card")
	if w := post(t, h, checkoutAt, form); w.Code != http.StatusSeeOther {
		t.Errorf("answer to a second click = %d", w.Code)
	}
	form.Set("token", "AAAA")
	if w := post(t, h, checkoutAt, form); w.Code != http.StatusForbidden {
		t.Errorf("answer without token = %d", w.Code)
	}
	want := []any{[]any{"remove", "card_amex"}, []any{"remove", "card_amex"}}
	if diff := cmp.Diff(want, f.calls); diff != "" {
		t.Error(diff)
	}
}

func TestSavedCardInstallments(t *testing.T) {
	t.Parallel()
	f := newFake(t)
	keepCards(f)
	h := newHosted(t, f)
	page := typed(t, h)
	ask := func(card, token string) int {
		w := post(t, h, checkoutAt+"/installments",
			url.Values{"storedCard": {card}, "version": page["version"], "token": {token}})
		if w.Code == http.StatusOK && !strings.Contains(w.Body.String(), `"count":3`) {
			t.Errorf("%s: %s", card, w.Body)
		}
		return w.Code
	}
	token := page.Get("token")
	for name, tt := range map[string]struct {
		card, token string
		want        int
	}{
		"own_card":                 {"card_axess", token, http.StatusOK},
		"without_the_page's_token": {"card_axess", "", http.StatusForbidden},
		"another_page's_token":     {"card_axess", "AAAA", http.StatusForbidden},
		"a_foreign_card":           {"card_foreign", token, http.StatusNotFound},
	} {
		if got := ask(tt.card, tt.token); got != tt.want {
			t.Errorf("%s = %d, want %d", name, got, tt.want)
		}
	}
	for _, digits := range f.quotes {
		if len(digits) > 8 {
			t.Errorf("%d digits were looked up", len(digits))
		}
	}
	t.Run("without_scripts", func(t *testing.T) {
		t.Parallel()
		f := newFake(t)
		keepCards(f)
		h := newHosted(t, f)
		w := post(t, h, checkoutAt, typed(t, h, "action", "installments", "storedCard", "card_amex", "bin", ""))
		if body := w.Body.String(); w.Code != http.StatusOK || strings.Contains(body, "3 × 345.00") ||
			!strings.Contains(body, `value="card_amex" data-cvv="4" checked`) {
			t.Errorf("answer = %d", w.Code)
		}
	})
}
