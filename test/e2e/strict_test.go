package e2e_test

import (
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/getkin/kin-openapi/openapi3"
	"github.com/google/go-cmp/cmp"

	"github.com/vezne/vezne/internal/httpapi/apitest"
	"github.com/vezne/vezne/test/servertest"
)

// TestLoginAlone holds that the operations which a token may not use are those
// that the document gives to sessions alone.
func TestLoginAlone(t *testing.T) {
	t.Parallel()
	document, err := apitest.Parse("admin.yaml")
	if err != nil {
		t.Fatal(err)
	}
	s := servertest.Start(t, servertest.Options{})
	for path, item := range document.Paths.Map() {
		for method, o := range item.Operations() {
			if !strings.HasPrefix(path, "/admin/v1/me") && path != "/admin/v1/session" {
				continue
			}
			alone := o.Security != nil && len(*o.Security) > 0 &&
				!slices.ContainsFunc(*o.Security, func(way openapi3.SecurityRequirement) bool {
					return way["token"] != nil
				})
			r := servertest.Request{Method: method, Path: strings.ReplaceAll(path, "{sessionId}", "1"), As: servertest.Admin()}
			if method != http.MethodGet && method != http.MethodDelete {
				r.Body = map[string]string{
					"changePassword": `{"current":"a","password":"b"}`, "confirmTOTP": `{"code":"123456"}`, "removeTOTP": `{"current":"a"}`,
					"enrolTOTP": `{"current":"a"}`,
				}[o.OperationID]
			}
			if a, ok := s.Send(t, r); ok && (a.Status == http.StatusForbidden) != alone {
				t.Errorf("%s: a token gets %d, documented for sessions alone: %t", o.OperationID, a.Status, alone)
			}
		}
	}
}

// TestMisspelled holds that the admin API refuses a member that it does not know,
// wherever it stands, before anything happens: a misspelled amount must not become
// a refund of everything, nor a misspelled condition a rule for every payment.
func TestMisspelled(t *testing.T) {
	t.Parallel()
	onEachEngine(t, func(t *testing.T, s *servertest.Server) {
		payment := "/admin/v1/payments/" + paid(t, s)
		tests := map[string]struct{ method, path, body, field string }{
			"refund":        {http.MethodPost, payment + "/refund", `{"amuont":1.00}`, "amuont"},
			"void":          {http.MethodPost, payment + "/void", `{"amount":1.00}`, "amount"},
			"capture":       {http.MethodPost, payment + "/capture", `{"sum":1.00}`, "sum"},
			"credential":    {http.MethodPost, "/admin/v1/credentials", `{"name":"a","until":"x"}`, "until"},
			"token":         {http.MethodPost, "/admin/v1/tokens", `{"name":"a","role":"viewer","roles":[]}`, "roles"},
			"person":        {http.MethodPost, "/admin/v1/team", `{"name":"a","email":"a@b.example","role":"viewer","active":false}`, "active"},
			"pos":           {http.MethodPut, "/admin/v1/poses/garanti", `{"connector":"sandbox","currencies":["TRY"],"priorty":1}`, "priorty"},
			"poses":         {http.MethodPut, "/admin/v1/poses", `[{"alias":"garanti","connector":"sandbox","currencies":["TRY"],"priorty":1}]`, "items.0.priorty"},
			"pos_test":      {http.MethodPost, "/admin/v1/poses/garanti/test", `{"amount":1}`, "amount"},
			"plan":          {http.MethodPut, "/admin/v1/plans/garanti:Bonus:3", `{"commission_rate":1,"customer_rate":2,"max":3}`, "max"},
			"condition":     {http.MethodPut, "/admin/v1/rules/large", `{"targets":[{"pos":"garanti"}],"condition":{"min_amont":5000}}`, "condition.min_amont"},
			"target":        {http.MethodPut, "/admin/v1/rules/large", `{"targets":[{"pos":"garanti","wieght":5}]}`, "targets.0.wieght"},
			"dry_run":       {http.MethodPost, "/admin/v1/routing/dry-run", `{"amount":10.00,"currency":"TRY","bni":"542119"}`, "bni"},
			"endpoint":      {http.MethodPost, "/admin/v1/webhook-endpoints", `{"url":"https://example.com/","evnts":["payment.*"]}`, "evnts"},
			"settings":      {http.MethodPatch, "/admin/v1/settings", `{"half_secur":true}`, "half_secur"},
			"settings_page": {http.MethodPatch, "/admin/v1/settings", `{"checkout":{"without3ds":true}}`, "checkout.without3ds"},
		}
		for name, tt := range tests {
			t.Run(name, func(t *testing.T) {
				var headers []string
				if tt.method == http.MethodPatch {
					headers = []string{"If-Match", "*"}
				}
				a := staff(t, s, http.StatusBadRequest, tt.method, tt.path, tt.body, headers...)
				if !strings.Contains(a.Body, `"field":"`+tt.field+`","code":"INVALID","message":"is not known here`) {
					t.Errorf("answer: %s", a.Body)
				}
			})
		}
		if a := staff(t, s, http.StatusOK, http.MethodGet, payment, ""); a.Text("state") != "captured" {
			t.Errorf("the payment is %s", a.Text("state"))
		}
		staff(t, s, http.StatusNotFound, http.MethodGet, "/admin/v1/rules/large", "")
		// What may be null may be sent as null.
		staff(t, s, http.StatusOK, http.MethodPut, "/admin/v1/plans/garanti:Bonus:3",
			`{"commission_rate":2.89,"customer_rate":3.50,"currency":null,"min_amount":null,"max_amount":null,"valid_from":null,"valid_until":null,"active":true}`)
	})
}

