package e2e_test

import (
	"net/http"
	"os"
	"regexp"
	"testing"

	"github.com/vezne/vezne/test/servertest"
)

// approved is the answer to the README's curl, but for what the bank and the
// clock make new each time.
const approved = `{"amount":100.50,"installmentCount":1,"currency":"TRY","merchantCommission":2.00,
	"status":"SUCCESS","paymentDate":"*","cardHolderName":"John Doe","pan":"542119******0656","domInt":"DOM",
	"cardScheme":"MASTERCARD","cardType":"CREDIT","loyaltyCode":"AXESS","externalTransactionId":"*","authCode":"*",
	"resultCode":"SUCCESS","resultMessage":"Successful","customerId":null}`

var (
	curlBody   = regexp.MustCompile(`-d '([^']+)'`)
	curlHeader = regexp.MustCompile(`-H "([^:]+): ([^"]+)"`)
	curlPath   = regexp.MustCompile(`curl -X POST http://127\.0\.0\.1:8080(\S+)`)
)

// readmeBody returns the body of the README's curl.
func readmeBody(t *testing.T) string {
	t.Helper()
	readme, err := os.ReadFile("../../README.md")
	if err != nil {
		t.Fatal(err)
	}
	body := curlBody.FindSubmatch(readme)
	if body == nil {
		t.Fatal("the README has no curl that pays")
	}
	return string(body[1])
}

// testReadme pays with the curl that stands in the README, word for word.
func testReadme(t *testing.T, s *servertest.Server) {
	readme, err := os.ReadFile("../../README.md")
	if err != nil {
		t.Fatal(err)
	}
	path := curlPath.FindSubmatch(readme)
	if path == nil {
		t.Fatal("the README has no curl that pays")
	}
	r := servertest.Request{Method: http.MethodPost, Path: string(path[1]), Body: readmeBody(t), Header: map[string]string{}}
	for _, h := range curlHeader.FindAllSubmatch(readme, -1) {
		r.Header[string(h[1])] = string(h[2])
	}
	a, ok := s.Send(t, r)
	if !ok {
		return
	}
	st := step{send: "README's curl", status: http.StatusOK}
	st.check(t, a, approved)
	found, ok := s.Send(t, servertest.Request{Method: http.MethodGet, Path: "/api/payment/" + a.Text("paymentId"), As: servertest.Merchant()})
	if !ok {
		return
	}
	for name, v := range a.Members {
		if string(found.Members[name]) != string(v) {
			t.Errorf("GET tells another %s: %s, not %s", name, found.Members[name], v)
		}
	}
	if len(a.Members) != 19 || len(found.Members) != 24 {
		t.Errorf("%d members, and %d of GET, want 19 and 24", len(a.Members), len(found.Members))
	}
	s.CheckBooks(t, servertest.Admin(), a.Text("paymentId"))
}

