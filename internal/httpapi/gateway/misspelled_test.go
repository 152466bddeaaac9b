package gateway_test

import (
	"net/http"
	"strings"
	"testing"
)

// TestMisspelledMember holds that no request does what it would have done without a
// member that its caller misspelled: nothing happens, and the member is named.
func TestMisspelledMember(t *testing.T) {
	t.Parallel()
	capture, refund := "/api/pre-authorization/"+paymentID+"/capture", "/api/payment/"+paymentID+"/refund"
	void, offer := "/api/payment/"+paymentID+"/void", "/api/installment-options"
	pay := func(more string) string { return strings.Replace(goodBody, `8080}`, `8080,`+more+`}`, 1) }
	secure := func(more string) string {
		return strings.Replace(enrolBody, `}`, `,`+more+`}`, 1)
	}
	tests := map[string]struct{ path, body, field string }{
		"refund_in_another_case":        {refund, `{"Amount":10,"currency":"TRY"}`, "Amount"},
		"refund_of_a_misspelled_amount": {refund, `{"amuont":10}`, "amuont"},
		"refund_with_a_blank":           {refund, `{"amount ":10}`, "amount"},
		"refund_with_a_foreign_word":    {refund, `{"tutar":10}`, "tutar"},
		"refund_with_a_reason":          {refund, `{"amount":10,"currency":"TRY","reason":"late"}`, "reason"},
		"refund_by_the_query":           {refund + "?amount=10", `{}`, "amount"},
		"void_of_a_part":                {void, `{"amount":10}`, "amount"},
		"void_by_the_query":             {void + "?dryRun=true", `{}`, "dryRun"},
		"capture_with_a_flag":           {capture, `{"amount":10,"currency":"TRY","final":false}`, "final"},
		"capture_by_the_query":          {capture + "?amount=10", `{"amount":20,"currency":"TRY"}`, "amount"},
		"payment_in_installments":       {"/api/payment", pay(`"InstallmentCount":3`), "InstallmentCount"},
		"payment_of_a_customer":         {"/api/payment", pay(`"customer_id":"C-1"`), "customer_id"},
		"hold_of_a_customer":            {"/api/pre-authorization", pay(`"custmerId":"C-1"`), "custmerId"},
		"secure_in_installments":        {"/api/3ds", secure(`"installmentsCount":3`), "installmentsCount"},
		"secure_at_whose_cost":          {"/api/3ds", secure(`"interestpaidbycustomer":true`), "interestpaidbycustomer"},
		"offer_with_a_bound": {
			offer, `{"amount":100,"currency":"TRY","pan":"542119","maxInstalmentCount":3}`, "maxInstalmentCount",
		},
		"completion_with_a_second_key": {
			"/api/3ds/" + paymentID + "/complete", `{"securityKey":"k","SecurityKey":"k"}`, "SecurityKey",
		},
		"checkout_for_a_customer": {
			"/api/checkout", `{"orderId":"1","amount":1,"currency":"TRY","description":"d",` +
				`"callback":"https://shop.test/","customerID":"C-1"}`, "customerID",
		},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f := &fakePayments{found: approvedPayment(t)}
			w := send(newHandler(t, f), newRequest(t, http.MethodPost, tt.path, tt.body))
			if w.Code != http.StatusBadRequest || !contains(w.Body.String(), `"resultCode":"VALIDATION_ERROR"`) ||
				!contains(w.Body.String(), `"field":"`+tt.field+`","code":"INVALID","message":"is not known here`) {
				t.Errorf("answer = %d %s, want %s", w.Code, w.Body, tt.field)
			}
			if f.callCount() != 0 {
				t.Error("the domain was called")
			}
		})
	}
}

func TestMisspelledFilter(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct{ query, field string }{
		"another_case":        {"orderid=1", "orderid"},
		"an_underscore":       {"order_id=1", "order_id"},
		"a_letter_missing":    {"statu=FAILED", "statu"},
		"swapped_letters":     {"form=2026-11-01T00:00:00Z", "form"},
		"a_word_of_another":   {"state=FAILED", "state"},
		"a_word_of_the_body":  {"amount=10", "amount"},
		"even_an_empty_value": {"page=", "page"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f := &fakePayments{}
			w := send(newHandler(t, f), newRequest(t, http.MethodGet, "/api/payments?"+tt.query, ""))
			if w.Code != http.StatusBadRequest || !contains(w.Body.String(), `"field":"`+tt.field+`","code":"INVALID"`) {
				t.Errorf("answer = %d %s, want %s", w.Code, w.Body, tt.field)
			}
			if f.callCount() != 0 {
				t.Error("the domain was called")
			}
		})
	}
}

// TestUnheardOfMember holds that what is like no member of ours is no business of ours
// where a payment is asked for.
func TestUnheardOfMember(t *testing.T) {
	t.Parallel()
	f := &fakePayments{found: approvedPayment(t)}
	f.outcome.Payment = approvedPayment(t)
	body := strings.Replace(goodBody, `8080}`, `8080,"basket":[{"amuont":1}],"shop_note":"x"}`, 1)
	w := send(newHandler(t, f), newRequest(t, http.MethodPost, "/api/payment?utm_source=mail", body))
	if w.Code != http.StatusOK {
		t.Errorf("answer = %d %s", w.Code, w.Body)
	}
}
