package e2e_test

import (
	"strings"
	"testing"

	"github.com/vezne/vezne/test/servertest"
)

// testCaptures holds the rules of taking a held amount.
func testCaptures(t *testing.T, s *servertest.Server) {
	held := step{send: hold, body: charge(), status: 200, want: `{"status":"SUCCESS"}`, keep: "p"}
	captured := func(amount string) step {
		return step{
			send: capture, body: `{"amount":` + amount + `,"currency":"TRY"}`, status: 200,
			want: `{"status":"SUCCESS","paymentId":"{p}","orderId":"{order}","amount":` + amount + `,"authCode":"*"}`,
		}
	}
	refused := func(body string, status int, code string) step {
		return step{send: capture, body: body, status: status, want: `{"resultCode":"` + code + `"}`}
	}
	tell(t, s, map[string]scenario{
		"whole_amount": {
			held, captured("100.50"),
			{send: look, status: 200, want: `{"status":"SUCCESS","amount":100.50,"capturedAmount":100.50,"merchantCommission":2.00}`},
		},
		"part_of_it": {
			held, captured("90.00"),
			{send: look, status: 200, want: `{"status":"SUCCESS","amount":90.00,"capturedAmount":90.00,"merchantCommission":1.79}`},
		},
		"one_kurus":                   {held, captured("0.01")},
		"more_than_held_is_refused":   {held, refused(`{"amount":100.51,"currency":"TRY"}`, 400, "CAPTURE_AMOUNT_EXCEEDED"), captured("100.50")},
		"another_currency_is_refused": {held, refused(`{"amount":10.00,"currency":"USD"}`, 400, "CURRENCY_MISMATCH")},
		"missing_amount_is_refused":   {held, refused(`{"currency":"TRY"}`, 400, "VALIDATION_ERROR")},
		"missing_currency_is_refused": {held, refused(`{"amount":10.00}`, 400, "VALIDATION_ERROR")},
		"zero_is_refused":             {held, refused(`{"amount":0,"currency":"TRY"}`, 400, "VALIDATION_ERROR")},
		"exponent_is_refused":         {held, refused(`{"amount":1e1,"currency":"TRY"}`, 400, "VALIDATION_ERROR")},
		"third_decimal_is_refused":    {held, refused(`{"amount":10.000,"currency":"TRY"}`, 400, "VALIDATION_ERROR")},
		"second_equal_is_told_again": {
			held, captured("40.00"),
			{send: capture, body: `{"amount":40.00,"currency":"TRY"}`, status: 200, want: `{"status":"SUCCESS","amount":40.00}`, replayed: true},
		},
		"second_other_is_refused": {held, captured("40.00"), refused(`{"amount":60.50,"currency":"TRY"}`, 409, "ALREADY_CAPTURED")},
		"sale_is_refused": {
			{send: pay, body: charge(), status: 200, keep: "p"}, refused(`{"amount":100.50,"currency":"TRY"}`, 409, "NOT_CAPTURABLE"),
		},
		"declined_hold_is_refused": {
			{send: hold, body: charge("pan", quoted(brokeCard)), status: 200, want: `{"status":"FAILED"}`, keep: "p"},
			refused(`{"amount":100.50,"currency":"TRY"}`, 409, "NOT_CAPTURABLE"),
		},
		"voided_hold_is_refused": {
			held,
			{send: void, body: `{}`, status: 200, want: `{"voided":true}`},
			refused(`{"amount":100.50,"currency":"TRY"}`, 409, "NOT_CAPTURABLE"),
		},
		"unknown_payment_is_not_found": {
			{send: "POST /api/pre-authorization/0198b5a0-3f5e-7c6a-9d2b-1f0c5a7e4d21/capture", body: `{"amount":1.00,"currency":"TRY"}`, status: 404, want: `{"resultCode":"NOT_FOUND"}`},
		},
		"bank_may_decline_and_the_hold_stays": {
			{send: hold, body: charge("pan", `"4043150000006662"`), status: 200, want: `{"status":"SUCCESS"}`, keep: "p"},
			{send: capture, body: `{"amount":100.50,"currency":"TRY"}`, status: 200, want: `{"status":"FAILED","resultCode":"INVALID_TRANSACTION"}`},
			{send: look, status: 200, want: `{"status":"SUCCESS","capturedAmount":0.00}`},
			{send: capture, body: `{"amount":50.00,"currency":"TRY"}`, status: 200, want: `{"status":"FAILED"}`},
			{send: void, body: `{}`, status: 200, want: `{"status":"SUCCESS","voided":true}`},
		},
	})
}

