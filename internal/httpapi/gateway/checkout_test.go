package gateway_test

import (
	"context"
	"io"
	"log/slog"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/vezne/vezne/internal/checkout"
	"github.com/vezne/vezne/internal/clock"
	"github.com/vezne/vezne/internal/connector"
	"github.com/vezne/vezne/internal/egress"
	"github.com/vezne/vezne/internal/fault"
	"github.com/vezne/vezne/internal/httpapi/gateway"
	"github.com/vezne/vezne/internal/httpapi/kit"
	"github.com/vezne/vezne/internal/id"
	"github.com/vezne/vezne/internal/installment"
	"github.com/vezne/vezne/internal/money"
	"github.com/vezne/vezne/internal/payment"
	"github.com/vezne/vezne/internal/secret"
)

const checkoutID = "123e4567-e89b-42d3-a456-426614174001"

// fakeCheckouts knows one checkout.
type fakeCheckouts struct {
	asked *checkout.Create
	view  checkout.View
	err   error
}

func (f *fakeCheckouts) Create(_ context.Context, c checkout.Create) (checkout.Created, error) {
	f.asked = &c
	return checkout.Created{Checkout: f.view.Checkout}, f.err
}

func (f *fakeCheckouts) Find(_ context.Context, m id.Merchant, u id.UUID) (checkout.View, error) {
	if m != 1 || u != f.view.ID {
		return checkout.View{}, fault.New(fault.NotFound, fault.NoSuchThing, "no such checkout")
	}
	return f.view, nil
}

func (*fakeCheckouts) Link(c checkout.Checkout) string {
	return "https://pay.example.com/checkout-link/" + c.ID.String()
}

func newCheckoutHandler(t *testing.T, f *fakeCheckouts) http.Handler {
	t.Helper()
	k, err := kit.New(kit.Config{
		Log: slog.New(slog.NewTextHandler(io.Discard, nil)), Clock: clock.NewManual(today), HashKey: secret.New(make([]byte, 32)),
	})
	if err != nil {
		t.Fatal(err)
	}
	doc, err := document()
	if err != nil {
		t.Fatal(err)
	}
	f.view.ID = mustUUID(t, checkoutID)
	return doc.Handler(t, gateway.Handler(k, gateway.Services{
		Payments: &fakePayments{}, Checkouts: f, Callers: fakeCallers{}, URLs: egress.Policy{},
	}))
}

const goodCheckout = `{"orderId":"ORD-12345","amount":100.50,"currency":"TRY","description":"Product purchase",` +
	`"callback":"https://example.com/payment-callback","customerId":"CUST-12345","maxInstallmentCount":6,"interestPaidByCustomer":true}`

func TestCreateCheckout(t *testing.T) {
	t.Parallel()
	want := checkout.Order{
		Ref: "ORD-12345", Amount: money.FromMinor(10050, money.TRY), Description: "Product purchase",
		Callback: "https://example.com/payment-callback", CustomerRef: "CUST-12345", MaxInstallments: 6, InterestPayer: installment.PaidByCustomer,
	}
	least := want
	least.CustomerRef, least.MaxInstallments, least.InterestPayer = "", 1, installment.PaidByMerchant
	all := want
	all.MaxInstallments = 99
	for name, tt := range map[string]struct {
		body string
		want checkout.Order
	}{
		"all_fields":     {goodCheckout, want},
		"count_over_all": {strings.Replace(goodCheckout, `Count":6`, `Count":1000`, 1), all},
		"defaults":       {strings.Replace(goodCheckout, `,"customerId":"CUST-12345","maxInstallmentCount":6,"interestPaidByCustomer":true`, "", 1), least},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f := &fakeCheckouts{}
			w := send(newCheckoutHandler(t, f), newRequest(t, http.MethodPost, "/api/checkout", tt.body))
			answer := `{"checkoutId":"` + checkoutID + `","redirectUrl":"https://pay.example.com/checkout-link/` + checkoutID + `"}`
			if w.Code != http.StatusOK || w.Body.String() != answer {
				t.Fatalf("answer = %d %s", w.Code, w.Body)
			}
			if diff := cmp.Diff(tt.want, f.asked.Order,
				cmp.Comparer(func(a, b money.Amount) bool { return a == b })); diff != "" {
				t.Errorf("order (-want +got):\n%s", diff)
			}
		})
	}
}

