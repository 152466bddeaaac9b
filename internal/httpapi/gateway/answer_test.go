package gateway_test

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/vezne/vezne/internal/card"
	"github.com/vezne/vezne/internal/connector"
	"github.com/vezne/vezne/internal/id"
	"github.com/vezne/vezne/internal/money"
	"github.com/vezne/vezne/internal/payment"
)

const paymentID = "123e4567-e89b-12d3-a456-426614174000"

func mustUUID(t *testing.T, s string) id.UUID {
	t.Helper()
	u, err := id.ParseUUID(s)
	if err != nil {
		t.Fatal(err)
	}
	return u
}

// approvedPayment is a sale of 100.50 TRY that a bank approved.
func approvedPayment(t *testing.T) payment.Payment {
	t.Helper()
	zero := money.Zero(money.TRY)
	return payment.Payment{
		ID: 9, UUID: mustUUID(t, paymentID), MerchantID: 1, Phase: payment.PhaseSale, State: payment.Captured,
		OrderRef: "ORD-12345", Price: money.FromMinor(10050, money.TRY), Paid: money.FromMinor(10050, money.TRY),
		Installments: 1, Commission: money.FromMinor(200, money.TRY),
		Captured: money.FromMinor(10050, money.TRY), Refunded: zero, Refunding: zero, Authorized: zero,
		Card: payment.Instrument{
			Masked: "542119******0656", Holder: "John Doe", Scheme: card.Mastercard, Type: card.Credit,
			Program: "Axess", Known: true, Domestic: true,
		},
		Result: payment.Result{
			Reason: connector.Success, TransactionID: "EXT123456789", AuthCode: "987654",
			At: time.Date(2026, 11, 20, 14, 30, 0, 999, time.FixedZone("TRT", 3*60*60)),
		},
		CreatedAt: today,
	}
}