// testRefunds holds the rules of giving captured money back.
func testRefunds(t *testing.T, s *servertest.Server) {
	paid := step{send: pay, body: charge(), status: 200, want: `{"status":"SUCCESS"}`, keep: "p"}
	back := func(amount, total string) step {
		return step{
			send: refund, body: `{"amount":` + amount + `,"currency":"TRY"}`, status: 200,
			want: `{"status":"SUCCESS","paymentId":"{p}","amount":` + amount + `,"refundedAmount":` + total + `,"capturedAmount":100.50,"voided":false}`,
		}
	}
	refused := func(body string, status int, code string) step {
		return step{send: refund, body: body, status: status, want: `{"resultCode":"` + code + `"}`}
	}
	tell(t, s, map[string]scenario{
		"in_parts": {
			paid, back("33.50", "33.50"), back("33.50", "67.00"), back("0.01", "67.01"), back("33.49", "100.50"),
			{send: look, status: 200, want: `{"status":"SUCCESS","amount":100.50,"refundedAmount":100.50,"voided":false}`},
			refused(`{"amount":0.01,"currency":"TRY"}`, 409, "NOT_REFUNDABLE"),
		},
		"above_the_rest_is_refused": {
			paid, back("100.00", "100.00"),
			refused(`{"amount":0.51,"currency":"TRY"}`, 400, "REFUND_AMOUNT_EXCEEDED"),
			back("0.50", "100.50"),
		},
		"above_the_whole_is_refused": {paid, refused(`{"amount":100.51,"currency":"TRY"}`, 400, "REFUND_AMOUNT_EXCEEDED")},
		"without_amount_is_all_that_is_left": {
			paid, back("10.25", "10.25"),
			{send: refund, body: `{}`, status: 200, want: `{"status":"SUCCESS","amount":90.25,"refundedAmount":100.50}`},
		},
		"null_amount_is_no_amount":    {paid, {send: refund, body: `{"amount":null,"currency":null}`, status: 200, want: `{"amount":100.50}`}},
		"currency_alone":              {paid, {send: refund, body: `{"currency":"TRY"}`, status: 200, want: `{"amount":100.50}`}},
		"another_currency_is_refused": {paid, refused(`{"amount":1.00,"currency":"EUR"}`, 400, "CURRENCY_MISMATCH")},
		"amount_without_currency":     {paid, refused(`{"amount":1.00}`, 400, "VALIDATION_ERROR")},
		"zero_is_refused":             {paid, refused(`{"amount":0.00,"currency":"TRY"}`, 400, "VALIDATION_ERROR")},
		"negative_is_refused":         {paid, refused(`{"amount":-1.00,"currency":"TRY"}`, 400, "VALIDATION_ERROR")},
		"quoted_is_refused":           {paid, refused(`{"amount":"1.00","currency":"TRY"}`, 400, "VALIDATION_ERROR")},
		"hold_is_refused": {
			{send: hold, body: charge(), status: 200, keep: "p"}, refused(`{}`, 409, "NOT_REFUNDABLE"),
		},
		"declined_payment_is_refused": {
			{send: pay, body: charge("pan", quoted(brokeCard)), status: 200, keep: "p"}, refused(`{}`, 409, "NOT_REFUNDABLE"),
		},
		"voided_payment_is_refused": {
			paid, {send: void, body: `{}`, status: 200, want: `{"voided":true}`}, refused(`{}`, 409, "NOT_REFUNDABLE"),
		},
		"never_above_what_was_captured": {
			{send: hold, body: charge(), status: 200, keep: "p"},
			{send: capture, body: `{"amount":40.00,"currency":"TRY"}`, status: 200, want: `{"status":"SUCCESS"}`},
			refused(`{"amount":40.01,"currency":"TRY"}`, 400, "REFUND_AMOUNT_EXCEEDED"),
			{send: refund, body: `{"amount":40.00,"currency":"TRY"}`, status: 200, want: `{"status":"SUCCESS","refundedAmount":40.00}`},
		},
		"of_yen": {
			{send: pay, body: charge("pan", quoted(foreignCard), "amount", "1001", "currency", `"JPY"`), status: 200, want: `{"status":"SUCCESS"}`, keep: "p"},
			{send: refund, body: `{"amount":1,"currency":"JPY"}`, status: 200, want: `{"amount":1,"refundedAmount":1}`},
			{send: refund, body: `{"amount":1.5,"currency":"JPY"}`, status: 400, want: `{"resultCode":"VALIDATION_ERROR"}`},
		},
		"bank_may_decline": {
			{send: pay, body: charge("pan", `"5428040000006667"`), status: 200, want: `{"status":"SUCCESS"}`, keep: "p"},
			{send: refund, body: `{"amount":1.00,"currency":"TRY"}`, status: 200, want: `{"status":"FAILED","resultCode":"ARCHIVED_PAYMENT","refundedAmount":0.00}`},
			{send: refund, body: `{"amount":100.50,"currency":"TRY"}`, status: 200, want: `{"status":"FAILED","refundedAmount":0.00}`},
		},
		"unknown_payment_is_not_found": {
			{send: "POST /api/payment/0198b5a0-3f5e-7c6a-9d2b-1f0c5a7e4d21/refund", body: `{}`, status: 404, want: `{"resultCode":"NOT_FOUND"}`},
		},
	})
}

