package e2e_test

import (
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/go-json-experiment/json"

	"github.com/vezne/vezne/internal/storage/storetest"
	"github.com/vezne/vezne/test/servertest"
)

// staff sends a request of the merchant's own people and wants the status.
func staff(
	t *testing.T, s *servertest.Server, want int, method, path, body string, headers ...string,
) servertest.Answer {
	t.Helper()
	r := servertest.Request{Method: method, Path: path, Body: body, As: servertest.Admin(), Header: map[string]string{}}
	for i := 0; i+1 < len(headers); i += 2 {
		r.Header[headers[i]] = headers[i+1]
	}
	a, ok := s.Send(t, r)
	if !ok || a.Status != want {
		t.Fatalf("%s %s: status %d, want %d: %s", method, path, a.Status, want, a.Body)
	}
	return a
}

// member decodes a member of an answer.
func member[T any](t *testing.T, a servertest.Answer, name string) T {
	t.Helper()
	var v T
	if err := json.Unmarshal(a.Members[name], &v); err != nil {
		t.Fatalf("member %s of %s: %v", name, a.Body, err)
	}
	return v
}

// onEachEngine runs a test against a server on each engine.
func onEachEngine(t *testing.T, test func(t *testing.T, s *servertest.Server)) {
	t.Helper()
	for _, engine := range storetest.Engines {
		t.Run(string(engine), func(t *testing.T) {
			t.Parallel()
			test(t, servertest.Start(t, servertest.Options{Engine: engine}))
		})
	}
}

// TestAdminPayments looks for payments and moves their money through the admin API.
func TestAdminPayments(t *testing.T) {
	t.Parallel()
	onEachEngine(t, func(t *testing.T, s *servertest.Server) {
		type found struct {
			UUID string `json:"uuid"`
		}
		search := func(t *testing.T, query string) []found {
			t.Helper()
			return member[[]found](t, staff(t, s, 200, http.MethodGet, "/admin/v1/payments?"+query, ""), "payments")
		}
		u := paid(t, s)
		t.Run("are_found_by_what_people_know", func(t *testing.T) {
			detail := staff(t, s, 200, http.MethodGet, "/admin/v1/payments/"+u, "")
			card := member[struct {
				Last4 string `json:"last4"`
			}](t, detail, "card")
			for _, query := range []string{
				"id=" + u, "id=" + string(detail.Members["id"]), "order_ref=" + url.QueryEscape(detail.Text("order_ref")), "last4=" + card.Last4,
				"same_card_as=" + u, "state=captured,voided", "pos=" + detail.Text("pos_alias"), "reason=SUCCESS",
				"currency=TRY&min_amount=0.01&max_amount=100000", "from=2020-01-01T00:00:00Z&limit=1",
			} {
				if got := search(t, query); len(got) == 0 || got[0].UUID != u {
					t.Errorf("%s finds %v, want %s first", query, got, u)
				}
			}
			for _, query := range []string{"id=1", "order_ref=nobody", "last4=9999", "state=refunded", "pos=nobody", "to=2020-01-01T00:00:00Z", "currency=JPY"} {
				if got := search(t, query); len(got) != 0 {
					t.Errorf("%s finds %v", query, got)
				}
			}
		})
		t.Run("malformed_searches_are_refused", func(t *testing.T) {
			for _, query := range []string{
				"id=x", "state=paid", "last4=12", "bin=12345", "currency=XXX", "min_amount=1", "currency=TRY&min_amount=1.001",
				"same_card_as=" + strings.Replace(u, u[:1], "f", 1), "limit=101", "cursor=x", "from=yesterday",
				"from=2026-01-02T00:00:00Z&to=2026-01-01T00:00:00Z",
			} {
				staff(t, s, 400, http.MethodGet, "/admin/v1/payments?"+query, "")
			}
		})
		t.Run("are_refunded_once_for_a_key", func(t *testing.T) {
			path := "/admin/v1/payments/" + u + "/refund"
			first := staff(t, s, 200, http.MethodPost, path, `{"amount":1.50,"currency":"TRY"}`, "Idempotency-Key", "refund-1")
			again := staff(t, s, 200, http.MethodPost, path, `{"amount":1.50,"currency":"TRY"}`, "Idempotency-Key", "refund-1")
			if first.Body != again.Body || again.Header.Get("Idempotent-Replayed") != "true" {
				t.Errorf("first %s, again %s", first.Body, again.Body)
			}
			staff(t, s, 422, http.MethodPost, path, `{"amount":2.50}`, "Idempotency-Key", "refund-1")
			staff(t, s, 400, http.MethodPost, path, `{"amount":100000}`)
			staff(t, s, 400, http.MethodPost, path, `{"amount":1,"currency":"USD"}`)
			if got := string(staff(t, s, 200, http.MethodGet, "/admin/v1/payments/"+u, "").Members["refunded"]); got != "1.50" {
				t.Errorf("refunded %s, want 1.50", got)
			}
			staff(t, s, 409, http.MethodPost, "/admin/v1/payments/"+u+"/void", "")
			staff(t, s, 200, http.MethodPost, path, "")
			staff(t, s, 409, http.MethodPost, path, "")
		})
		t.Run("are_captured_and_voided", func(t *testing.T) {
			hold := func(name string) string {
				a, ok := s.Send(t, post("/api/pre-authorization", charge("orderId", quoted(t.Name()+name))))
				if !ok || a.Status != http.StatusOK {
					t.Fatalf("hold: %s", a.Body)
				}
				return a.Text("paymentId")
			}
			a, b := hold("a"), hold("b")
			staff(t, s, 200, http.MethodPost, "/admin/v1/payments/"+a+"/capture", "")
			staff(t, s, 200, http.MethodPost, "/admin/v1/payments/"+b+"/void", "{}")
			if got := staff(t, s, 200, http.MethodGet, "/admin/v1/payments/"+a, "").Text("state"); got != "captured" {
				t.Errorf("state %s", got)
			}
			staff(t, s, 409, http.MethodPost, "/admin/v1/payments/"+b+"/capture", "")
		})
		t.Run("have_a_timeline_with_who_and_from_where", func(t *testing.T) {
			a := staff(t, s, 200, http.MethodGet, "/admin/v1/payments/"+u+"/timeline", "")
			type event struct {
				Event  string `json:"event"`
				Record *struct {
					Actor   string  `json:"actor"`
					Action  string  `json:"action"`
					Address *string `json:"address"`
					Agent   *string `json:"agent"`
				} `json:"record"`
			}
			events := member[[]event](t, a, "events")
			if len(events) != 10 || events[0].Event != "created" || events[1].Event != "bank_asked" {
				t.Fatalf("%d events: %s", len(events), a.Body)
			}
			for _, e := range events {
				if e.Record == nil || e.Record.Action != "payment.refund" {
					continue
				}
				if e.Record.Actor != "admin:demo" || e.Record.Address == nil || *e.Record.Address != "127.0.0.1" ||
					e.Record.Agent == nil {
					t.Errorf("record %+v", e.Record)
				}
			}
		})
	})
}