func TestAnswer(t *testing.T) {
	t.Parallel()
	held := func(t *testing.T) payment.Payment {
		p := approvedPayment(t)
		p.Phase, p.State = payment.PhasePreAuthorization, payment.Captured
		p.Captured, p.Commission = money.FromMinor(9000, money.TRY), money.FromMinor(179, money.TRY)
		return p
	}
	operation := func(kind connector.Kind, minor int64, status payment.Status, reason connector.Reason) payment.Operation {
		return payment.Operation{
			ID: 4, AskID: 4, Kind: kind, Amount: money.FromMinor(minor, money.TRY), Status: status, StartedAt: today,
			Result: payment.Result{Reason: reason, TransactionID: "EXT-2", AuthCode: "112233", At: today.Add(time.Hour)},
		}
	}
	sub := "/" + paymentID
	tests := map[string]struct {
		path, body string
		outcome    func(t *testing.T) payment.Outcome
		want       string
		replayed   string
	}{
		"approved_sale": {
			path: "/api/payment", body: goodBody,
			outcome: func(t *testing.T) payment.Outcome { return payment.Outcome{Payment: approvedPayment(t)} },
			want: `{"paymentId":"123e4567-e89b-12d3-a456-426614174000","orderId":"ORD-12345","amount":100.50,"installmentCount":1,"currency":"TRY",` +
				`"merchantCommission":2.00,"status":"SUCCESS","paymentDate":"2026-11-20T11:30:00Z","cardHolderName":"John Doe","pan":"542119******0656",` +
				`"domInt":"DOM","cardScheme":"MASTERCARD","cardType":"CREDIT","loyaltyCode":"AXESS","externalTransactionId":"EXT123456789",` +
				`"authCode":"987654","resultCode":"SUCCESS","resultMessage":"Successful","customerId":null}`,
		},
		"approved_sale_replayed": {
			path: "/api/payment", body: goodBody,
			outcome: func(t *testing.T) payment.Outcome {
				p := approvedPayment(t)
				p.State, p.Refunded = payment.Refunded, p.Captured
				return payment.Outcome{Payment: p, Replayed: true}
			},
			replayed: "true",
			want: `{"paymentId":"123e4567-e89b-12d3-a456-426614174000","orderId":"ORD-12345","amount":100.50,"installmentCount":1,"currency":"TRY",` +
				`"merchantCommission":2.00,"status":"SUCCESS","paymentDate":"2026-11-20T11:30:00Z","cardHolderName":"John Doe","pan":"542119******0656",` +
				`"domInt":"DOM","cardScheme":"MASTERCARD","cardType":"CREDIT","loyaltyCode":"AXESS","externalTransactionId":"EXT123456789",` +
				`"authCode":"987654","resultCode":"SUCCESS","resultMessage":"Successful","customerId":null}`,
		},
		"hold_replayed_after_a_capture_of_a_part": {
			path: "/api/pre-authorization", body: goodBody,
			outcome: func(t *testing.T) payment.Outcome {
				p := held(t)
				p.Authorized, p.CommissionRate = p.Paid, 1_990_000
				return payment.Outcome{Payment: p, Replayed: true}
			},
			replayed: "true",
			want: `{"paymentId":"123e4567-e89b-12d3-a456-426614174000","orderId":"ORD-12345","amount":100.50,"installmentCount":1,"currency":"TRY",` +
				`"merchantCommission":2.00,"status":"SUCCESS","paymentDate":"2026-11-20T11:30:00Z","cardHolderName":"John Doe","pan":"542119******0656",` +
				`"domInt":"DOM","cardScheme":"MASTERCARD","cardType":"CREDIT","loyaltyCode":"AXESS","externalTransactionId":"EXT123456789",` +
				`"authCode":"987654","resultCode":"SUCCESS","resultMessage":"Successful","customerId":null}`,
		},
		"declined_sale_of_a_card_that_nobody_knows": {
			path: "/api/payment", body: goodBody,
			outcome: func(t *testing.T) payment.Outcome {
				p := approvedPayment(t)
				p.State, p.CustomerRef = payment.Declined, "CUST-12345"
				p.Card = payment.Instrument{Masked: "113012*****0009", Holder: "John Doe"}
				p.Result = payment.Result{Reason: connector.NotSufficientFunds, At: today}
				return payment.Outcome{Payment: p}
			},
			want: `{"paymentId":"123e4567-e89b-12d3-a456-426614174000","orderId":"ORD-12345","amount":100.50,"installmentCount":1,"currency":"TRY",` +
				`"merchantCommission":0.00,"status":"FAILED","paymentDate":"2026-11-20T11:30:00Z","cardHolderName":"John Doe","pan":"113012*****0009",` +
				`"domInt":null,"cardScheme":null,"cardType":null,"loyaltyCode":null,"externalTransactionId":null,` +
				`"authCode":null,"resultCode":"NOT_SUFFICIENT_FUNDS","resultMessage":"Insufficient limit or balance on the card","customerId":"CUST-12345"}`,
		},
		"sale_whose_result_is_unknown": {
			path: "/api/payment", body: goodBody,
			outcome: func(t *testing.T) payment.Outcome {
				p := approvedPayment(t)
				p.State, p.Card.Domestic, p.Card.Program = payment.Pending, false, "Bankkart Combo"
				p.Result = payment.Result{}
				return payment.Outcome{Payment: p}
			},
			want: `{"paymentId":"123e4567-e89b-12d3-a456-426614174000","orderId":"ORD-12345","amount":100.50,"installmentCount":1,"currency":"TRY",` +
				`"merchantCommission":0.00,"status":"PENDING","paymentDate":"2026-11-20T11:30:00Z","cardHolderName":"John Doe","pan":"542119******0656",` +
				`"domInt":"INT","cardScheme":"MASTERCARD","cardType":"CREDIT","loyaltyCode":"BANKKART","externalTransactionId":null,` +
				`"authCode":null,"resultCode":"RESULT_UNKNOWN","resultMessage":"The bank's answer is not known yet","customerId":null}`,
		},
		"unclear_payment": {
			path: "/api/payment", body: goodBody,
			outcome: func(t *testing.T) payment.Outcome {
				p := approvedPayment(t)
				p.State, p.Unclear, p.Result.Reason = payment.Declined, true, connector.ThreeDSFailed
				return payment.Outcome{Payment: p}
			},
			want: `{"paymentId":"123e4567-e89b-12d3-a456-426614174000","orderId":"ORD-12345","amount":100.50,"installmentCount":1,"currency":"TRY",` +
				`"merchantCommission":0.00,"status":"PENDING","paymentDate":"2026-11-20T11:30:00Z","cardHolderName":"John Doe","pan":"542119******0656",` +
				`"domInt":"DOM","cardScheme":"MASTERCARD","cardType":"CREDIT","loyaltyCode":"AXESS","externalTransactionId":null,` +
				`"authCode":null,"resultCode":"RESULT_UNKNOWN","resultMessage":"The bank's answer is not known yet","customerId":null}`,
		},
		"approved_hold": {
			path: "/api/pre-authorization", body: goodBody,
			outcome: func(t *testing.T) payment.Outcome {
				p := approvedPayment(t)
				p.State, p.Card.Program = payment.Authorized, "CardFinans"
				return payment.Outcome{Payment: p}
			},
			want: `{"paymentId":"123e4567-e89b-12d3-a456-426614174000","orderId":"ORD-12345","amount":100.50,"installmentCount":1,"currency":"TRY",` +
				`"merchantCommission":2.00,"status":"SUCCESS","paymentDate":"2026-11-20T11:30:00Z","cardHolderName":"John Doe","pan":"542119******0656",` +
				`"domInt":"DOM","cardScheme":"MASTERCARD","cardType":"CREDIT","loyaltyCode":"CARDFINANS","externalTransactionId":"EXT123456789",` +
				`"authCode":"987654","resultCode":"SUCCESS","resultMessage":"Successful","customerId":null}`,
		},
		"approved_capture": {
			path: "/api/pre-authorization" + sub + "/capture", body: `{"amount":90.00,"currency":"TRY"}`,
			outcome: func(t *testing.T) payment.Outcome {
				return payment.Outcome{Payment: held(t),
					Operation: operation(connector.Capture, 9000, payment.OperationApproved, connector.Success)}
			},
			want: `{"paymentId":"123e4567-e89b-12d3-a456-426614174000","orderId":"ORD-12345","amount":90.00,"installmentCount":1,"currency":"TRY",` +
				`"merchantCommission":1.79,"status":"SUCCESS","paymentDate":"2026-11-20T12:30:00Z","cardHolderName":"John Doe","pan":"542119******0656",` +
				`"domInt":"DOM","cardScheme":"MASTERCARD","cardType":"CREDIT","loyaltyCode":"AXESS","externalTransactionId":"EXT-2",` +
				`"authCode":"112233","resultCode":"SUCCESS","resultMessage":"Successful","customerId":null}`,
		},
		"declined_capture": {
			path: "/api/pre-authorization" + sub + "/capture", body: `{"amount":90.00,"currency":"TRY"}`,
			outcome: func(t *testing.T) payment.Outcome {
				p := held(t)
				p.State, p.Captured = payment.Authorized, money.Zero(money.TRY)
				return payment.Outcome{Payment: p,
					Operation: operation(connector.Capture, 9000, payment.OperationDeclined, connector.InvalidTransaction)}
			},
			want: `{"paymentId":"123e4567-e89b-12d3-a456-426614174000","orderId":"ORD-12345","amount":90.00,"installmentCount":1,"currency":"TRY",` +
				`"merchantCommission":0.00,"status":"FAILED","paymentDate":"2026-11-20T12:30:00Z","cardHolderName":"John Doe","pan":"542119******0656",` +
				`"domInt":"DOM","cardScheme":"MASTERCARD","cardType":"CREDIT","loyaltyCode":"AXESS","externalTransactionId":"EXT-2",` +
				`"authCode":null,"resultCode":"INVALID_TRANSACTION","resultMessage":"The bank considers the transaction invalid","customerId":null}`,
		},
		"partial_refund": {
			path: "/api/payment" + sub + "/refund", body: `{"amount":40.00,"currency":"TRY"}`,
			outcome: func(t *testing.T) payment.Outcome {
				p := approvedPayment(t)
				p.State, p.Refunded = payment.PartiallyRefunded, money.FromMinor(4000, money.TRY)
				return payment.Outcome{Payment: p,
					Operation: operation(connector.Refund, 4000, payment.OperationApproved, connector.Success)}
			},
			want: `{"paymentId":"123e4567-e89b-12d3-a456-426614174000","orderId":"ORD-12345","amount":40.00,"installmentCount":1,"currency":"TRY",` +
				`"merchantCommission":0.00,"status":"SUCCESS","paymentDate":"2026-11-20T12:30:00Z","cardHolderName":"John Doe","pan":"542119******0656",` +
				`"domInt":"DOM","cardScheme":"MASTERCARD","cardType":"CREDIT","loyaltyCode":"AXESS","externalTransactionId":"EXT-2",` +
				`"authCode":"112233","resultCode":"SUCCESS","resultMessage":"Successful","customerId":null,` +
				`"capturedAmount":100.50,"refundedAmount":40.00,"voided":false,"refundId":"4"}`,
		},
		"refund_whose_result_is_unknown": {
			path: "/api/payment" + sub + "/refund", body: `{}`,
			outcome: func(t *testing.T) payment.Outcome {
				o := operation(connector.Refund, 10050, payment.OperationUnknown, connector.ResultUnknown)
				return payment.Outcome{Payment: approvedPayment(t), Operation: o}
			},
			want: `{"paymentId":"123e4567-e89b-12d3-a456-426614174000","orderId":"ORD-12345","amount":100.50,"installmentCount":1,"currency":"TRY",` +
				`"merchantCommission":0.00,"status":"PENDING","paymentDate":"2026-11-20T12:30:00Z","cardHolderName":"John Doe","pan":"542119******0656",` +
				`"domInt":"DOM","cardScheme":"MASTERCARD","cardType":"CREDIT","loyaltyCode":"AXESS","externalTransactionId":null,` +
				`"authCode":null,"resultCode":"RESULT_UNKNOWN","resultMessage":"The bank's answer is not known yet","customerId":null,` +
				`"capturedAmount":100.50,"refundedAmount":0.00,"voided":false,"refundId":"4"}`,
		},
		"void": {
			path: "/api/payment" + sub + "/void", body: `{}`, replayed: "true",
			outcome: func(t *testing.T) payment.Outcome {
				p := approvedPayment(t)
				p.State = payment.Voided
				return payment.Outcome{
					Payment: p, Replayed: true,
					Operation: operation(connector.Void, 10050, payment.OperationApproved, connector.Success),
				}
			},
			want: `{"paymentId":"123e4567-e89b-12d3-a456-426614174000","orderId":"ORD-12345","amount":100.50,"installmentCount":1,"currency":"TRY",` +
				`"merchantCommission":0.00,"status":"SUCCESS","paymentDate":"2026-11-20T12:30:00Z","cardHolderName":"John Doe","pan":"542119******0656",` +
				`"domInt":"DOM","cardScheme":"MASTERCARD","cardType":"CREDIT","loyaltyCode":"AXESS","externalTransactionId":"EXT-2",` +
				`"authCode":"112233","resultCode":"SUCCESS","resultMessage":"Successful","customerId":null,` +
				`"capturedAmount":100.50,"refundedAmount":0.00,"voided":true}`,
		},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f := &fakePayments{outcome: tt.outcome(t)}
			w := send(newHandler(t, f), newRequest(t, http.MethodPost, tt.path, tt.body))
			if w.Code != http.StatusOK {
				t.Fatalf("status = %d: %s", w.Code, w.Body)
			}
			if diff := cmp.Diff(tt.want, w.Body.String()); diff != "" {
				t.Errorf("answer (-want +got):\n%s", diff)
			}
			if got := w.Header().Get("Idempotent-Replayed"); got != tt.replayed {
				t.Errorf("Idempotent-Replayed = %q, want %q", got, tt.replayed)
			}
			if got := f.callCount(); got != 1 {
				t.Errorf("the domain was called %d times", got)
			}
		})
	}
}

