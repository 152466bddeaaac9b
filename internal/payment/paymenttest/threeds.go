package paymenttest

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"net/http"
	"net/url"
	"runtime"
	"strings"
	"sync"
	"testing"

	"github.com/go-json-experiment/json"

	"github.com/vezne/vezne/internal/connector/sandbox"
	"github.com/vezne/vezne/internal/httpapi/apitest"
	"github.com/vezne/vezne/internal/idempotency"
	"github.com/vezne/vezne/internal/payment"
	"github.com/vezne/vezne/internal/threeds"
)

// The cards that fail in 3-D Secure (docs/sandbox.md).
const (
	InitFailsCard     = "5117580000006668" // THREEDS_INIT_ERROR
	NeverSecureCard   = "5115830000006669" // mdStatus 0
	HalfSecureCard    = "5117280000006665" // mdStatus 4
	CompleteFailsCard = "5100050000006661" // NOT_SUFFICIENT_FUNDS
)

func (w *World) Enrolment(t *testing.T, number string) threeds.Enrol {
	t.Helper()
	return threeds.Enrol{
		Pay: w.Order(t, number), Language: "en",
		SuccessURL: "http://merchant.test/success?a=1&b=2", FailureURL: "http://merchant.test/failure",
	}
}

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
	parts := strings.Split(strings.TrimPrefix(f.Action, PublicURL), "/")
	if len(parts) != 4 || parts[1] != "3ds" {
		t.Fatalf("the bank returns to %s", f.Action)
	}
	return threeds.Return{Connector: parts[2], SessionKey: parts[3], Form: f.Fields}
}

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

func (w *World) Completion(e threeds.Enrolment, key string) threeds.Complete {
	return threeds.Complete{Caller: w.Caller(), PaymentID: e.Payment.UUID, SecurityKey: key}
}

func (w *World) MustComplete(t *testing.T, e threeds.Enrolment, key string) payment.Outcome {
	t.Helper()
	o, err := w.Complete(t.Context(), w.Completion(e, key))
	if err != nil {
		t.Fatal(err)
	}
	return o
}

// BankSum returns what the bank holds of a payment: the approved sales that were
// not reversed, as decimals, by reference.
func (w *World) BankSum(t *testing.T, e threeds.Enrolment) string {
	t.Helper()
	d, err := w.Detail(t.Context(), DemoMerchant, e.Payment.UUID)
	if err != nil {
		t.Fatal(err)
	}
	var ledger struct {
		Transactions []struct {
			Reference string `json:"reference"`
			Kind      string `json:"kind"`
			Status    string `json:"status"`
		} `json:"transactions"`
	}
	body := w.BankLedger(t)
	if err := json.Unmarshal([]byte(body), &ledger); err != nil {
		t.Fatalf("%v: %s", err, body)
	}
	var held []string
	for _, o := range d.Operations {
		for _, row := range ledger.Transactions {
			if row.Reference == o.Reference && row.Kind != "void" {
				held = append(held, row.Kind+" "+row.Status)
			}
		}
	}
	return strings.Join(held, ", ")
}

func (w *World) WantBank(t *testing.T, e threeds.Enrolment, want string) {
	t.Helper()
	if got := w.BankSum(t, e); got != want {
		t.Errorf("the bank has %q, want %q", got, want)
	}
}

// WantNothingBooked holds that our books know nothing of a payment.
func (w *World) WantNothingBooked(t *testing.T, e threeds.Enrolment) {
	t.Helper()
	if sums := w.WantBalanced(t, e.Outcome); len(sums) != 0 {
		t.Errorf("ledger %v", sums)
	}
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

// killedStore lets a number of commits through and ends its caller at the next,
// as a kill of the process would.
type killedStore struct {
	payment.Store
	left int
}

func (k *killedStore) InTx(ctx context.Context, fn func(payment.Tx)) error {
	if k.left == 0 {
		runtime.Goexit()
	}
	k.left--
	return k.Store.InTx(ctx, fn)
}

// KilledAfter runs something on a node that dies after a number of commits.
func (w *World) KilledAfter(commits int, run func(*Rooms)) {
	dying := w.With(func(p *Parts) { p.Store = &killedStore{Store: w.Store, left: commits} })
	var wg sync.WaitGroup
	wg.Go(func() { run(dying) })
	wg.Wait()
}

func KeyNamed(name string) idempotency.Key {
	return idempotency.Key{Value: name, Hash: sha256.Sum256([]byte(name))}
}
