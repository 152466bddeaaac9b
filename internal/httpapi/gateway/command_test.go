package gateway_test

import (
	"net/http"
	"net/netip"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/vezne/vezne/internal/charge"
	"github.com/vezne/vezne/internal/fault"
	"github.com/vezne/vezne/internal/id"
	"github.com/vezne/vezne/internal/money"
	"github.com/vezne/vezne/internal/payment"
)

func contains(s, part string) bool { return strings.Contains(s, part) }

func TestPayCommand(t *testing.T) {
	t.Parallel()
	for path, phase := range map[string]payment.Phase{
		"/api/payment":           payment.PhaseSale,
		"/api/pre-authorization": payment.PhasePreAuthorization,
	} {
		f := &fakePayments{outcome: payment.Outcome{Payment: approvedPayment(t)}}
		body := strings.Replace(goodBody, `"requestPort":8080`,
			`"requestPort":1,"customerId":"CUST-1","installmentCount":1,"unheardOf":{"a":[1e9]}`, 1)
		body = strings.Replace(body, `"John Doe"`, `"  Şükrü O'Neil-Çağ Jr. "`, 1)
		r := newRequest(t, http.MethodPost, path, "\ufeff"+body)
		r.Header.Set("Idempotency-Key", "first try")
		r.Header.Set("Content-Type", `application/json; charset="UTF8"`)
		if w := send(newHandler(t, f), r); w.Code != http.StatusOK {
			t.Fatalf("%s: status = %d: %s", path, w.Code, w.Body)
		}
		c, ok := f.calls[0].(charge.Pay)
		if !ok {
			t.Fatalf("%s: command is a %T", path, f.calls[0])
		}
		if c.Phase != phase || !c.OnePerOrder || c.Installments != 1 || c.Group != payment.GroupProduct {
			t.Errorf("%s: phase, one per order, installments, group = %v %v %v %v", path, c.Phase, c.OnePerOrder, c.Installments,
				c.Group)
		}
		if c.MerchantID != 1 || c.Actor != "credential:7" || c.Surface != payment.SurfaceGateway ||
			c.Key.Value != keyOf(t, "first try") {
			t.Errorf("%s: caller = %+v", path, c.Caller)
		}
		if c.Price != money.FromMinor(10050, money.TRY) || !c.Paid.IsZero() || c.OrderRef != "ORD-12345" ||
			c.CustomerRef != "CUST-1" {
			t.Errorf("%s: price, paid, order, customer = %v %v %v %v", path, c.Price, c.Paid, c.OrderRef, c.CustomerRef)
		}
		if c.Card.Holder != "Şükrü O'Neil-Çağ Jr." || c.Card.PAN.Masked() != "542119******0656" || c.Card.CVV.IsZero() ||
			c.Card.Expiry.MM() != "04" || c.Card.Expiry.YY() != "28" {
			t.Errorf("%s: card = %v %v %v", path, c.Card.Holder, c.Card.PAN, c.Card.Expiry)
		}
		if c.ClientIP != netip.MustParseAddr("192.168.1.1") {
			t.Errorf("%s: client = %v", path, c.ClientIP)
		}
		if !f.deadline || f.canceled {
			t.Errorf("%s: context has deadline %v, is over %v", path, f.deadline, f.canceled)
		}
	}
}

func TestIdempotencyHash(t *testing.T) {
	t.Parallel()
	hash := func(path, body string) [32]byte {
		f := &fakePayments{outcome: payment.Outcome{Payment: approvedPayment(t)}}
		r := newRequest(t, http.MethodPost, path, body)
		r.Header.Set("Idempotency-Key", "k")
		send(newHandler(t, f), r)
		c, ok := f.calls[0].(charge.Pay)
		if !ok || c.Key.IsZero() {
			t.Fatalf("command is %T", f.calls[0])
		}
		return c.Key.Request
	}
	first := hash("/api/payment", goodBody)
	if hash("/api/payment", goodBody) != first {
		t.Error("the same request has another hash")
	}
	if hash("/api/payment", strings.Replace(goodBody, "100.50", " 100.5", 1)+" ") != first {
		t.Error("the same request has another hash when it is written otherwise")
	}
	if hash("/api/payment", strings.Replace(goodBody, "100.50", "100.51", 1)) == first {
		t.Error("another body has the same hash")
	}
	if hash("/api/pre-authorization", goodBody) == first {
		t.Error("another path has the same hash")
	}
}

