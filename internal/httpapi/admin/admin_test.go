package admin_test

import (
	"context"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/vezne/vezne/internal/card"
	"github.com/vezne/vezne/internal/charge"
	"github.com/vezne/vezne/internal/clock"
	"github.com/vezne/vezne/internal/connector"
	"github.com/vezne/vezne/internal/fault"
	"github.com/vezne/vezne/internal/httpapi/admin"
	"github.com/vezne/vezne/internal/httpapi/apitest"
	"github.com/vezne/vezne/internal/httpapi/kit"
	"github.com/vezne/vezne/internal/id"
	"github.com/vezne/vezne/internal/ledger"
	"github.com/vezne/vezne/internal/merchant"
	"github.com/vezne/vezne/internal/money"
	"github.com/vezne/vezne/internal/payment"
	"github.com/vezne/vezne/internal/pos"
	"github.com/vezne/vezne/internal/routing"
	"github.com/vezne/vezne/internal/secret"
)

const paymentID = "123e4567-e89b-12d3-a456-426614174000"

var today = time.Date(2026, 11, 20, 11, 30, 0, 500_000_000, time.UTC)

// fakePayments knows one payment of merchant 1.
type fakePayments struct {
	admin.Payments

	detail charge.Detail
}

func (f fakePayments) Detail(_ context.Context, m id.Merchant, u id.UUID) (charge.Detail, error) {
	if m != 1 || u.String() != paymentID {
		return charge.Detail{}, fault.New(fault.NotFound, fault.NoSuchThing, "no such payment")
	}
	return f.detail, nil
}

type fakeCallers struct{}

func (fakeCallers) AuthenticateAdmin(_ context.Context, token string) (merchant.AdminPrincipal, error) {
	switch token {
	case "demo-admin-token":
		return merchant.AdminPrincipal{MerchantID: 1, Role: merchant.RoleViewer, Actor: "admin:Demo"}, nil
	case "other-admin-token":
		return merchant.AdminPrincipal{MerchantID: 2, Role: merchant.RoleOwner, Actor: "admin:Demo"}, nil
	}
	return merchant.AdminPrincipal{}, fault.New(fault.Unauthenticated, fault.Unauthorized, "unknown token")
}

// voidingBank is the type of a protocol that can void and nothing else.
type voidingBank struct {
	connector.Connector
	connector.Voider
}

func newHandler(t *testing.T) http.Handler {
	t.Helper()
	return documented(t, newHandlerOf(t, kit.Limits{}, func(*admin.Services) {}))
}

// documented holds a handler's answers to the document. It reads bodies as a whole.
func documented(t *testing.T, h http.Handler) http.Handler {
	t.Helper()
	doc, err := apitest.Load(t.Context(), "admin.yaml")
	if err != nil {
		t.Fatal(err)
	}
	return doc.Handler(t, h)
}

// newHandlerOf returns a handler with limits and services of the test's choice.
func newHandlerOf(t *testing.T, limits kit.Limits, change func(*admin.Services)) http.Handler {
	t.Helper()
	k, err := kit.New(kit.Config{
		Log: slog.New(slog.NewTextHandler(io.Discard, nil)), Clock: clock.NewManual(today),
		HashKey: secret.New(make([]byte, 32)), Limits: limits,
	})
	if err != nil {
		t.Fatal(err)
	}
	var protocols []connector.Registration
	for _, name := range []string{"d", "a", "e", "c", "b"} {
		protocols = append(protocols, connector.Registration{Name: name, Title: "Bank " + name, Connector: voidingBank{}})
	}
	to := admin.Services{
		Callers: fakeCallers{}, Payments: fakePayments{detail: detail(t)},
		POSes: pos.NewEditor(pos.Dependencies{Protocols: protocols}),
	}
	change(&to)
	return admin.Handler(k, to)
}

