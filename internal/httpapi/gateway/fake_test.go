package gateway_test

import (
	"context"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/vezne/vezne/internal/charge"
	"github.com/vezne/vezne/internal/clock"
	"github.com/vezne/vezne/internal/connector"
	"github.com/vezne/vezne/internal/egress"
	"github.com/vezne/vezne/internal/fault"
	"github.com/vezne/vezne/internal/httpapi/apitest"
	"github.com/vezne/vezne/internal/httpapi/gateway"
	"github.com/vezne/vezne/internal/httpapi/kit"
	"github.com/vezne/vezne/internal/id"
	"github.com/vezne/vezne/internal/idempotency"
	"github.com/vezne/vezne/internal/merchant"
	"github.com/vezne/vezne/internal/payment"
	"github.com/vezne/vezne/internal/routing"
	"github.com/vezne/vezne/internal/secret"
	"github.com/vezne/vezne/internal/threeds"
)

// today is when the tests play: a card of 04/28 is good.
var today = time.Date(2026, 11, 20, 11, 30, 0, 0, time.UTC)

// fakePayments records what it was asked and answers what it was given.
type fakePayments struct {
	mu       sync.Mutex
	calls    []any
	outcome  payment.Outcome
	form     connector.Form
	options  []routing.Option
	found    payment.Payment
	page     []payment.Payment
	refunds  []payment.Refund
	next     string
	err      error
	deadline bool
	canceled bool
}

func (f *fakePayments) record(ctx context.Context, call any) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.calls = append(f.calls, call)
	_, f.deadline = ctx.Deadline()
	f.canceled = ctx.Err() != nil
}

func (f *fakePayments) Pay(ctx context.Context, c charge.Pay) (payment.Outcome, error) {
	f.record(ctx, c)
	return f.outcome, f.err
}

func (f *fakePayments) Enrol(ctx context.Context, c threeds.Enrol) (threeds.Enrolment, error) {
	f.record(ctx, c)
	return threeds.Enrolment{Outcome: f.outcome, Form: f.form}, f.err
}

func (f *fakePayments) Complete(ctx context.Context, c threeds.Complete) (payment.Outcome, error) {
	f.record(ctx, c)
	return f.outcome, f.err
}

func (f *fakePayments) Offer(ctx context.Context, q charge.Quote) ([]routing.Option, error) {
	f.record(ctx, q)
	return f.options, f.err
}

func (f *fakePayments) Capture(ctx context.Context, c charge.Capture) (payment.Outcome, error) {
	f.record(ctx, c)
	return f.outcome, f.err
}

func (f *fakePayments) Void(ctx context.Context, c charge.Void) (payment.Outcome, error) {
	f.record(ctx, c)
	return f.outcome, f.err
}

func (f *fakePayments) Refund(ctx context.Context, c charge.Refund) (payment.Outcome, error) {
	f.record(ctx, c)
	return f.outcome, f.err
}

func (f *fakePayments) Find(_ context.Context, m id.Merchant, u id.UUID) (payment.Payment, error) {
	if m != 1 || u != f.found.UUID {
		return payment.Payment{}, fault.New(fault.NotFound, fault.NoSuchThing, "no such payment")
	}
	return f.found, nil
}

func (f *fakePayments) List(ctx context.Context, _ id.Merchant, filter payment.Filter) ([]payment.Payment, string, error) {
	f.record(ctx, filter)
	return f.page, f.next, f.err
}

func (f *fakePayments) Refunds(_ context.Context, m id.Merchant, p id.Payment) ([]payment.Refund, error) {
	if m != 1 || p != f.found.ID {
		return nil, fault.New(fault.NotFound, fault.NoSuchThing, "no such payment")
	}
	return f.refunds, f.err
}

// fakeCallers knows one pair.
type fakeCallers struct{}

func (fakeCallers) Authenticate(_ context.Context, key, apiSecret string) (merchant.Principal, error) {
	if key != "api-key" || apiSecret != "secret-key" {
		return merchant.Principal{}, fault.New(fault.Unauthenticated, fault.Unauthorized, "unknown key or wrong secret")
	}
	return merchant.Principal{MerchantID: 1, CredentialID: 7, Scopes: merchant.AllScopes(), Actor: "credential:7"}, nil
}

// document is read once, for reading it takes longer than a test.
var document = sync.OnceValues(func() (*apitest.Document, error) {
	return apitest.Load(context.Background(), "gateway.yaml")
})

func newHandler(t *testing.T, f *fakePayments) http.Handler {
	t.Helper()
	k, err := kit.New(kit.Config{
		Log:     slog.New(slog.NewTextHandler(io.Discard, nil)),
		Clock:   clock.NewManual(today),
		HashKey: secret.New(make([]byte, 32)),
	})
	if err != nil {
		t.Fatal(err)
	}
	doc, err := document()
	if err != nil {
		t.Fatal(err)
	}
	return doc.Handler(t, gateway.Handler(k, gateway.Services{
		Payments: f, ThreeDS: f, Callers: fakeCallers{}, URLs: egress.Policy{Demo: true},
	}))
}

func (f *fakePayments) callCount() int {
	f.mu.Lock()
	defer f.mu.Unlock()
	return len(f.calls)
}

func newRequest(t *testing.T, method, path, body string) *http.Request {
	t.Helper()
	r := httptest.NewRequestWithContext(t.Context(), method, "http://vezne.test"+path, strings.NewReader(body))
	r.Header.Set("X-API-KEY", "api-key")
	r.Header.Set("X-API-SECRET", "secret-key")
	if method == http.MethodPost {
		r.Header.Set("Content-Type", "application/json")
	}
	return r
}

func send(h http.Handler, r *http.Request) *httptest.ResponseRecorder {
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	return w
}

const goodBody = `{"orderId":"ORD-12345","amount":100.50,"currency":"TRY","cardHolderName":"John Doe","pan":"5421190122090656",` +
	`"expiryMonth":"04","expiryYear":"28","cvv":"916","requestIp":"192.168.1.1","requestPort":8080}`

// keyValue is what the caller's Idempotency-Key becomes.
func keyValue(sent string) ([32]byte, error) {
	h, err := idempotency.NewHasher(secret.New(make([]byte, 32)))
	if err != nil {
		return [32]byte{}, err
	}
	return h.Key(1, sent, func(io.Writer) {}).Value, nil
}

func keyOf(t *testing.T, sent string) [32]byte {
	t.Helper()
	value, err := keyValue(sent)
	if err != nil {
		t.Fatal(err)
	}
	return value
}

// CheckKey refuses the one key that was used for another request.
func (f *fakePayments) CheckKey(_ context.Context, c payment.Caller) error {
	if used, err := keyValue("used-before"); err != nil || c.Key.Value != used {
		return err
	}
	return fault.New(fault.Unprocessable, fault.IdempotencyKeyReused, "the Idempotency-Key was used for another request")
}

// firstCall returns the first command that the fake was given.
func firstCall[T any](t *testing.T, f *fakePayments) T {
	t.Helper()
	f.mu.Lock()
	defer f.mu.Unlock()
	if len(f.calls) == 0 {
		t.Fatal("no command arrived")
	}
	c, ok := f.calls[0].(T)
	if !ok {
		t.Fatalf("the command is a %T", f.calls[0])
	}
	return c
}