func TestCallerHangsUp(t *testing.T) {
	t.Parallel()
	f := &fakePayments{outcome: payment.Outcome{Payment: approvedPayment(t)}}
	r := newRequest(t, http.MethodPost, "/api/payment", goodBody)
	ctx, cancel := contextThatEnds(t)
	cancel()
	send(newHandler(t, f), r.WithContext(ctx))
	if f.callCount() != 1 || f.canceled {
		t.Errorf("calls = %d, domain's context over = %v: a payment must go on", f.callCount(), f.canceled)
	}
}

func TestFollowUpCommands(t *testing.T) {
	t.Parallel()
	u := mustUUID(t, paymentID)
	who := payment.Caller{MerchantID: 1, Actor: "credential:7", Surface: payment.SurfaceGateway}
	tests := map[string]struct {
		path, body string
		want       any
	}{
		"capture": {
			"/api/pre-authorization/" + paymentID + "/capture", `{"amount":90,"currency":"TRY"}`,
			charge.Capture{Caller: who, PaymentID: u, Amount: money.FromMinor(9000, money.TRY)},
		},
		"refund_of_a_part": {
			"/api/payment/" + paymentID + "/refund", `{"amount":0.01,"currency":"TRY"}`,
			charge.Refund{Caller: who, PaymentID: u, Amount: money.FromMinor(1, money.TRY)},
		},
		"refund_of_the_rest": {
			"/api/payment/" + paymentID + "/refund", `{}`,
			charge.Refund{Caller: who, PaymentID: u},
		},
		"refund_of_the_rest_in_its_currency": {
			"/api/payment/" + paymentID + "/refund", `{"amount":null,"currency":"TRY"}`,
			charge.Refund{Caller: who, PaymentID: u},
		},
		"void":                {"/api/payment/" + paymentID + "/void", `{}`, charge.Void{Caller: who, PaymentID: u}},
		"void_without_a_body": {"/api/payment/" + paymentID + "/void", ``, charge.Void{Caller: who, PaymentID: u}},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f := &fakePayments{outcome: payment.Outcome{Payment: approvedPayment(t)}, found: approvedPayment(t)}
			r := newRequest(t, http.MethodPost, tt.path, tt.body)
			if tt.body == "" {
				r.Header.Del("Content-Type")
			}
			if w := send(newHandler(t, f), r); w.Code != http.StatusOK {
				t.Fatalf("status = %d: %s", w.Code, w.Body)
			}
			if diff := cmp.Diff([]any{tt.want}, f.calls, sameMoney); diff != "" {
				t.Errorf("command (-want +got):\n%s", diff)
			}
		})
	}
}

