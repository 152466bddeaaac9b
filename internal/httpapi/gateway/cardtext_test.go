package gateway_test

import (
	"net/http"
	"strings"
	"testing"
)

// TestCardNumberInText holds that no text of a request is stored with a card's number in
// it.
func TestCardNumberInText(t *testing.T) {
	t.Parallel()
	const number = "4111111111111111"
	const card = `"cardHolderName":"John Doe","pan":"5421190122090656","expiryMonth":"04","expiryYear":"28","cvv":"916",` +
		`"requestIp":"192.168.1.1","requestPort":8080`
	direct := `{"orderId":"ORD-1","amount":100.50,"currency":"TRY","customerId":"CUST-1",` + card + `}`
	secure := strings.TrimSuffix(direct, "}") + `,"successUrl":"https://shop.example/good","failureUrl":"https://shop.example/bad"}`
	for name, r := range map[string]struct{ path, body, field string }{
		"order":               {"/api/payment", strings.Replace(direct, "ORD-1", number, 1), "orderId"},
		"customer":            {"/api/payment", strings.Replace(direct, "CUST-1", "4111-1111-1111-1111", 1), "customerId"},
		"order_of_a_hold":     {"/api/pre-authorization", strings.Replace(direct, "ORD-1", "ORD "+number, 1), "orderId"},
		"order_of_3ds":        {"/api/3ds", strings.Replace(secure, "ORD-1", number, 1), "orderId"},
		"address":             {"/api/3ds", strings.Replace(secure, "/good", "/?c="+number, 1), "successUrl"},
		"other_address":       {"/api/3ds", strings.Replace(secure, "/bad", "/"+number, 1), "failureUrl"},
		"order_of_a_page":     {"/api/checkout", strings.Replace(goodCheckout, "ORD-12345", number, 1), "orderId"},
		"description":         {"/api/checkout", strings.Replace(goodCheckout, "Product purchase", "for "+number, 1), "description"},
		"callback":            {"/api/checkout", strings.Replace(goodCheckout, "/payment-callback", "/"+number, 1), "callback"},
		"customer_of_a_page":  {"/api/checkout", strings.Replace(goodCheckout, "CUST-12345", number, 1), "customerId"},
		"number_in_two_texts": {"/api/payment", strings.NewReplacer("ORD-1", number, "CUST-1", number).Replace(direct), "customerId"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f := &fakePayments{}
			h := newHandler(t, f)
			if strings.Contains(r.path, "checkout") {
				h = newCheckoutHandler(t, &fakeCheckouts{})
			}
			w := send(h, newRequest(t, http.MethodPost, r.path, r.body))
			body := w.Body.String()
			if w.Code != http.StatusBadRequest || !contains(body, `"resultCode":"CARD_NUMBER_IN_TEXT"`) ||
				!contains(body, `"field":"`+r.field+`"`) || strings.Contains(body, "1111") {
				t.Errorf("answer = %d %s", w.Code, body)
			}
		})
	}
}
