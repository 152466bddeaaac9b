package paymenttest

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/vezne/vezne/internal/connector/sandbox"
	"github.com/vezne/vezne/internal/httpapi/apitest"
	"github.com/vezne/vezne/internal/payment"
	"github.com/vezne/vezne/internal/threeds"
)

// Enrolment is an order whose payer is authenticated first.
func (w *World) Enrolment(t *testing.T, number string) threeds.Enrol {
	t.Helper()
	return threeds.Enrol{
		Pay: w.Order(t, number), Language: "en",
		SuccessURL: "http://merchant.test/success?a=1&b=2", FailureURL: "http://merchant.test/failure",
	}
}

// MustEnrol enrols a payer, or ends the test.
func (w *World) MustEnrol(t *testing.T, c threeds.Enrol) threeds.Enrolment {
	t.Helper()
	e, err := w.Enrol(t.Context(), c)
	if err != nil {
		t.Fatal(err)
	}
	return e
}

// AtBank takes a payer through the bank's page and returns the form that brings
// the payer back.
func (w *World) AtBank(t *testing.T, e threeds.Enrolment, password string) apitest.Form {
	t.Helper()
	WantState(t, e.Payment, payment.Enrolled)
	f := apitest.Form{Action: e.Form.Action, Fields: url.Values{}}
	for _, field := range e.Form.Fields {
		f.Fields.Add(field.Name, field.Value)
	}
	return submit(t, submit(t, f).With("password", password))
}

// submit posts a form and reads the one on the page that follows.
func submit(t *testing.T, f apitest.Form) apitest.Form {
	t.Helper()
	page, err := f.Post(t.Context(), http.DefaultClient)
	if err != nil {
		t.Fatal(err)
	}
	next, err := apitest.ReadForm(page.Body)
	if err != nil {
		t.Fatalf("status %d: %v: %s", page.Status, err, page.Body)
	}
	return next
}

// ReturnOf reads a return as the door would.
func ReturnOf(t *testing.T, f apitest.Form) threeds.Return {
	t.Helper()
	return ReturnAt(t, f.Action, f.Fields)
}

// ReturnAt reads a return to an address as the door would.
func ReturnAt(t *testing.T, address string, fields url.Values) threeds.Return {
	t.Helper()
	parts := strings.Split(strings.TrimPrefix(address, PublicURL), "/")
	if len(parts) != 4 || parts[1] != "3ds" {
		t.Fatalf("the bank returns to %s", address)
	}
	return threeds.Return{Connector: parts[2], SessionKey: parts[3], Form: fields}
}

// ComeBack brings a payer back, or ends the test.
func (w *World) ComeBack(t *testing.T, f apitest.Form) threeds.Returned {
	t.Helper()
	r, err := w.Return(t.Context(), ReturnOf(t, f))
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// Authenticated is an enrolment whose payer came back with success.
func (w *World) Authenticated(t *testing.T, c threeds.Enrol) (threeds.Enrolment, threeds.Returned) {
	t.Helper()
	e := w.MustEnrol(t, c)
	r := w.ComeBack(t, w.AtBank(t, e, "a"))
	if r.SecurityKey == "" || r.URL != c.SuccessURL {
		t.Fatalf("returned = %+v", r)
	}
	return e, r
}

// Completion asks to charge what was enrolled.
func (w *World) Completion(e threeds.Enrolment, key string) threeds.Complete {
	return threeds.Complete{Caller: w.Caller(), PaymentID: e.Payment.UUID, SecurityKey: key}
}

// MustComplete completes a payment, or ends the test.
func (w *World) MustComplete(t *testing.T, e threeds.Enrolment, key string) payment.Outcome {
	t.Helper()
	o, err := w.Complete(t.Context(), w.Completion(e, key))
	if err != nil {
		t.Fatal(err)
	}
	return o
}

// Sign makes a return's MAC as docs/sandbox.md says, on its own account.
func Sign(v url.Values) url.Values {
	h := hmac.New(sha256.New, []byte(sandbox.DefaultKey))
	h.Write([]byte("sandbox-return-1\n"))
	for _, name := range []string{
		"model", "terminal", "reference", "kind", "amount", "currency", "md_status", "md", "xid", "eci", "cavv",
		"outcome", "code", "message", "transaction_id", "rrn", "auth_code",
	} {
		fmt.Fprintf(h, "%s=%d:%s\n", name, len(v.Get(name)), v.Get(name))
	}
	v.Set("mac", hex.EncodeToString(h.Sum(nil)))
	return v
}