// testVoids holds the rules of undoing a payment as a whole.
func testVoids(t *testing.T, s *servertest.Server) {
	paid := step{send: pay, body: charge(), status: 200, want: `{"status":"SUCCESS"}`, keep: "p"}
	undone := step{send: void, body: `{}`, status: 200, want: `{"status":"SUCCESS","paymentId":"{p}","amount":100.50,"voided":true}`}
	refused := step{send: void, body: `{}`, status: 409, want: `{"resultCode":"NOT_VOIDABLE"}`}
	tell(t, s, map[string]scenario{
		"sale": {
			paid, undone,
			{send: look, status: 200, want: `{"status":"SUCCESS","voided":true,"refundedAmount":0.00}`},
		},
		"hold": {{send: hold, body: charge(), status: 200, keep: "p"}, undone},
		"captured_hold": {
			{send: hold, body: charge(), status: 200, keep: "p"},
			{send: capture, body: `{"amount":60.00,"currency":"TRY"}`, status: 200, want: `{"status":"SUCCESS"}`},
			{send: void, body: `{}`, status: 200, want: `{"status":"SUCCESS","voided":true}`},
		},
		"without_a_body":   {paid, {send: void, status: 200, want: `{"status":"SUCCESS","voided":true}`}},
		"twice_is_refused": {paid, undone, refused},
		"after_a_partial_refund_is_refused": {
			paid, {send: refund, body: `{"amount":0.01,"currency":"TRY"}`, status: 200}, refused,
		},
		"after_a_whole_refund_is_refused": {paid, {send: refund, body: `{}`, status: 200}, refused},
		"declined_payment_is_refused": {
			{send: pay, body: charge("pan", quoted(brokeCard)), status: 200, keep: "p"}, refused,
		},
		"bank_may_decline": {
			{send: pay, body: charge("pan", `"5428040000006667"`), status: 200, want: `{"status":"SUCCESS"}`, keep: "p"},
			{send: void, body: `{}`, status: 200, want: `{"status":"FAILED","resultCode":"ARCHIVED_PAYMENT","voided":false}`},
		},
		"unknown_payment_is_not_found": {
			{send: "POST /api/payment/0198b5a0-3f5e-7c6a-9d2b-1f0c5a7e4d21/void", body: `{}`, status: 404, want: `{"resultCode":"NOT_FOUND"}`},
		},
	})
}

