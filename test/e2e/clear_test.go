package e2e_test

import (
	"net/http"
	"testing"

	"github.com/vezne/vezne/test/servertest"
)

// TestPatchClears takes away by null what a PATCH may take away, and holds that
// what it does not name stays.
func TestPatchClears(t *testing.T) {
	t.Parallel()
	type edit struct {
		body   string
		status int
		// want are members as they must be written in the answer.
		want map[string]string
	}
	const bounds = `{"commission_rate":1,"customer_rate":2,"currency":"TRY","min_amount":10,"max_amount":500,` +
		`"valid_from":"2026-01-01T00:00:00Z","valid_until":"2027-01-01T00:00:00Z"}`
	onEachEngine(t, func(t *testing.T, s *servertest.Server) {
		for name, c := range map[string]struct {
			path, put string
			edits     []edit
		}{
			"plan": {"/admin/v1/plans/teb:*:31", bounds, []edit{
				{`{"active":false}`, 200, map[string]string{"min_amount": "10.00", "max_amount": "500.00", "currency": `"TRY"`, "valid_until": `"2027-01-01T00:00:00Z"`}},
				{`{"min_amount":null}`, 200, map[string]string{"min_amount": "null", "max_amount": "500.00", "currency": `"TRY"`}},
				{`{"max_amount":600}`, 200, map[string]string{"min_amount": "null", "max_amount": "600.00"}},
				{`{"max_amount":6.5,"currency":"USD"}`, 200, map[string]string{"min_amount": "null", "max_amount": "6.50", "currency": `"USD"`}},
				{`{"min_amount":2}`, 200, map[string]string{"min_amount": "2.00", "max_amount": "6.50", "currency": `"USD"`}},
				{`{"min_amount":7}`, 400, nil}, // over the maximum
				{`{"min_amount":20,"currency":"TRY"}`, 400, nil},
				{`{"currency":"TRY"}`, 400, nil},
				{`{"min_amount":20,"max_amount":null,"currency":"TRY"}`, 200, map[string]string{"min_amount": "20.00", "max_amount": "null", "currency": `"TRY"`}},
				{`{"min_amount":null,"currency":null}`, 200, map[string]string{"min_amount": "null", "max_amount": "null", "currency": "null"}},
				{`{"min_amount":5}`, 400, nil}, // of no currency
				{`{"valid_from":null}`, 200, map[string]string{"valid_from": "null", "valid_until": `"2027-01-01T00:00:00Z"`}},
				{`{"valid_until":null}`, 200, map[string]string{"valid_from": "null", "valid_until": "null", "customer_rate": "2.00"}},
			}},
			"POS": {"/admin/v1/poses/cleared", `{"connector":"sandbox","currencies":["TRY"],"bank_code":"0062","settings":{"key":"quietsealedvalue"}}`, []edit{
				{`{"name":"Cleared"}`, 200, map[string]string{"bank_code": `"0062"`}},
				{`{"bank_code":null}`, 200, map[string]string{"bank_code": "null", "name": `"Cleared"`, "secrets_set": `["key"]`}},
			}},
			"rule": {"/admin/v1/rules/cleared", `{"active":false,"targets":[{"pos":"teb"}],"condition":{"bins":["54"],"from_minute":5}}`, []edit{
				{`{"position":4}`, 200, map[string]string{"position": "4"}},
				{`{"condition":null}`, 200, map[string]string{
					"condition": `{"currency":null,"min_amount":null,"max_amount":null,"currencies":[],"bins":[],"bank_codes":[],"programs":[],` +
						`"schemes":[],"types":[],"domestic":null,"from_minute":0,"until_minute":0}`,
					"targets": `[{"pos":"teb","weight":0}]`,
				}},
			}},
			"settings": {"/admin/v1/settings", "", []edit{
				{`{"checkout":{"life_minutes":5}}`, 200, nil},
				{`{"checkout":{"without_3ds":false}}`, 200, map[string]string{"checkout": `{"without_3ds":false,"frames":[],"without_saved_cards":false,"life_minutes":5}`}},
				{`{"checkout":{"life_minutes":null}}`, 200, map[string]string{"checkout": `{"without_3ds":false,"frames":[],"without_saved_cards":false,"life_minutes":null}`}},
			}},
		} {
			t.Run(name, func(t *testing.T) {
				if c.put != "" {
					a, ok := s.Send(t, servertest.Request{Method: http.MethodPut, Path: c.path, Body: c.put, As: servertest.Admin()})
					if !ok || a.Status >= http.StatusBadRequest {
						t.Fatalf("put: %d %s", a.Status, a.Body)
					}
				}
				for _, e := range c.edits {
					a := staff(t, s, e.status, http.MethodPatch, c.path, e.body, "If-Match", "*")
					for member, want := range e.want {
						if got := string(a.Members[member]); got != want {
							t.Errorf("%s: %s is %s, want %s", e.body, member, got, want)
						}
					}
				}
			})
		}
	})
}