// testPayments tells what single payments in all currencies come to.
func testPayments(t *testing.T, s *servertest.Server) {
	foreign := func(amount, currency string) string {
		return charge("pan", quoted(foreignCard), "amount", amount, "currency", quoted(currency))
	}
	tell(t, s, map[string]scenario{
		"approved": {
			{send: pay, body: charge(), status: 200, want: approved, keep: "p"},
			{send: look, status: 200, want: `{"status":"SUCCESS","capturedAmount":100.50,"refundedAmount":0.00,"voided":false}`},
		},
		"customer_is_echoed": {
			{send: pay, body: charge("customerId", `"CUST-12345"`), status: 200, want: `{"status":"SUCCESS","customerId":"CUST-12345"}`, keep: "p"},
		},
		"declined": {
			{
				send: pay, body: charge("pan", quoted(brokeCard)), status: 200, keep: "p",
				want: `{"status":"FAILED","resultCode":"NOT_SUFFICIENT_FUNDS","authCode":null,"amount":100.50,"merchantCommission":0.00,"pan":"510005******6661"}`,
			},
			{send: look, status: 200, want: `{"status":"FAILED","resultCode":"NOT_SUFFICIENT_FUNDS","capturedAmount":0.00}`},
		},
		"decline_in_turkish": {
			{
				send: pay, body: charge("pan", quoted(brokeCard)), header: map[string]string{"Accept-Language": "tr"}, status: 200, keep: "p",
				want: `{"status":"FAILED","resultCode":"NOT_SUFFICIENT_FUNDS","resultMessage":"*"}`,
			},
		},
		"unknown_number_is_declined": {
			{send: pay, body: charge("pan", `"4242424242424242"`), status: 200, want: `{"status":"FAILED","resultCode":"CARD_NOT_PERMITTED"}`, keep: "p"},
		},
		"unknown_bin_has_no_country": {
			{send: pay, body: charge("pan", `"6011000990139424"`), status: 200, want: `{"status":"FAILED","domInt":null,"cardType":null,"loyaltyCode":null}`, keep: "p"},
		},
		"commission_rounds_half_up": {
			// 1.99 % of 0.76 is 0.015124; of 25.13 is 0.500087; of 12.50 is 0.24875.
			{send: pay, body: charge("amount", "12.50"), status: 200, want: `{"amount":12.50,"merchantCommission":0.25}`, keep: "p"},
		},
		"smallest_amount": {
			{send: pay, body: charge("amount", "0.01"), status: 200, want: `{"status":"SUCCESS","amount":0.01,"merchantCommission":0.00}`, keep: "p"},
		},
		"largest_amount": {
			{
				send: pay, body: charge("amount", "999999999999.99"), status: 200, keep: "p",
				want: `{"status":"SUCCESS","amount":999999999999.99,"merchantCommission":19900000000.00}`,
			},
		},
		"integer_amount_gets_its_digits": {
			{send: pay, body: charge("amount", "7"), status: 200, want: `{"status":"SUCCESS","amount":7.00}`, keep: "p"},
		},
		"foreign_card_in_dollars": {
			{
				send: pay, body: foreign("12.34", "USD"), status: 200, keep: "p",
				want: `{"status":"SUCCESS","amount":12.34,"currency":"USD","domInt":"INT","cardScheme":"MASTERCARD","cardType":"CREDIT","loyaltyCode":null}`,
			},
		},
		"foreign_card_in_euros":  {{send: pay, body: foreign("0.99", "EUR"), status: 200, want: `{"status":"SUCCESS","amount":0.99,"currency":"EUR"}`, keep: "p"}},
		"foreign_card_in_pounds": {{send: pay, body: foreign("3.10", "GBP"), status: 200, want: `{"status":"SUCCESS","amount":3.10,"currency":"GBP"}`, keep: "p"}},
		"foreign_card_in_yen":    {{send: pay, body: foreign("1200", "JPY"), status: 200, want: `{"status":"SUCCESS","amount":1200,"currency":"JPY"}`, keep: "p"}},
		"foreign_card_in_dinars": {{send: pay, body: foreign("1.250", "KWD"), status: 200, want: `{"status":"SUCCESS","amount":1.250,"currency":"KWD"}`, keep: "p"}},
		"foreign_card_in_lira":   {{send: pay, body: foreign("50.00", "TRY"), status: 200, want: `{"status":"SUCCESS","amount":50.00,"domInt":"INT"}`, keep: "p"}},
		"domestic_card_in_dollars": {
			{
				send: pay, body: charge("currency", `"USD"`), status: 200, keep: "p",
				want: `{"status":"FAILED","resultCode":"NO_POS_AVAILABLE","externalTransactionId":null,"authCode":null,"currency":"USD","merchantCommission":0.00}`,
			},
		},
		"known_currency_without_a_pos": {
			{send: pay, body: charge("currency", `"AED"`), status: 400, want: `{"resultCode":"UNSUPPORTED_CURRENCY"}`, fields: "currency:INVALID"},
		},
		"hold": {
			{send: hold, body: charge(), status: 200, want: `{"status":"SUCCESS","amount":100.50,"authCode":"*","pan":"542119******0656"}`, keep: "p"},
			{send: look, status: 200, want: `{"status":"SUCCESS","amount":100.50,"capturedAmount":0.00}`},
		},
		"hold_declined": {
			{send: hold, body: charge("pan", `"9792120000006667"`), status: 200, want: `{"status":"FAILED","resultCode":"NOT_SUFFICIENT_FUNDS"}`, keep: "p"},
		},
		"one_installment_may_be_said": {
			{send: pay, body: charge("installmentCount", "1"), status: 200, want: `{"status":"SUCCESS","installmentCount":1}`, keep: "p"},
		},
		"unknown_members_are_ignored": {
			{send: pay, body: charge("colour", `{"red":[1,2]}`), status: 200, want: `{"status":"SUCCESS"}`, keep: "p"},
		},
		"names_of_all_letters": {
			{send: pay, body: charge("cardHolderName", `"Şükrü Öz-O'Çağ J."`), status: 200, want: `{"status":"SUCCESS","cardHolderName":"Şükrü Öz-O'Çağ J."}`, keep: "p"},
		},
		"ipv6_shopper": {
			{send: pay, body: charge("requestIp", `"2001:db8::1"`), status: 200, want: `{"status":"SUCCESS"}`, keep: "p"},
		},
		"null_for_an_optional_member": {
			{send: pay, body: charge("customerId", "null"), status: 200, want: `{"status":"SUCCESS","customerId":null}`, keep: "p"},
		},
		"other_merchant_pays_at_its_own_bank": {
			{send: pay, body: charge(), as: servertest.OtherMerchant(), status: 200, want: `{"status":"SUCCESS","amount":100.50}`},
		},
		"unknown_payment":     {{send: "GET /api/payment/0198b5a0-3f5e-7c6a-9d2b-1f0c5a7e4d21", status: 404, want: `{"resultCode":"NOT_FOUND","paymentId":null}`}},
		"payment_of_no_uuid":  {{send: "GET /api/payment/1", status: 404, want: `{"resultCode":"NOT_FOUND"}`}},
		"payment_of_a_braced": {{send: "GET /api/payment/%7B0198b5a0-3f5e-7c6a-9d2b-1f0c5a7e4d21%7D", status: 404, want: `{"resultCode":"NOT_FOUND"}`}},
	})
}
