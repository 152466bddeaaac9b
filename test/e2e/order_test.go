package e2e_test

import (
	"testing"

	"github.com/vezne/vezne/test/servertest"
)

// testOrders holds the rules of one order: it is charged at most once, and a lost
// answer may simply be asked for again.
func testOrders(t *testing.T, s *servertest.Server) {
	paid := func(keep string) step {
		return step{send: pay, body: charge(), status: 200, want: `{"status":"SUCCESS"}`, keep: keep}
	}
	held := step{send: hold, body: charge(), status: 200, want: `{"status":"SUCCESS"}`, keep: "p"}
	refused := `{"resultCode":"ORDER_ALREADY_PAID","paymentId":"{p}"}`
	tell(t, s, map[string]scenario{
		"same_request_again_is_told_the_first_answer": {
			paid("p"),
			{send: pay, body: charge(), status: 200, want: `{"paymentId":"{p}","status":"SUCCESS","authCode":"*"}`, replayed: true},
		},
		"same_hold_again_is_told_the_first_answer": {
			held,
			{send: hold, body: charge(), status: 200, want: `{"paymentId":"{p}","status":"SUCCESS"}`, replayed: true},
		},
		"another_amount_is_refused":       {paid("p"), {send: pay, body: charge("amount", "100.51"), status: 409, want: refused}},
		"another_card_is_refused":         {paid("p"), {send: pay, body: charge("pan", quoted(bonusCard)), status: 409, want: refused}},
		"hold_of_a_paid_order_is_refused": {paid("p"), {send: hold, body: charge(), status: 409, want: refused}},
		"payment_of_a_held_order_too":     {held, {send: pay, body: charge(), status: 409, want: refused}},
		"another_currency_is_refused": {
			{send: pay, body: charge("pan", quoted(foreignCard)), status: 200, want: `{"status":"SUCCESS"}`, keep: "p"},
			{send: pay, body: charge("pan", quoted(foreignCard), "currency", `"USD"`), status: 409, want: refused},
		},
		"captured_hold_is_told_again": {
			held,
			{send: capture, body: `{"amount":100.50,"currency":"TRY"}`, status: 200, want: `{"status":"SUCCESS"}`},
			{send: pay, body: charge(), status: 409, want: refused},
		},
		"declined_order_takes_another_card": {
			{send: pay, body: charge("pan", quoted(brokeCard)), status: 200, want: `{"status":"FAILED"}`, keep: "p"},
			{send: pay, body: charge(), status: 200, want: `{"status":"SUCCESS"}`, keep: "q"},
			{send: "GET /api/payment/{p}", status: 200, want: `{"status":"FAILED"}`},
		},
		"declined_order_takes_the_same_card_again": {
			{send: pay, body: charge("pan", quoted(brokeCard)), status: 200, want: `{"status":"FAILED"}`, keep: "p"},
			{send: pay, body: charge("pan", quoted(brokeCard)), status: 200, want: `{"status":"FAILED"}`, keep: "q"},
		},
		"voided_order_is_free_again": {
			paid("p"),
			{send: void, body: `{}`, status: 200, want: `{"status":"SUCCESS","voided":true}`},
			paid("q"),
		},
		"voided_hold_frees_the_order": {
			held,
			{send: void, body: `{}`, status: 200, want: `{"status":"SUCCESS","voided":true}`},
			paid("q"),
		},
		"refunded_order_is_free_again": {
			paid("p"),
			{send: refund, body: `{}`, status: 200, want: `{"status":"SUCCESS","refundedAmount":100.50}`},
			paid("q"),
		},
		"partly_refunded_order_is_not_free": {
			paid("p"),
			{send: refund, body: `{"amount":0.50,"currency":"TRY"}`, status: 200, want: `{"status":"SUCCESS"}`},
			{send: pay, body: charge("amount", "3.00"), status: 409, want: refused},
		},
		"case_counts": {
			{send: pay, body: charge("orderId", `"{order}/a"`), status: 200, want: `{"status":"SUCCESS"}`, keep: "p"},
			{send: pay, body: charge("orderId", `"{order}/A"`), status: 200, want: `{"status":"SUCCESS","orderId":"{order}/A"}`, keep: "q"},
		},
		"order_of_another_merchant_is_another_order": {
			paid("p"),
			{send: pay, body: charge(), as: servertest.OtherMerchant(), status: 200, want: `{"status":"SUCCESS"}`},
		},
	})
}
