package pages_test

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/vezne/vezne/test/browsertest"
)

// TestTypedByPeople holds that a card is read as a person reads it, without scripts.
func TestTypedByPeople(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		change []string
		holder string
	}{
		"Arabic_digits":        {[]string{"pan", "٥٤٢١ ١٩٠١ ٢٢٠٩ ٠٦٥٦", "expiryMonth", "٠٤", "expiryYear", "٢٠٢٨", "cvv", "٩١٦"}, "John Doe"},
		"Persian_digits":       {[]string{"pan", "۵۴۲۱۱۹۰۱۲۲۰۹۰۶۵۶", "expiryMonth", "۴", "expiryYear", "۲۸", "cvv", "۹۱۶"}, "John Doe"},
		"full_width_digits":    {[]string{"pan", "５４２１１９０１２２０９０６５６", "expiryMonth", "０４", "expiryYear", "２８", "cvv", "９１６"}, "John Doe"},
		"words_and_dashes":     {[]string{"pan", "Kart: 5421–1901–2209–0656.", "cvv", " 916\u200b"}, "John Doe"},
		"marks_nobody_sees":    {[]string{"pan", "\u200f5421\u00a01901\u202f2209\ufeff0656", "expiryMonth", "\u200e04"}, "John Doe"},
		"name_of_a_company":    {[]string{"cardHolderName", "A&B Yapı 1923 + Oğulları"}, "A&B Yapı 1923 + Oğulları"},
		"name_in_another_form": {[]string{"cardHolderName", "  Жанна д’Арк "}, "Жанна д’Арк"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f := newFake(t)
			h := newHosted(t, f)
			w := post(t, h, checkoutAt, typed(t, h, tt.change...))
			a := f.paid()
			if w.Code != http.StatusSeeOther || a == nil {
				t.Fatalf("answer = %d", w.Code)
			}
			if a.Card.PAN.Last4() != "0656" || a.Card.CVV.Reveal() != "916" || a.Card.Holder != tt.holder ||
				a.Card.Expiry.MM()+a.Card.Expiry.YY() != "0428" {
				t.Errorf("attempt = %+v", a)
			}
		})
	}
}

// TestRefusedNames holds that a refusal of a name says what it is about.
func TestRefusedNames(t *testing.T) {
	t.Parallel()
	for typedName, want := range map[string]string{
		"Ada | Lovelace": "cannot have the character |.", "=Ada": "cannot have the character =.", "+Ada": "cannot have the character &#43;.",
		"Ada <b>": "cannot have the character &lt;.", "Ada\u2028L": "cannot have the character U&#43;2028.", "Ada 1234567": "too many digits for a name",
	} {
		f := newFake(t)
		h := newHosted(t, f)
		body := post(t, h, checkoutAt, typed(t, h, "cardHolderName", typedName)).Body.String()
		_, after, _ := strings.Cut(body, `id="cardHolderName-error">`)
		if said, _, _ := strings.Cut(after, "</p>"); !strings.Contains(said, want) || len(f.calls) != 0 {
			t.Errorf("%q: said %q", typedName, said)
		}
	}
}

// TestTypedWithScript holds the same for the page's script.
func TestTypedWithScript(t *testing.T) {
	t.Parallel()
	b := browsertest.Start(t)
	f := newFake(t)
	server := httptest.NewServer(newHosted(t, f))
	t.Cleanup(server.Close)
	tab := b.Tab(t, browsertest.Options{Width: small})
	tab.Open(server.URL + checkoutAt)
	tab.Type("#cardHolderName", "Ada|Lovelace")
	tab.Type("#pan", "Kart ٥٤٢١ ۱۹۰۱-２２０９ 0656")
	tab.Type("#expiryMonth", "٤")
	tab.Type("#expiryYear", "٢٨")
	tab.Type("#cvv", "９１６")
	if got := browsertest.Eval[string](tab, "document.getElementById('pan').value"); got != "5421 1901 2209 0656" {
		t.Errorf("number = %q", got)
	}
	tab.Click("#submit")
	tab.Await("#errors")
	if got := tab.Text("#errors"); !strings.Contains(got, "cannot have the character |.") || strings.Count(got, ".") != 2 {
		t.Errorf("mistakes: %q", got)
	}
	browsertest.Eval[string](tab, "document.getElementById('cardHolderName').value = 'A&B 1923'")
	tab.Click("#submit")
	tab.Await("#cvv:invalid") // the page that follows, where it is empty
	if a := f.paid(); a == nil || a.Card.PAN.Last4() != "0656" || a.Card.CVV.Reveal() != "916" || a.Card.Holder != "A&B 1923" {
		t.Errorf("attempt = %+v", a)
	}
}