// TestSentBack holds that what was read may be sent back as it is, and changes
// nothing, and that a body cannot name another thing than its path.
func TestSentBack(t *testing.T) {
	t.Parallel()
	onEachEngine(t, func(t *testing.T, s *servertest.Server) {
		staff(t, s, http.StatusOK, http.MethodPut, "/admin/v1/rules/large", `{"targets":[{"pos":"garanti"}],"condition":{"currency":"TRY","min_amount":5000}}`)
		tests := map[string]struct {
			path    string
			put     bool
			another string
		}{
			"pos":      {"/admin/v1/poses/garanti", true, `{"alias":"akbank","connector":"sandbox","currencies":["TRY"]}`},
			"plan":     {"/admin/v1/plans/garanti:Bonus:3", true, `{"count":6,"commission_rate":1,"customer_rate":2}`},
			"plan_pos": {"/admin/v1/plans/garanti:Bonus:3", true, `{"pos":"akbank","commission_rate":1,"customer_rate":2}`},
			"plan_key": {"/admin/v1/plans/garanti:Bonus:3", true, `{"key":"garanti:Bonus:6","commission_rate":1,"customer_rate":2}`},
			"rule":     {"/admin/v1/rules/large", true, `{"name":"small","targets":[{"pos":"garanti"}]}`},
			"settings": {"/admin/v1/settings", false, ""},
			"endpoint": {"/admin/v1/webhook-endpoints/1", false, ""},
		}
		for name, tt := range tests {
			t.Run(name, func(t *testing.T) {
				read := staff(t, s, http.StatusOK, http.MethodGet, tt.path, "")
				methods := []string{http.MethodPatch}
				if tt.put {
					methods = append(methods, http.MethodPut)
					staff(t, s, http.StatusBadRequest, http.MethodPut, tt.path, tt.another)
				}
				for _, method := range methods {
					staff(t, s, http.StatusOK, method, tt.path, read.Body, "If-Match", "*")
				}
				after := staff(t, s, http.StatusOK, http.MethodGet, tt.path, "")
				delete(read.Members, "version")
				delete(after.Members, "version")
				if diff := cmp.Diff(read.Members, after.Members); diff != "" {
					t.Errorf("sent back, it changed (-before +after):\n%s", diff)
				}
			})
		}
	})
}
