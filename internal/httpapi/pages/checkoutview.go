package pages

import (
	"bytes"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/vezne/vezne/internal/checkout"
	"github.com/vezne/vezne/internal/connector"
	"github.com/vezne/vezne/internal/httpapi/kit"
)

// sheet is a hosted page before it is written.
type sheet struct {
	Kind   string // "form" or "news"
	Status int
	Title  string
	T      words
	Shop   *shop // nil when there is no checkout
	Action string
	// Version and Token guard the forms that come back to us.
	Version int
	Token   string
	form
	news

	Lang, Dir, Nonce, Style, Script string
	Test                            bool
	Languages                       []link

	// targets are the schemes to which a form may lead besides this page.
	targets string
	frames  string
}

// shop is who sells what; Logo is the address of a picture, empty for none.
type shop struct{ Name, Initial, Logo, Description, Order string }

// link is a language of the switcher.
type link struct {
	Code, Name, URL string
	Current         bool
}

// news is a page that says how things stand.
type news struct {
	Tone  string // "good", "bad" or "calm"
	Lines []string
	Facts []fact
	Away  *away
	// Again is a link to the page itself, with Label.
	Again, Label string
	// Leave offers to use another card or none.
	Leave     bool
	Reference string
}

type fact struct{ Name, Value string }

// away is a form that takes the browser elsewhere; Auto is after how many
// milliseconds a script submits it, zero for never.
type away struct {
	Action string
	Fields []kit.FormField
	Label  string
	Auto   int
	Note   string
}

// How long scripts wait before they submit a form. To the bank at once: HTML has
// no zero in a condition, hence one.
const (
	toBankAfter = 1
	toShopAfter = 6000
)

// Pauses after which a page that waits looks again.
const (
	lookSoon  = "3"
	lookLater = "10"
	soon      = time.Minute
)

// show answers GET with the checkout as it is.
func (s *hosted) show(v visit) {
	p := s.sheet(v)
	if v.Payment.Unclear {
		s.lookedAfter(v, &p)
		s.write(v.w, v.r, p)
		return
	}
	switch v.State {
	case checkout.Open:
		s.openForm(v, &p)
	case checkout.Authenticating:
		s.atBank(v, &p)
	case checkout.Charging:
		s.waiting(v, &p)
	case checkout.Paid:
		s.paid(v, &p)
	case checkout.Failed:
		s.failed(v, &p)
	}
	s.write(v.w, v.r, p)
}

// sheet returns the page's frame: who sells what, and the guard of its forms.
func (s *hosted) sheet(v visit) sheet {
	t := s.texts[v.lang.String()]
	initial, _ := utf8.DecodeRuneInString(strings.ToUpper(v.Merchant.Name))
	seller := &shop{Name: v.Merchant.Name, Initial: string(initial), Description: v.Description, Order: v.Ref}
	if v.Merchant.Logo != "" {
		seller.Logo = logosPrefix + v.Merchant.Logo
	}
	return sheet{
		Kind: "news", Status: http.StatusOK, T: t, Title: t["title"], Shop: seller,
		Action: s.address(v, ""), Version: v.Version, Token: formToken(s.FormKey, v.ID, v.Version),
		frames: v.Merchant.Checkout.Frames,
	}
}

// atBank shows the way to the bank, and the way out.
func (s *hosted) atBank(v visit, p *sheet) {
	bank, err := s.Checkouts.BankForm(v.r.Context(), v.Checkout)
	if err != nil {
		s.log(v.w, v.r, err)
	}
	if bank.Action == "" { // it is being asked for at this moment
		s.waiting(v, p)
		return
	}
	p.Title, p.Tone, p.Lines, p.Leave = p.T["bank"], "calm", []string{p.T["bank_text"]}, true
	p.lead(away{Action: bank.Action, Fields: fieldsOf(bank), Label: p.T["bank_button"], Auto: toBankAfter})
}

func fieldsOf(f connector.Form) []kit.FormField {
	var all []kit.FormField
	for _, field := range f.Fields {
		all = append(all, kit.FormField{Name: field.Name, Value: field.Value})
	}
	return all
}

// lead adds a form that takes the browser elsewhere. Its host is not narrowed in
// the policy, because browsers hold redirects that follow against it too.
func (p *sheet) lead(a away) {
	p.Away, p.targets = &a, " https:"
	if u, err := url.Parse(a.Action); err == nil && u.Scheme == "http" {
		p.targets += " http:"
	}
}

// lookedAfter says that it is not known yet whether the card that was tried last was
// charged. There is nothing to do but to wait.
func (s *hosted) lookedAfter(v visit, p *sheet) {
	s.waiting(v, p)
	p.Title, p.Lines = p.T["unclear"], []string{p.T["unclear_text"], p.T["wait_text"]}
}