func TestDigits(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		minor    int64
		currency money.Currency
		want     string
	}{
		"yen_have_none":     {1200, money.JPY, `"amount":1200,`},
		"dinars_have_three": {1250, money.KWD, `"amount":1.250,`},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p := approvedPayment(t)
			p.Paid, p.Commission = money.FromMinor(tt.minor, tt.currency), money.Zero(tt.currency)
			w := send(newHandler(t, &fakePayments{outcome: payment.Outcome{Payment: p}}),
				newRequest(t, http.MethodPost, "/api/payment", goodBody))
			if !contains(w.Body.String(), tt.want) {
				t.Errorf("answer = %s, want %s", w.Body, tt.want)
			}
		})
	}
}

func TestLanguage(t *testing.T) {
	t.Parallel()
	tests := map[string]struct{ header, want string }{
		"none_is_english":          {"", "Insufficient limit or balance on the card"},
		"turkish":                  {"tr-TR,tr;q=0.9,en;q=0.8", "Kart limiti veya bakiyesi yetersiz"},
		"arabic":                   {"ar", "حد البطاقة أو رصيدها غير كافٍ"},
		"unknown_is_english":       {"ja", "Insufficient limit or balance on the card"},
		"broken_is_english":        {";;q=x", "Insufficient limit or balance on the card"},
		"second_choice_if_we_must": {"ja, de;q=0.5", "Limit oder Guthaben der Karte reicht nicht aus"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p := approvedPayment(t)
			p.State, p.Result = payment.Declined, payment.Result{Reason: connector.NotSufficientFunds, At: today}
			r := newRequest(t, http.MethodPost, "/api/payment", goodBody)
			if tt.header != "" {
				r.Header.Set("Accept-Language", tt.header)
			}
			w := send(newHandler(t, &fakePayments{outcome: payment.Outcome{Payment: p}}), r)
			if !contains(w.Body.String(), `"resultCode":"NOT_SUFFICIENT_FUNDS","resultMessage":"`+tt.want+`"`) {
				t.Errorf("answer = %s, want %s", w.Body, tt.want)
			}
		})
	}
}

func TestRetiredCurrency(t *testing.T) {
	t.Parallel()
	w := send(newHandler(t, &fakePayments{}), newRequest(t, http.MethodPost, "/api/installment-options",
		`{"amount":1,"currency":"HRK","pan":"542119"}`))
	if w.Code != http.StatusBadRequest || !strings.Contains(w.Body.String(), "EUR took its place") {
		t.Errorf("answer = %d %s", w.Code, w.Body)
	}
}