func TestCheckoutRefusals(t *testing.T) {
	t.Parallel()
	replace := func(old, with string) string { return strings.Replace(goodCheckout, old, with, 1) }
	for name, tt := range map[string]struct{ body, code, field string }{
		"no_description":       {replace(`"Product purchase"`, `""`), "VALIDATION_ERROR", "description"},
		"long_description":     {replace("Product purchase", strings.Repeat("ş", 256)), "VALIDATION_ERROR", "description"},
		"no_callback":          {replace(`"callback":"https://example.com/payment-callback",`, ""), "VALIDATION_ERROR", "callback"},
		"http_callback":        {replace("https://example", "http://example"), "URL_NOT_ALLOWED", "callback"},
		"script_callback":      {replace("https://example.com/payment-callback", "javascript:alert(1)"), "URL_NOT_ALLOWED", "callback"},
		"callback_with_user":   {replace("https://example", "https://a:b@example"), "URL_NOT_ALLOWED", "callback"},
		"callback_to_metadata": {replace("example.com", "169.254.169.254"), "URL_NOT_ALLOWED", "callback"},
		"callback_to_loopback": {replace("example.com", "[::1]"), "URL_NOT_ALLOWED", "callback"},
		"zero_amount":          {replace("100.50", "0"), "VALIDATION_ERROR", "amount"},
		"third_decimal":        {replace("100.50", "100.500"), "VALIDATION_ERROR", "amount"},
		"count_of_zero":        {replace(`Count":6`, `Count":0`), "VALIDATION_ERROR", "maxInstallmentCount"},
		"fraction_of_a_count":  {replace(`Count":6`, `Count":6.0`), "VALIDATION_ERROR", "maxInstallmentCount"},
		"quoted_flag":          {replace(`Customer":true`, `Customer":"true"`), "VALIDATION_ERROR", "interestPaidByCustomer"},
		"unknown_currency":     {replace("TRY", "try"), "UNSUPPORTED_CURRENCY", "currency"},
		"long_order":           {replace("ORD-12345", strings.Repeat("O", 129)), "VALIDATION_ERROR", "orderId"},
		"control_characters":   {replace("CUST-12345", `CUST\n1`), "VALIDATION_ERROR", "customerId"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f := &fakeCheckouts{}
			w := send(newCheckoutHandler(t, f), newRequest(t, http.MethodPost, "/api/checkout", tt.body))
			if w.Code != http.StatusBadRequest || f.asked != nil ||
				!contains(w.Body.String(), `"resultCode":"`+tt.code+`"`) || !contains(w.Body.String(), `"field":"`+tt.field+`"`) {
				t.Errorf("answer = %d %s", w.Code, w.Body)
			}
		})
	}
}