// detail is a sale that one bank declined and another approved.
func detail(t *testing.T) charge.Detail {
	t.Helper()
	u, err := id.ParseUUID(paymentID)
	if err != nil {
		t.Fatal(err)
	}
	lira := func(minor int64) money.Amount { return money.FromMinor(minor, money.TRY) }
	approved := payment.Result{Reason: connector.Success, TransactionID: "T-2", HostReference: "H-2", AuthCode: "123456",
		At: today}
	return charge.Detail{
		Payment: payment.Payment{
			ID: 9, UUID: u, MerchantID: 1, Version: 3, Surface: payment.SurfaceGateway, Phase: payment.PhaseSale,
			Group: payment.GroupProduct, State: payment.Captured, OrderRef: "ORD-1", HoldsOrder: true,
			Price: lira(10050), Paid: lira(10050), Installments: 1, CommissionRate: 1_990_000, Commission: lira(200),
			Captured: lira(10050), POSID: 2, POSAlias: "akbank", Result: approved,
			Card: payment.Instrument{
				Masked: "542119******0656", BIN: "54211901", Last4: "0656", Holder: "John Doe", Fingerprint: "fp",
				Bank: "Akbank", Scheme: card.Mastercard, Type: card.Credit, Program: "Axess", Brand: "Axess", Known: true, Domestic: true,
			},
			Routing: routing.Decision{
				Candidates: []routing.Candidate{
					{POS: pos.POS{ID: 1, Alias: "garanti"}, Reason: routing.ByRule}, {POS: pos.POS{ID: 2, Alias: "akbank"}, Reason: routing.OnUs},
				},
				Rejected: []routing.Rejection{{POSID: 3, Alias: "international", Reason: routing.NoDomestic}},
				RuleID:   5, RuleName: "big tickets",
			},
			ClientIP: netip.MustParseAddr("192.168.1.1"), CreatedAt: today, UpdatedAt: today,
			Items: []payment.Item{{ID: 11, Name: "ORD-1", Price: lira(10050), Paid: lira(10050), Commission: lira(200)}},
		},
		Operations: []payment.Operation{
			{
				ID: 20, AskID: 20, Attempt: 1, Kind: connector.Sale, POSID: 1, Reference: "REF1", Amount: lira(10050),
				Status: payment.OperationDeclined, Result: payment.Result{Reason: connector.DoNotHonour, At: today},
				BankCode: "05", Actor: "credential:7", StartedAt: today, FinishedAt: today,
			},
			{
				ID: 21, AskID: 20, Attempt: 2, Kind: connector.Sale, POSID: 2, Reference: "REF2", Amount: lira(10050),
				Status: payment.OperationUnknown, Result: approved, Actor: "credential:7", StartedAt: today, Inquiries: 1,
			},
		},
		Postings: []ledger.Posting{{
			ID: 30, MerchantID: 1, Source: ledger.OperationApproved(21), PaymentID: 9, At: today,
			Entries: []ledger.Entry{{Account: ledger.BankCommission, Amount: lira(200)}, {Account: ledger.Sales, Amount: lira(-200)}},
		}},
	}
}

func get(t *testing.T, h http.Handler, path string, authorization ...string) *httptest.ResponseRecorder {
	t.Helper()
	r := httptest.NewRequestWithContext(t.Context(), http.MethodGet, "http://vezne.test"+path, http.NoBody)
	for _, a := range authorization {
		r.Header.Add("Authorization", a)
	}
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	return w
}

