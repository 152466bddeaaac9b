package sandbox

import (
	"context"
	"net"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"
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
func (b *simulatedBank) serveACS(w http.ResponseWriter, r *http.Request) {
	token, ok := acsForm(w, r)
	if !ok {
		return
	}
	b.enrolments.mu.Lock()
	e := b.enrolments.find(token)
	b.enrolments.mu.Unlock()
	if e == nil {
		b.pages.gone(w)
		return
	}
	b.showACS(w, token, e, false)
}

func (b *simulatedBank) showACS(w http.ResponseWriter, token string, e *enrolment, wrong bool) {
	b.pages.ask(w, e.language, acsPage{
		Action: b.url + acsAnswerPath, Token: token, Wrong: wrong,
		Amount: e.entry.amount.Decimal() + " " + e.entry.amount.Currency().String(),
		Last4:  e.entry.last4, Shop: e.order.Terminal,
	})
}

// serveACSAnswer takes what the payer typed. A "3d_pay" bank books here, so the
// faults of requests that move money strike here too.
func (b *simulatedBank) serveACSAnswer(w http.ResponseWriter, r *http.Request) {
	token, ok := acsForm(w, r)
	if !ok {
		return
	}
	password, cancelled := r.PostForm.Get("password"), r.PostForm.Has("cancel")
	b.enrolments.mu.Lock()
	e := b.enrolments.find(token)
	b.enrolments.mu.Unlock()
	if e == nil {
		b.pages.gone(w)
		return
	}
	var decide http.Handler = http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		b.decideACS(w, r, token, password, cancelled)
	})
	if e.model == model3DPay {
		decide = b.faults.Money(decide)
	}
	decide.ServeHTTP(w, r)
}

func (b *simulatedBank) decideACS(w http.ResponseWriter, r *http.Request, token, password string, cancelled bool) {
	e, done := b.typed(token, password, cancelled)
	switch {
	case e == nil:
		b.pages.gone(w)
		return
	case !done:
		b.showACS(w, token, e, true)
		return
	}
	if err := b.ledger.journal.Sync(e.position); err != nil {
		http.Error(w, "ledger unavailable", http.StatusInternalServerError)
		return
	}
	if b.faults.Callback() {
		b.returnItself(r.Context(), e)
	}
	b.pages.sendBack(w, e.language, e.returnURL, e.result)
}

// typed decides by the password, once: whatever is typed later leads to the same
// return. It reports false while the payer may try again.
func (b *simulatedBank) typed(token, password string, cancelled bool) (*enrolment, bool) {
	b.enrolments.mu.Lock()
	defer b.enrolments.mu.Unlock()
	e := b.enrolments.find(token)
	switch {
	case e == nil || e.result != nil:
		return e, e != nil
	case cancelled, password == passwordRefuse:
		b.finish(e, 0)
		return e, true
	case password == passwordRight:
		b.finish(e, e.forced)
		return e, true
	}
	if e.tries++; e.tries >= maxPasswords {
		b.finish(e, 0)
		return e, true
	}
	return e, false
}

// finish writes the return; the caller holds the lock of the enrolments.
func (b *simulatedBank) finish(e *enrolment, status int) {
	o := e.order
	values := map[string]string{
		"model": e.model, "terminal": o.Terminal, "reference": o.Reference, "kind": string(o.Kind),
		"amount": strconv.FormatInt(o.Amount, 10), "currency": strconv.Itoa(int(o.Currency)), "md_status": strconv.Itoa(status),
	}
	if status >= 1 && status <= 4 {
		e.proof = orderAuthentication{MD: randomText(), XID: randomText(), ECI: "05", CAVV: randomText()}
		if status > 1 {
			e.proof.ECI = "06" // attempted (EMV 3-D Secure, ECI of Visa)
		}
		values["md"], values["xid"], values["eci"], values["cavv"] = e.proof.MD, e.proof.XID, e.proof.ECI, e.proof.CAVV
		if e.model == model3DPay {
			b.bookNow(e, values)
		}
	}
	values[macField] = b.macs.back(values)
	e.result = values
}

// bookNow books as a "3d_pay" bank does.
func (b *simulatedBank) bookNow(e *enrolment, values map[string]string) {
	booking := e.entry
	booking.at, booking.decline = b.clock.Now(), e.decline
	r, position := b.ledger.charge(booking)
	e.position = position
	values["outcome"], values["code"], values["message"] = string(r.Outcome), r.Code, r.Message
	values["transaction_id"], values["rrn"], values["auth_code"] = r.TransactionID, r.RRN, r.AuthCode
}

// returnItself sends the return from server to server, before the browser brings
// the same one: a duplicate callback. Only this machine is called.
func (b *simulatedBank) returnItself(ctx context.Context, e *enrolment) {
	u, err := url.Parse(e.returnURL)
	if err != nil || (u.Hostname() != "localhost" && !net.ParseIP(u.Hostname()).IsLoopback()) {
		return
	}
	form := url.Values{}
	for name, value := range e.result {
		form.Set(name, value)
	}
	for _, name := range returnFields {
		if !form.Has(name) {
			form.Set(name, "")
		}
	}
	ctx, cancel := context.WithTimeout(ctx, returnLimit)
	defer cancel()
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, e.returnURL, strings.NewReader(form.Encode())) //nolint:gosec // this machine, see above
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
