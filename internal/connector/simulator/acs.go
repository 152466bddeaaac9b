package simulator

import (
	"context"
	"net"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/vezne/vezne/internal/connector"
)

// The addresses of the bank's page, below its own.
const (
	acsPath       = "/3ds/acs"
	acsAnswerPath = "/3ds/answer"
)

// The passwords of every payer.
const (
	passwordRight  = "a"
	passwordRefuse = "b"
)

const (
	maxACSForm = 4 << 10
	// returnLimit bounds a return that the bank makes by itself.
	returnLimit = 10 * time.Second
)

// serveACS shows the page on which a payer proves to be the card's holder.
func (b *Bank) serveACS(w http.ResponseWriter, r *http.Request) {
	token, ok := acsForm(w, r)
	if !ok {
		return
	}
	b.ShowPage(w, token)
}

// ShowPage shows the page of a token, for protocols whose payers come to it in a
// way of their own.
func (b *Bank) ShowPage(w http.ResponseWriter, token string) {
	b.payers.mu.Lock()
	p := b.payers.find(token)
	lost := p == nil || p.ReturnURL == ""
	b.payers.mu.Unlock()
	if lost {
		b.pages.gone(w)
		return
	}
	b.showACS(w, token, p, false)
}

// EntryPage is a page that takes a payer's browser to the page of a token by itself,
// for protocols whose answer to an enrolment is a page.
func (b *Bank) EntryPage(token, lang string) []byte {
	return b.pages.entry(lang, b.charset(), b.PageURL(), []connector.Field{{Name: "token", Value: token}})
}

func (b *Bank) showACS(w http.ResponseWriter, token string, p *payer, wrong bool) {
	b.pages.ask(w, p.Language, b.charset(), acsPage{
		Action: b.url + acsAnswerPath, Token: token, Wrong: wrong,
		Amount: p.Order.Amount.Decimal() + " " + p.Order.Amount.Currency().String(),
		Last4:  p.entry.last4, Shop: p.Order.Terminal,
	})
}

// charset is that of the bank's pages.
func (b *Bank) charset() connector.Charset {
	if b.options.PageCharset != "" {
		return b.options.PageCharset
	}
	return connector.UTF8
}

// serveACSAnswer takes what the payer typed. A bank that books by itself does it
// here, so the faults of requests that move money strike here too.
func (b *Bank) serveACSAnswer(w http.ResponseWriter, r *http.Request) {
	token, ok := acsForm(w, r)
	if !ok {
		return
	}
	password, cancelled := r.PostForm.Get("password"), r.PostForm.Has("cancel")
	b.payers.mu.Lock()
	p := b.payers.find(token)
	b.payers.mu.Unlock()
	if p == nil {
		b.pages.gone(w)
		return
	}
	var decide http.Handler = http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		b.decideACS(w, r, token, password, cancelled)
	})
	if p.Pay {
		decide = b.faults.Money(decide)
	}
	decide.ServeHTTP(w, r)
}

func (b *Bank) decideACS(w http.ResponseWriter, r *http.Request, token, password string, cancelled bool) {
	p, done := b.typed(token, password, cancelled)
	switch {
	case p == nil:
		b.pages.gone(w)
		return
	case !done:
		b.showACS(w, token, p, true)
		return
	}
	if err := b.books.journal.Sync(p.result.Booking.position); err != nil {
		unavailable(w)
		return
	}
	if b.faults.strikes(DuplicateCallback) {
		b.returnItself(r.Context(), p)
	}
	b.pages.sendBack(w, p.Language, p.result.Charset, p.backURL(), p.fields)
}

func (p *payer) backURL() string {
	if p.result.Proof == (Proof{}) && p.FailURL != "" {
		return p.FailURL
	}
	return p.ReturnURL
}

// typed decides by the password, once: whatever is typed later leads to the same
// return. It reports false while the payer may try again.
func (b *Bank) typed(token, password string, cancelled bool) (*payer, bool) {
	b.payers.mu.Lock()
	defer b.payers.mu.Unlock()
	p := b.payers.find(token)
	switch {
	case p == nil || p.result != nil:
		return p, p != nil
	case cancelled, password == passwordRefuse:
		b.finish(p, 0)
		return p, true
	case password == passwordRight:
		b.finish(p, p.forced)
		return p, true
	}
	if p.tries++; p.tries >= maxPasswords {
		b.finish(p, 0)
		return p, true
	}
	return p, false
}

// finish writes the return; the caller holds the lock of the payers.
func (b *Bank) finish(p *payer, status int) {
	r := &Return{
		Payer: p.Payer, Last4: p.entry.last4, MDStatus: status,
		Charset: b.charset(), spoilt: b.faults.strikes(WrongMAC),
	}
	why := connector.ThreeDSFailed
	if status >= 1 && status <= 4 {
		why = ""
		r.Proof = Proof{MD: randomText(), XID: randomText(), ECI: "05", CAVV: randomText()}
		if status > 1 {
			r.Proof.ECI = "06" // attempted (EMV 3-D Secure, ECI of Visa)
		}
		if p.Pay {
			booking := p.entry
			booking.at, booking.decline = b.clock.Now(), p.decline
			r.Booking = b.books.charge(booking)
			why = r.Booking.Decline
		}
	}
	if b.faults.strikes(Windows1254) {
		r.Charset = connector.Windows1254
	}
	r.Message = Text(why, r.Charset)
	p.result, p.fields = r, b.options.Return(*r)
}

// returnItself sends the return from server to server, before the browser brings
// the same one: a duplicate callback. Only this machine is called.
func (b *Bank) returnItself(ctx context.Context, p *payer) {
	u, err := url.Parse(p.backURL())
	if err != nil || (u.Hostname() != "localhost" && !net.ParseIP(u.Hostname()).IsLoopback()) {
		return
	}
	form := url.Values{}
	for _, f := range p.fields {
		bytes, _ := p.result.Charset.Encode(f.Value) // the bank's own words are in its own charset
		form.Add(f.Name, bytes)
	}
	ctx, cancel := context.WithTimeout(ctx, returnLimit)
	defer cancel()
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, p.backURL(), strings.NewReader(form.Encode())) //nolint:gosec // this machine, see above
	if err != nil {
		return
	}
	request.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	client := http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	response, err := client.Do(request) //nolint:gosec // this machine, see above
	if err != nil {
		return // the browser brings the return anyway
	}
	_ = response.Body.Close() // a bank does not read what the shop answers
}

// acsForm returns the token of a form of the page; if it is not ok, the refusal
// has been sent.
func acsForm(w http.ResponseWriter, r *http.Request) (string, bool) {
	r.Body = http.MaxBytesReader(w, r.Body, maxACSForm)
	if err := r.ParseForm(); err != nil {
		http.Error(w, "form unreadable or too large", http.StatusBadRequest)
		return "", false
	}
	return r.PostForm.Get("token"), true
}