func TestFind(t *testing.T) {
	t.Parallel()
	p := approvedPayment(t)
	p.Phase, p.Captured = payment.PhasePreAuthorization, money.FromMinor(9000, money.TRY)
	f := &fakePayments{found: p, refunds: []payment.Refund{
		{ID: 42, Amount: money.FromMinor(1000, money.TRY), Status: payment.OperationUnknown, AskedAt: today.Add(time.Hour)},
		{ID: 41, Amount: money.FromMinor(1000, money.TRY), Status: payment.OperationApproved, AskedAt: today},
		{ID: 40, Amount: money.FromMinor(9000, money.TRY), Status: payment.OperationUnsent, AskedAt: today},
	}}
	w := send(newHandler(t, f), newRequest(t, http.MethodGet, "/api/payment/"+paymentID, ""))
	for _, want := range []string{
		`"amount":90.00,`, `"status":"SUCCESS"`, `"capturedAmount":90.00,"refundedAmount":0.00,"voided":false,`,
		`"kind":"PRE_AUTHORIZATION","refunds":[` +
			`{"refundId":"42","amount":10.00,"status":"PENDING","createdAt":"2026-11-20T12:30:00Z"},` +
			`{"refundId":"41","amount":10.00,"status":"SUCCESS","createdAt":"2026-11-20T11:30:00Z"},` +
			`{"refundId":"40","amount":90.00,"status":"FAILED","createdAt":"2026-11-20T11:30:00Z"}]}`,
	} {
		if w.Code != http.StatusOK || !contains(w.Body.String(), want) {
			t.Errorf("answer = %d %s, want %s", w.Code, w.Body, want)
		}
	}
	w = send(newHandler(t, f), newRequest(t, http.MethodHead, "/api/payment/"+paymentID, ""))
	if w.Code != http.StatusOK {
		t.Errorf("HEAD = %d", w.Code)
	}
	expired := approvedPayment(t)
	expired.State = payment.Expired
	w = send(newHandler(t, &fakePayments{found: expired}), newRequest(t, http.MethodGet, "/api/payment/"+paymentID, ""))
	if !contains(w.Body.String(), `"kind":"SALE","refunds":[]}`) {
		t.Errorf("a sale without refunds = %s", w.Body)
	}
	if !contains(w.Body.String(), `"status":"FAILED"`) || !contains(w.Body.String(), `"resultCode":"EXPIRED_PROVISION"`) {
		t.Errorf("lapsed hold = %s", w.Body)
	}
}

// sameMoney lets cmp look at amounts, whose members are not exported.
var sameMoney = cmp.Comparer(func(a, b money.Amount) bool { return a == b })

func TestList(t *testing.T) {
	t.Parallel()
	f := &fakePayments{page: []payment.Payment{approvedPayment(t)}, next: "abc"}
	query := "?orderId=ORD-12345&customerId=&status=SUCCESS&from=2026-11-01T03:00:00%2B03:00&to=2026-12-01T00:00:00Z&limit=100&cursor=xyz"
	w := send(newHandler(t, f), newRequest(t, http.MethodGet, "/api/payments"+query, ""))
	if w.Code != http.StatusOK || !contains(w.Body.String(), `"voided":false}],"next":"abc"}`) {
		t.Errorf("answer = %d %s", w.Code, w.Body)
	}
	want := payment.Filter{
		OrderRef: "ORD-12345",
		States: []payment.State{
			payment.Authorized, payment.Captured, payment.PartiallyRefunded, payment.Refunded, payment.Voided,
		},
		From: time.Date(2026, 11, 1, 0, 0, 0, 0, time.UTC), To: time.Date(2026, 12, 1, 0, 0, 0, 0, time.UTC),
		Limit: 100, Cursor: "xyz",
	}
	if diff := cmp.Diff([]any{want}, f.calls, sameMoney); diff != "" {
		t.Errorf("filter (-want +got):\n%s", diff)
	}
	f = &fakePayments{}
	w = send(newHandler(t, f), newRequest(t, http.MethodGet, "/api/payments", ""))
	if got := w.Body.String(); got != `{"payments":[],"next":null}` {
		t.Errorf("empty list = %s", got)
	}
	if diff := cmp.Diff([]any{payment.Filter{Limit: 25}}, f.calls, sameMoney); diff != "" {
		t.Errorf("filter of no query (-want +got):\n%s", diff)
	}
}