// TestCheckoutResult holds the table of the gateway API's section 12.16.
func TestCheckoutResult(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		change func(t *testing.T, v *checkout.View)
		has    []string
	}{
		"nobody_has_paid": {
			func(*testing.T, *checkout.View) {},
			[]string{
				`"paymentId":null,"orderId":"ORD-12345","amount":1000.00,"installmentCount":1,"currency":"TRY","merchantCommission":0.00,"status":"PENDING"`,
				`"paymentDate":"2026-11-20T11:30:00Z","cardHolderName":null,"pan":null,"domInt":null`, `"resultCode":"WAITING_FOR_PAYMENT"`, `"customerId":"CUST-1"`,
			},
		},
		"an_attempt_was_declined": {
			func(t *testing.T, v *checkout.View) {
				v.Payment, v.Reason = approvedPayment(t), connector.NotSufficientFunds
				v.Payment.State, v.Payment.Result.Reason, v.Payment.Installments = payment.Declined, connector.NotSufficientFunds, 3
			},
			[]string{`"paymentId":"` + paymentID + `"`, `"amount":1000.00,"installmentCount":1`, `"status":"PENDING"`, `"pan":"542119******0656"`, `"resultCode":"WAITING_FOR_PAYMENT"`, `"authCode":null`},
		},
		"at_the_bank": {
			func(t *testing.T, v *checkout.View) {
				v.State, v.Payment = checkout.Authenticating, approvedPayment(t)
				v.Payment.State = payment.Enrolled
			},
			[]string{`"status":"ENROLLED"`, `"resultCode":"AWAITING_3DS"`},
		},
		"being_charged": {
			func(_ *testing.T, v *checkout.View) { v.State = checkout.Charging },
			[]string{`"paymentId":null`, `"status":"PENDING"`, `"resultCode":"RESULT_UNKNOWN"`},
		},
		"unknown": {
			func(t *testing.T, v *checkout.View) {
				v.State, v.Payment = checkout.Charging, approvedPayment(t)
				v.Payment.State = payment.Pending
			},
			[]string{`"paymentId":"` + paymentID + `"`, `"status":"PENDING"`, `"resultCode":"RESULT_UNKNOWN"`},
		},
		"paid": {
			func(t *testing.T, v *checkout.View) { v.State, v.Payment = checkout.Paid, approvedPayment(t) },
			[]string{`"status":"SUCCESS"`, `"amount":100.50`, `"authCode":"987654"`, `"merchantCommission":2.00`},
		},
		"used_up": {
			func(t *testing.T, v *checkout.View) {
				v.State, v.Reason, v.Payment, v.EndedAt = checkout.Failed, connector.DoNotHonour, approvedPayment(t), today
				v.Payment.State, v.Payment.Result.Reason = payment.Declined, connector.DoNotHonour
			},
			[]string{`"status":"FAILED"`, `"resultCode":"DO_NOT_HONOUR"`, `"pan":"542119******0656"`, `"merchantCommission":0.00`},
		},
		"cancelled_after_a_decline": {
			func(t *testing.T, v *checkout.View) {
				v.State, v.Reason, v.Payment, v.EndedAt = checkout.Failed, connector.CheckoutCancelled, approvedPayment(t), today.Add(time.Hour)
				v.Payment.State, v.Payment.Result.Reason = payment.Declined, connector.DoNotHonour
			},
			[]string{`"status":"FAILED"`, `"resultCode":"CHECKOUT_CANCELLED"`, `"paymentDate":"2026-11-20T12:30:00Z"`},
		},
		"given_up_while_the_bank_may_have_charged": {
			func(t *testing.T, v *checkout.View) {
				v.State, v.Payment = checkout.Charging, approvedPayment(t)
				v.Payment.State, v.Payment.Result.Reason, v.Payment.Unclear = payment.Declined, connector.CheckoutCancelled, true
			},
			[]string{`"paymentId":"` + paymentID + `"`, `"status":"PENDING"`, `"resultCode":"RESULT_UNKNOWN"`},
		},
		"ended_before_a_late_return_told_of_a_charge": {
			func(t *testing.T, v *checkout.View) {
				v.State, v.Reason, v.Payment, v.EndedAt = checkout.Failed, connector.CheckoutCancelled, approvedPayment(t), today
				v.Payment.State, v.Payment.Result.Reason, v.Payment.Unclear = payment.Declined, connector.CheckoutCancelled, true
			},
			[]string{`"paymentId":"` + paymentID + `"`, `"status":"FAILED"`, `"resultCode":"RESULT_UNKNOWN"`}, // the end is final
		},
		"open_after_a_late_return_told_of_a_charge": {
			func(t *testing.T, v *checkout.View) {
				v.Payment = approvedPayment(t)
				v.Payment.State, v.Payment.Result.Reason, v.Payment.Unclear = payment.Declined, connector.ThreeDSFailed, true
			},
			[]string{`"status":"PENDING"`, `"resultCode":"RESULT_UNKNOWN"`},
		},
		"expired": {
			func(_ *testing.T, v *checkout.View) {
				v.State, v.Reason, v.EndedAt = checkout.Failed, connector.CheckoutExpired, today
			},
			[]string{`"paymentId":null`, `"status":"FAILED"`, `"resultCode":"CHECKOUT_EXPIRED"`},
		},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f := &fakeCheckouts{view: checkout.View{Checkout: checkout.Checkout{
				State: checkout.Open, CreatedAt: today,
				Order: checkout.Order{Ref: "ORD-12345", Amount: money.FromMinor(100_000, money.TRY), CustomerRef: "CUST-1", MaxInstallments: 6},
			}}}
			tt.change(t, &f.view)
			h := newCheckoutHandler(t, f)
			w := send(h, newRequest(t, http.MethodGet, "/api/checkout/"+checkoutID, ""))
			for _, part := range tt.has {
				if w.Code != http.StatusOK || !contains(w.Body.String(), part) {
					t.Errorf("answer = %d %s, want %s", w.Code, w.Body, part)
				}
			}
			for _, other := range []string{paymentID, "nothing"} {
				if w := send(h, newRequest(t, http.MethodGet, "/api/checkout/"+other, "")); w.Code != http.StatusNotFound {
					t.Errorf("%s = %d", other, w.Code)
				}
			}
		})
	}
}