// testIdempotency holds what an Idempotency-Key promises.
func testIdempotency(t *testing.T, s *servertest.Server) {
	key := map[string]string{"Idempotency-Key": "{order}"}
	reused := `{"resultCode":"IDEMPOTENCY_KEY_REUSED"}`
	tell(t, s, map[string]scenario{
		"payment_is_told_again": {
			{send: pay, body: charge(), header: key, status: 200, want: `{"status":"SUCCESS"}`, keep: "p"},
			{send: pay, body: charge(), header: key, status: 200, want: `{"paymentId":"{p}","status":"SUCCESS","authCode":"*"}`, replayed: true},
		},
		"decline_is_told_again_and_not_tried_again": {
			{send: pay, body: charge("pan", quoted(brokeCard)), header: key, status: 200, want: `{"status":"FAILED"}`, keep: "p"},
			{send: pay, body: charge("pan", quoted(brokeCard)), header: key, status: 200, want: `{"paymentId":"{p}","status":"FAILED","resultCode":"NOT_SUFFICIENT_FUNDS"}`, replayed: true},
		},
		"decline_without_a_bank_is_told_again": {
			{send: pay, body: charge("currency", `"USD"`), header: key, status: 200, want: `{"status":"FAILED"}`, keep: "p"},
			{send: pay, body: charge("currency", `"USD"`), header: key, status: 200, want: `{"paymentId":"{p}","resultCode":"NO_POS_AVAILABLE"}`, replayed: true},
		},
		"another_body_is_refused": {
			{send: pay, body: charge(), header: key, status: 200, keep: "p"},
			{send: pay, body: charge("amount", "5.00"), header: key, status: 422, want: reused},
			{send: pay, body: charge("orderId", `"{order}/2"`), header: key, status: 422, want: reused},
		},
		"another_path_is_refused": {
			{send: pay, body: charge(), header: key, status: 200, keep: "p"},
			{send: hold, body: charge(), header: key, status: 422, want: reused},
			{send: refund, body: `{}`, header: key, status: 422, want: reused},
		},
		"wrong_body_under_a_used_key_is_refused_as_reuse": {
			{send: pay, body: charge(), header: key, status: 200, keep: "p"},
			{send: pay, body: charge("currency", `"AED"`), header: key, status: 422, want: reused},
		},
		"refused_request_uses_no_key_up": {
			{send: pay, body: charge("amount", "-1"), header: key, status: 400},
			{send: pay, body: charge(), header: key, status: 200, want: `{"status":"SUCCESS"}`, keep: "p"},
		},
		"key_of_another_merchant_is_another_key": {
			{send: pay, body: charge(), header: key, status: 200, want: `{"status":"SUCCESS"}`, keep: "p"},
			{send: pay, body: charge("amount", "5.00"), header: key, as: servertest.OtherMerchant(), status: 200, want: `{"status":"SUCCESS","amount":5.00}`},
		},
		"refund_is_told_again": {
			{send: pay, body: charge(), status: 200, keep: "p"},
			{send: refund, body: `{"amount":10.00,"currency":"TRY"}`, header: key, status: 200, want: `{"status":"SUCCESS","refundedAmount":10.00}`},
			{send: refund, body: `{"amount":10.00,"currency":"TRY"}`, header: key, status: 200, want: `{"status":"SUCCESS","amount":10.00}`, replayed: true},
			{send: refund, body: `{"amount":20.00,"currency":"TRY"}`, header: key, status: 422, want: reused},
			{send: look, status: 200, want: `{"refundedAmount":10.00}`},
		},
		"capture_is_told_again": {
			{send: hold, body: charge(), status: 200, keep: "p"},
			{send: capture, body: `{"amount":10.00,"currency":"TRY"}`, header: key, status: 200, want: `{"status":"SUCCESS"}`},
			{send: capture, body: `{"amount":10.00,"currency":"TRY"}`, header: key, status: 200, want: `{"status":"SUCCESS","amount":10.00}`, replayed: true},
		},
		"void_is_told_again": {
			{send: pay, body: charge(), status: 200, keep: "p"},
			{send: void, body: `{}`, header: key, status: 200, want: `{"status":"SUCCESS","voided":true}`},
			{send: void, body: `{}`, header: key, status: 200, want: `{"status":"SUCCESS","voided":true}`, replayed: true},
		},
		"the_same_request_may_be_written_otherwise": {
			{send: pay, body: charge(), header: key, status: 200, want: `{"status":"SUCCESS"}`, keep: "p"},
			{
				send: pay, body: "\n { \"amount\" : 100.5 ," + strings.TrimPrefix(charge("amount", ""), "{"), header: key,
				status: 200, want: `{"paymentId":"{p}","status":"SUCCESS"}`, replayed: true,
			},
		},
		// What is stored of it is looked for at the end of all tests of this server.
		"a_card_number_may_be_a_key": {
			{send: pay, body: charge(), header: map[string]string{"Idempotency-Key": axessCard}, status: 200, want: `{"status":"SUCCESS"}`, keep: "p"},
			{send: pay, body: charge(), header: map[string]string{"Idempotency-Key": axessCard}, status: 200, want: `{"paymentId":"{p}"}`, replayed: true},
		},
		"key_too_long": {
			{send: pay, body: charge(), header: map[string]string{"Idempotency-Key": longText(256)}, status: 400, want: `{"resultCode":"VALIDATION_ERROR"}`},
		},
	})
}