func (s *hosted) waiting(v visit, p *sheet) {
	pause := lookSoon
	if s.kit.Clock().Now().Sub(v.AttemptAt) > soon {
		pause = lookLater
	}
	v.w.Header().Set("Refresh", pause+"; url="+s.address(v, ""))
	p.Title, p.Tone, p.Lines = p.T["wait"], "calm", []string{p.T["wait_text"]}
	p.Again, p.Label = s.address(v, ""), p.T["update"]
}

func (s *hosted) paid(v visit, p *sheet) {
	p.Title, p.Tone = p.T["paid"], "good"
	p.Lines = []string{p.T.fill("paid_text", "merchant", v.Merchant.Name)}
	p.Facts = []fact{{p.T["paid_amount"], amountText(v.Payment.Paid, v.lang)}, {p.T["card"], v.Payment.Card.Masked}}
	if n := v.Payment.Installments; n > 1 {
		each := amountText(v.Payment.Paid.Divide(n), v.lang)
		p.Facts = append(p.Facts, fact{p.T["plan"], strconv.Itoa(n) + " × " + each})
	}
	s.toShop(v, p, toShopAfter)
}

func (s *hosted) failed(v visit, p *sheet) {
	p.Tone = "bad"
	switch v.Reason {
	case connector.CheckoutExpired:
		p.Status = http.StatusGone
		p.Title, p.Lines = p.T["expired"], []string{p.T["expired_text"]}
	case connector.CheckoutCancelled:
		p.Title, p.Lines = p.T["cancelled"], []string{p.T["cancelled_text"]}
	default:
		p.Title = p.T["failed"]
		p.Lines = []string{s.why(v), p.T["failed_text"]}
	}
	s.toShop(v, p, 0)
}

// toShop adds the form that takes the shopper back to the merchant (gateway API,
// section 12.17).
func (s *hosted) toShop(v visit, p *sheet, after int) {
	if s.Callback(v.Callback, v.Merchant.Hosts) != nil {
		return // not allowed any more
	}
	a := away{
		Action: v.Callback, Label: p.T["return"], Auto: after,
		Fields: []kit.FormField{{Name: "checkoutId", Value: v.ID.String()}},
	}
	if after > 0 {
		a.Note = p.T["return_auto"]
	}
	p.lead(a)
}

// problem shows a page that is about no checkout.
func (s *hosted) problem(w http.ResponseWriter, r *http.Request, status int) {
	t := s.texts[s.language(r).String()]
	p := sheet{Kind: "news", Status: status, T: t}
	p.Tone, p.Reference = "bad", w.Header().Get("X-Request-Id")
	key := "refused"
	switch {
	case status == http.StatusNotFound:
		key = "missing"
	case status == http.StatusTooManyRequests:
		key = "toomany"
		w.Header().Set("Retry-After", "60")
	case status >= http.StatusInternalServerError:
		key = "broken"
	}
	p.Title, p.Lines = t[key], []string{t[key+"_text"]}
	if u := r.PathValue("checkout"); u != "" && status != http.StatusNotFound {
		p.Again, p.Label = checkout.LinkPrefix+url.PathEscape(u), t["open"]
	}
	s.write(w, r, p)
}

// write sends a page. Nothing but its own style sheet and script is loaded, and
// nothing that it shows may be kept.
func (s *hosted) write(w http.ResponseWriter, r *http.Request, p sheet) {
	lang := s.language(r)
	p.Lang, p.Dir, p.Nonce, p.Test = lang.String(), direction(lang), newNonce(), s.Test
	p.Style, p.Script = s.assets.paths["checkout/style.css"], s.assets.paths["checkout/script.js"]
	for _, l := range nativeNames() {
		l.URL, l.Current = "?lang="+l.Code, l.Code == p.Lang
		p.Languages = append(p.Languages, l)
	}
	if p.frames == "" {
		p.frames = "'none'"
		w.Header().Set("X-Frame-Options", "DENY")
	}
	var html bytes.Buffer
	if err := s.page.Execute(&html, p); err != nil {
		s.log(w, r, err)
		http.Error(w, http.StatusText(http.StatusInternalServerError), http.StatusInternalServerError)
		return
	}
	h := w.Header()
	h.Set("Content-Type", "text/html; charset=utf-8")
	h.Set("Content-Language", p.Lang)
	h.Set("Content-Security-Policy",
		"default-src 'none'; base-uri 'none'; connect-src 'self'; img-src 'self' data:; style-src 'nonce-"+
			p.Nonce+"'; script-src 'nonce-"+p.Nonce+"'; form-action 'self'"+p.targets+"; frame-ancestors "+p.frames)
	h.Set("Referrer-Policy", "no-referrer")
	h.Set("Permissions-Policy", "camera=(), geolocation=(), microphone=()")
	w.WriteHeader(p.Status)
	_, _ = w.Write(html.Bytes()) // the shopper may be gone
}
