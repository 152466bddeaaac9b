package pages_test

import (
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/vezne/vezne/internal/charge"
	"github.com/vezne/vezne/internal/fault"
	"github.com/vezne/vezne/internal/money"
)

var agreedForm = regexp.MustCompile(`name="expectedTotal" value="([^"]+)"`)

// agreedOn are the totals that a page sends back, one for each way to pay.
func agreedOn(page string) []string {
	var all []string
	for _, m := range agreedForm.FindAllStringSubmatch(page, -1) {
		all = append(all, m[1])
	}
	return all
}

// TestAgreedTotal holds that the total of the installments that were chosen is the one
// that the page showed for them, and that no other is taken for it.
func TestAgreedTotal(t *testing.T) {
	t.Parallel()
	shown := []string{"1:1000.00", "2:1020.00", "3:1035.00", "12:1140.00"}
	for name, tt := range map[string]struct {
		agreed []string
		count  string
		want   money.Amount
	}{
		"of_three":               {shown, "3", money.FromMinor(103_500, money.TRY)},
		"of_a_single_payment":    {shown, "1", money.FromMinor(100_000, money.TRY)},
		"of_twelve":              {shown, "12", money.FromMinor(114_000, money.TRY)},
		"none_was_shown":         {shown, "6", money.Amount{}},
		"none_was_sent":          {nil, "3", money.Amount{}},
		"what_cannot_be_read":    {[]string{"3:", "3", "3:x", "", "3:1.2.3", "3:99999999999999999"}, "3", money.Amount{}},
		"after_what_cannot_be":   {[]string{"3:x", "3:1035.00"}, "3", money.FromMinor(103_500, money.TRY)},
		"of_too_many_digits":     {[]string{"3:1035.001"}, "3", money.Amount{}},
		"of_another_page_of_six": {[]string{"6:1.00"}, "3", money.Amount{}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f := newFake(t)
			h := newHosted(t, f)
			form := typed(t, h, "installmentCount", tt.count)
			form["expectedTotal"] = tt.agreed
			if w := post(t, h, checkoutAt, form); w.Code != http.StatusSeeOther {
				t.Fatalf("answer = %d", w.Code)
			}
			if a := f.paid(); a == nil || a.Agreed != tt.want {
				t.Errorf("attempt = %+v, want %s agreed to", a, tt.want)
			}
		})
	}
}

// TestShownTotalsTravel holds that every way to pay carries the total that stands
// beside it: on the first page, after a look-up without scripts, for saved cards, and
// after a mistake.
func TestShownTotalsTravel(t *testing.T) {
	t.Parallel()
	all := []string{"1:1000.00", "2:1020.00", "3:1035.00", "12:1140.00"}
	for name, tt := range map[string]struct {
		change func(*fakeCheckouts)
		form   []string
		want   []string
	}{
		"before_a_card_is_typed":   {nil, nil, []string{"1:1000.00"}},
		"of_a_saved_card":          {keepCards, nil, all},
		"after_a_look_up":          {nil, []string{"action", "installments", "bin", "542119"}, all},
		"after_a_mistake":          {nil, []string{"cvv", "1"}, all},
		"where_one_payment_is_all": {func(f *fakeCheckouts) { f.view.MaxInstallments = 1 }, nil, []string{"1:1000.00"}},
		"a_mistake_where_it_is_all": {
			func(f *fakeCheckouts) { f.view.MaxInstallments = 1 }, []string{"cvv", "1"}, []string{"1:1000.00"},
		},
		"after_a_mistake_of_the_code": {keepCards, []string{"storedCard", "card_axess", "cvv", "1"}, all},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f := newFake(t)
			if tt.change != nil {
				tt.change(f)
			}
			h := newHosted(t, f)
			w := get(t, h, checkoutAt)
			if tt.form != nil {
				w = post(t, h, checkoutAt, typed(t, h, tt.form...))
			}
			if got := agreedOn(w.Body.String()); !slices.Equal(got, tt.want) {
				t.Errorf("the page sends %v back, want %v", got, tt.want)
			}
		})
	}
}

// TestAnotherTotal holds that a payment that costs another total than the one that was
// shown comes back to be agreed to: the form, with the new total shown, sent and said,
// in every language.
func TestAnotherTotal(t *testing.T) {
	t.Parallel()
	for lang, amount := range map[string]string{
		"en": "1,250.00\u00a0TRY", "tr": "1.250,00\u00a0TL", "ar": "1,250.00\u00a0TRY", "ru": "1\u202f250,00\u00a0TRY",
		"de": "1.250,00\u00a0TRY", "fr": "1\u202f250,00\u00a0TRY",
	} {
		for count, agreed := range map[string]string{"1": "1:1250.00", "3": "3:1250.00", "6": "6:1250.00"} {
			t.Run(lang+"_"+count, func(t *testing.T) {
				t.Parallel()
				f := newFake(t)
				h := newHosted(t, f)
				f.err = fault.Wrap(fault.Conflict, fault.TotalChanged, "the total is 1250.00 TRY now",
					&charge.TotalChangedError{Total: money.FromMinor(125_000, money.TRY)})
				w := post(t, h, checkoutAt+"?lang="+lang, typed(t, h, "installmentCount", count))
				page := w.Body.String()
				notice := between(page, `id="notice"`, "</div>")
				if w.Code != http.StatusConflict || !strings.Contains(notice, amount) || !strings.Contains(page, `id="pay"`) {
					t.Errorf("answer = %d, and says %s", w.Code, notice)
				}
				chosen := between(page, `value="`+count+`" data-total="`+amount+`" checked`, "</label>")
				if !strings.Contains(chosen, agreed) || !strings.Contains(chosen, amount) {
					t.Errorf("the chosen way is %s", chosen)
				}
				if strings.Contains(page, "5421190122090656") || len(f.calls) != 1 {
					t.Errorf("the page shows the card, or was tried %d times", len(f.calls))
				}
				checkPolicy(t, w)
			})
		}
	}
}

// between is the part of a text from one word up to another, empty if there is none.
func between(text, from, to string) string {
	_, after, _ := strings.Cut(text, from)
	part, _, _ := strings.Cut(after, to)
	return part
}

// TestAgreedIsSentByName holds that the field has one name, which forms misspell.
func TestAgreedIsSentByName(t *testing.T) {
	t.Parallel()
	f := newFake(t)
	h := newHosted(t, f)
	form := typed(t, h)
	form["expected_total"] = []string{"3:1035.00"}
	if w := post(t, h, checkoutAt, form); w.Code != http.StatusBadRequest || len(f.calls) != 0 {
		t.Errorf("answer = %d, %d calls", w.Code, len(f.calls))
	}
	w := post(t, h, checkoutAt+"/installments", url.Values{"bin": {"542119"}})
	if !strings.Contains(w.Body.String(), `"agreed":"12:1140.00"`) {
		t.Errorf("answer = %s", w.Body)
	}
}