func TestDomainFaults(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		err        error
		status     int
		parts      []string
		retryAfter string
	}{
		"conflict_names_its_payment": {
			fault.New(fault.Conflict, fault.OrderInProgress, "a payment of this order is being processed").
				WithSubject(paymentID).WithRetryAfter(time.Second),
			409,
			[]string{`"resultCode":"ORDER_IN_PROGRESS"`, `"paymentId":"` + paymentID + `"`, `"errors":[]`},
			"1",
		},
		"another_total_is_told": {
			&fault.Error{
				Kind: fault.Conflict, Code: fault.TotalChanged, Message: "the total is 1250.00 TRY now",
				Fields: []fault.Field{{Name: "expectedTotal", Code: fault.FieldInvalid, Message: "must be 1250.00"}},
				Err:    &charge.TotalChangedError{Total: money.FromMinor(125_000, money.TRY)},
			},
			409,
			[]string{`"resultCode":"TOTAL_CHANGED"`, `"field":"expectedTotal"`, `"paymentId":null,"totalAmount":1250.00}`},
			"",
		},
		"currency_without_a_pos": {
			&fault.Error{
				Kind: fault.Invalid, Code: fault.UnsupportedCurrency, Message: "currency: no POS takes USD",
				Fields: []fault.Field{{Name: "currency", Code: fault.FieldInvalid, Message: "no POS takes USD"}},
			},
			400,
			[]string{`"resultCode":"UNSUPPORTED_CURRENCY"`, `"field":"currency"`},
			"",
		},
		"key_of_another_request": {
			fault.New(fault.Unprocessable, fault.IdempotencyKeyReused, "used"), 422, []string{`"resultCode":"IDEMPOTENCY_KEY_REUSED"`}, "",
		},
		"too_many_requests": {
			fault.New(fault.RateLimited, fault.TooManyRequests, "slow down").WithRetryAfter(1500 * time.Millisecond),
			429, []string{`"resultCode":"TOO_MANY_REQUESTS"`}, "2",
		},
		"too_many_requests_for_an_unknown_time": {
			fault.New(fault.RateLimited, fault.TooManyRequests, "slow down"), 429, nil, "1",
		},
		"cause_stays_inside": {
			fault.Wrap(fault.Unavailable, fault.ServiceUnavailable, "disk full at node 3", errNeverShown), 503,
			[]string{`"resultCode":"UNAVAILABLE","resultMessage":"The service is unavailable at the moment; please try again"`}, "1",
		},
		"unknown_error_is_internal": {
			errNeverShown, 500,
			[]string{`"resultCode":"INTERNAL_ERROR","resultMessage":"Something went wrong on our side"`}, "",
		},
		"code_of_the_inside_is_internal": {
			fault.New(fault.Conflict, fault.StaleVersion, "never shown"), 500, []string{`"resultCode":"INTERNAL_ERROR"`}, "",
		},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := send(newHandler(t, &fakePayments{err: tt.err}), newRequest(t, http.MethodPost, "/api/payment", goodBody))
			body := w.Body.String()
			if w.Code != tt.status {
				t.Errorf("status = %d, want %d", w.Code, tt.status)
			}
			for _, part := range append(tt.parts, `"requestId":"`+w.Header().Get("X-Request-Id")+`"`) {
				if !contains(body, part) {
					t.Errorf("answer = %s, want %s", body, part)
				}
			}
			if contains(body, "never shown") || contains(body, "disk") || contains(body, `"status"`) {
				t.Errorf("answer tells too much: %s", body)
			}
			if got := w.Header().Get("Retry-After"); got != tt.retryAfter {
				t.Errorf("Retry-After = %q, want %q", got, tt.retryAfter)
			}
		})
	}
}

func TestOtherMerchant(t *testing.T) {
	t.Parallel()
	f := &fakePayments{found: payment.Payment{UUID: id.UUID{1}}}
	for _, u := range []string{paymentID, "not-a-uuid", "123E4567"} {
		w := send(newHandler(t, f), newRequest(t, http.MethodGet, "/api/payment/"+u, ""))
		if w.Code != http.StatusNotFound ||
			!contains(w.Body.String(), `"resultCode":"NOT_FOUND","resultMessage":"Not found"`) {
			t.Errorf("%s = %d %s", u, w.Code, w.Body)
		}
	}
}