func TestPayment(t *testing.T) {
	t.Parallel()
	w := get(t, newHandler(t), "/admin/v1/payments/"+paymentID, "Bearer demo-admin-token")
	want := `{"id":9,"uuid":"123e4567-e89b-12d3-a456-426614174000","version":3,"surface":"gateway","phase":"sale","group":"product",` +
		`"state":"captured","order_ref":"ORD-1","holds_order":true,"conversation_id":null,"external_id":null,"channel":null,` +
		`"customer_ref":null,"buyer_id":null,"currency":"TRY","price":100.50,"paid":100.50,"wallet":0.00,"installments":1,` +
		`"interest_payer":"merchant","customer_rate":0.00,"commission_rate":1.99,"commission":2.00,"authorized":0.00,"captured":100.50,` +
		`"refunded":0.00,"refunding":0.00,"open_ask":null,"unclear":false,"card":{"masked":"542119******0656","last4":"0656","holder":"John Doe",` +
		`"bank":"Akbank","scheme":"MASTERCARD","type":"CREDIT","program":"Axess","brand":"Axess","commercial":false,"known":true,` +
		`"domestic":true,"card_id":null},"requested_pos_alias":null,"pos_id":2,"pos_alias":"akbank","result":{"reason":"SUCCESS",` +
		`"transaction_id":"T-2","host_reference":"H-2","auth_code":"123456","at":"2026-11-20T11:30:00.5Z"},"client_ip":"192.168.1.1",` +
		`"created_at":"2026-11-20T11:30:00.5Z","updated_at":"2026-11-20T11:30:00.5Z",` +
		`"items":[{"id":11,"position":0,"name":"ORD-1","external_id":null,"price":100.50,"paid":100.50,"wallet":0.00,"commission":2.00,` +
		`"refunded":0.00,"sub_merchant_id":null,"sub_merchant_price":0.00}],` +
		`"operations":[{"id":20,"ask_id":20,"attempt":1,"kind":"sale","reference":"REF1","original":null,"amount":100.50,"currency":"TRY",` +
		`"status":"declined","reason":"DO_NOT_HONOUR","bank_code":"05","bank_message":null,"auth_code":null,"transaction_id":null,` +
		`"host_reference":null,"pos_id":1,"pos_alias":"garanti","actor":"credential:7","started_at":"2026-11-20T11:30:00.5Z",` +
		`"finished_at":"2026-11-20T11:30:00.5Z","inquiries":0},` +
		`{"id":21,"ask_id":20,"attempt":2,"kind":"sale","reference":"REF2","original":null,"amount":100.50,"currency":"TRY",` +
		`"status":"unknown","reason":"SUCCESS","bank_code":null,"bank_message":null,"auth_code":"123456","transaction_id":"T-2",` +
		`"host_reference":"H-2","pos_id":2,"pos_alias":"akbank","actor":"credential:7","started_at":"2026-11-20T11:30:00.5Z",` +
		`"finished_at":null,"inquiries":1}],` +
		`"routing":{"rule_id":5,"rule":"big tickets","candidates":[{"order":1,"pos_id":1,"alias":"garanti","reason":"rule","three_ds":null},` +
		`{"order":2,"pos_id":2,"alias":"akbank","reason":"on_us","three_ds":null}],"rejected":[{"pos_id":3,"alias":"international","reason":"no_domestic_cards"}]},` +
		`"ledger":[{"operation_id":21,"account":"bank_commission","amount":2.00,"currency":"TRY","at":"2026-11-20T11:30:00.5Z"},` +
		`{"operation_id":21,"account":"sales","amount":-2.00,"currency":"TRY","at":"2026-11-20T11:30:00.5Z"}]}`
	if w.Code != http.StatusOK {
		t.Fatalf("status = %d: %s", w.Code, w.Body)
	}
	if diff := cmp.Diff(want, w.Body.String()); diff != "" {
		t.Errorf("answer (-want +got):\n%s", diff)
	}
}

func TestRefusals(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		path   string
		auth   []string
		status int
		code   string
	}{
		"no_token":               {"/admin/v1/payments/" + paymentID, nil, 401, "UNAUTHORIZED"},
		"no_token_unknown_path":  {"/admin/v1/nothing", nil, 401, "UNAUTHORIZED"},
		"unknown_token":          {"/admin/v1/payments/" + paymentID, []string{"Bearer guess"}, 401, "UNAUTHORIZED"},
		"doubled_token":          {"/admin/v1/payments/" + paymentID, []string{"Bearer demo-admin-token", "Bearer demo-admin-token"}, 401, "UNAUTHORIZED"},
		"other_scheme":           {"/admin/v1/payments/" + paymentID, []string{"Basic demo-admin-token"}, 401, "UNAUTHORIZED"},
		"empty_token":            {"/admin/v1/payments/" + paymentID, []string{"Bearer "}, 401, "UNAUTHORIZED"},
		"payment_of_another":     {"/admin/v1/payments/" + paymentID, []string{"Bearer other-admin-token"}, 404, "NOT_FOUND"},
		"unknown_payment":        {"/admin/v1/payments/" + strings.Replace(paymentID, "1", "2", 1), []string{"Bearer demo-admin-token"}, 404, "NOT_FOUND"},
		"payment_that_is_no_id":  {"/admin/v1/payments/9", []string{"Bearer demo-admin-token"}, 404, "NOT_FOUND"},
		"unknown_path":           {"/admin/v1/nothing", []string{"bearer demo-admin-token"}, 404, "NOT_FOUND"},
		"path_below_the_payment": {"/admin/v1/payments/" + paymentID + "/x", []string{"Bearer demo-admin-token"}, 404, "NOT_FOUND"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := get(t, newHandler(t), tt.path, tt.auth...)
			if w.Code != tt.status || !strings.Contains(w.Body.String(), `"code":"`+tt.code+`"`) {
				t.Errorf("answer = %d %s, want %d %s", w.Code, w.Body, tt.status, tt.code)
			}
			if got := w.Header().Get("Content-Type"); got != "application/problem+json" {
				t.Errorf("Content-Type = %q", got)
			}
			if got := w.Header().Get("WWW-Authenticate"); (got == "Bearer") != (tt.status == http.StatusUnauthorized) {
				t.Errorf("WWW-Authenticate = %q", got)
			}
		})
	}
}
