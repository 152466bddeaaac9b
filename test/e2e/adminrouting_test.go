package e2e_test

import (
	"net/http"
	"strings"
	"testing"

	"github.com/vezne/vezne/test/servertest"
)

// chosen returns the aliases that a dry run finds, in order.
func chosen(t *testing.T, s *servertest.Server, body string) []string {
	t.Helper()
	d := member[struct {
		Candidates []struct {
			Alias string `json:"alias"`
		} `json:"candidates"`
	}](t, staff(t, s, 200, http.MethodPost, "/admin/v1/routing/dry-run", body), "decision")
	var all []string
	for _, c := range d.Candidates {
		all = append(all, c.Alias)
	}
	return all
}

func TestAdminRouting(t *testing.T) {
	t.Parallel()
	onEachEngine(t, func(t *testing.T, s *servertest.Server) {
		const unknownCard = `{"amount":100,"currency":"TRY"}`
		t.Run("a_dry_run_tells_which_pos_and_why", func(t *testing.T) {
			a := staff(t, s, 200, http.MethodPost, "/admin/v1/routing/dry-run", `{"amount":1000,"currency":"TRY","bin":"542119","installments":3}`)
			if got := chosen(t, s, `{"amount":1000,"currency":"TRY","bin":"542119","installments":3}`); len(got) != 1 ||
				got[0] != "akbank" {
				t.Errorf("candidates %v", got)
			}
			if !strings.Contains(a.Body, `"total":1035.00`) || !strings.Contains(a.Body, `"reason":"no_plan"`) {
				t.Errorf("dry run: %s", a.Body)
			}
			staff(t, s, 400, http.MethodPost, "/admin/v1/routing/dry-run", `{"amount":-1,"currency":"TRY"}`)
			staff(t, s, 400, http.MethodPost, "/admin/v1/routing/dry-run", `{"amount":1,"currency":"TRY","bin":"12"}`)
		})
		t.Run("a_pos_is_created_changed_and_disabled", func(t *testing.T) {
			const path = "/admin/v1/poses/spare"
			body := `{"connector":"sandbox","currencies":["TRY"],"priority":-5,"settings":{"terminal":"SPARE","key":"topsecretvalue"}}`
			made := staff(t, s, 201, http.MethodPut, path, body)
			again := staff(t, s, 200, http.MethodPut, path, body)
			for _, a := range []servertest.Answer{made, again} {
				if strings.Contains(a.Body, "topsecretvalue") || string(a.Members["secrets_set"]) != `["key"]` ||
					!strings.Contains(a.Body, "SPARE") {
					t.Errorf("POS: %s", a.Body)
				}
			}
			staff(t, s, 200, http.MethodPut, "/admin/v1/plans/spare:*:1", `{"commission_rate":1.5,"customer_rate":0}`)
			if got := chosen(t, s, unknownCard); got[0] != "spare" {
				t.Errorf("candidates %v, want spare first", got)
			}
			staff(t, s, 428, http.MethodPatch, path, `{"status":"disabled"}`)
			staff(t, s, 412, http.MethodPatch, path, `{"status":"disabled"}`, "If-Match", made.Header.Get("ETag"))
			staff(t, s, 412, http.MethodPut, path, body, "If-Match", made.Header.Get("ETag"))
			changed := staff(t, s, 200, http.MethodPatch, path, `{"status":"disabled"}`, "If-Match", again.Header.Get("ETag"))
			if changed.Text("status") != "disabled" || string(changed.Members["secrets_set"]) != `["key"]` {
				t.Errorf("POS: %s", changed.Body)
			}
			if got := chosen(t, s, unknownCard); got[0] == "spare" {
				t.Error("a disabled POS is chosen")
			}
			for _, wrong := range []string{
				`{"connector":"nobank","currencies":["TRY"]}`, `{"connector":"sandbox"}`, `{"connector":"sandbox","currencies":["XXQ"]}`,
				`{"connector":"sandbox","currencies":["TRY"],"settings":{"wish":"x"}}`, `{"connector":"sandbox","currencies":["TRY"],"status":"on"}`,
			} {
				staff(t, s, 400, http.MethodPut, path, wrong)
			}
			staff(t, s, 400, http.MethodPut, "/admin/v1/poses/Upper", body)
		})
		t.Run("a_test_call_reaches_the_bank", func(t *testing.T) {
			a := staff(t, s, 200, http.MethodPost, "/admin/v1/poses/garanti/test", "")
			if string(a.Members["reachable"]) != "true" {
				t.Errorf("garanti: %s", a.Body)
			}
			staff(t, s, 201, http.MethodPut, "/admin/v1/poses/away", `{"connector":"sandbox","currencies":["TRY"],"settings":{"url":"http://127.0.0.1:9/sim/sandbox"},"timeout_seconds":1}`)
			if a := staff(t, s, 200, http.MethodPost, "/admin/v1/poses/away/test", ""); string(a.Members["reachable"]) != "false" {
				t.Errorf("away: %s", a.Body)
			}
		})
		t.Run("rules_are_ordered_and_removed", func(t *testing.T) {
			list := `[{"name":"big","condition":{"currency":"TRY","min_amount":50},"targets":[{"pos":"teb"}]},{"name":"all","targets":[{"pos":"qnb"}]}]`
			for range 2 { // the same again changes nothing
				staff(t, s, 200, http.MethodPut, "/admin/v1/rules", list)
			}
			if got := chosen(t, s, unknownCard); got[0] != "teb" {
				t.Errorf("candidates %v, want teb first", got)
			}
			if got := chosen(t, s, `{"amount":49.99,"currency":"TRY"}`); got[0] != "qnb" {
				t.Errorf("candidates %v, want qnb first", got)
			}
			staff(t, s, 200, http.MethodPut, "/admin/v1/rules/all", `{"position":-1,"targets":[{"pos":"qnb","weight":1}]}`)
			if got := chosen(t, s, unknownCard); got[0] != "qnb" {
				t.Errorf("candidates %v, want qnb first", got)
			}
			staff(t, s, 204, http.MethodDelete, "/admin/v1/rules/all", "")
			staff(t, s, 404, http.MethodDelete, "/admin/v1/rules/all", "")
			if got := chosen(t, s, unknownCard); got[0] != "teb" {
				t.Errorf("candidates %v, want teb first", got)
			}
			staff(t, s, 400, http.MethodPut, "/admin/v1/rules/x", `{"targets":[{"pos":"nobody"}]}`)
			staff(t, s, 400, http.MethodPut, "/admin/v1/rules", `[{"name":"a","targets":[{"pos":"qnb"}]},{"name":"a","targets":[{"pos":"qnb"}]}]`)
		})
		t.Run("three_d_secure_is_forced_by_pos_and_by_rule", func(t *testing.T) { testForced3DS(t, s) })
		t.Run("plans_are_replaced_all_or_none", func(t *testing.T) {
			good := `{"pos":"garanti","program":"Bonus","count":3,"commission_rate":2.89,"customer_rate":4.00}`
			staff(t, s, 400, http.MethodPut, "/admin/v1/plans", `[`+good+`,{"pos":"nobody","count":2,"commission_rate":1,"customer_rate":1}]`)
			offer := `{"amount":1000,"currency":"TRY","bin":"520922","installments":3}`
			before := staff(t, s, 200, http.MethodPost, "/admin/v1/routing/dry-run", offer)
			staff(t, s, 200, http.MethodPut, "/admin/v1/plans", `{"items":[`+good+`]}`)
			after := staff(t, s, 200, http.MethodPost, "/admin/v1/routing/dry-run", offer)
			if !strings.Contains(before.Body, `"total":1035.00`) || !strings.Contains(after.Body, `"total":1040.00`) {
				t.Errorf("before %s, after %s", before.Body, after.Body)
			}
			staff(t, s, 200, http.MethodPut, "/admin/v1/plans/garanti:Bonus:3", `{"commission_rate":2.89,"customer_rate":3.50,"valid_until":"2020-01-01T00:00:00Z"}`)
			for _, a := range chosen(t, s, offer) {
				if a == "garanti" {
					t.Error("a plan that is over is offered")
				}
			}
			staff(t, s, 204, http.MethodDelete, "/admin/v1/plans/garanti:Bonus:3", "")
			staff(t, s, 404, http.MethodDelete, "/admin/v1/plans/garanti:Bonus:3", "")
			staff(t, s, 400, http.MethodPut, "/admin/v1/plans/garanti:World:3", `{"commission_rate":1,"customer_rate":1}`)
		})
		t.Run("bins_are_imported_with_a_report", func(t *testing.T) {
			staff(t, s, 404, http.MethodGet, "/admin/v1/bins/979200", "")
			csv := "prefix,scheme,type,bank_code,program\n979200,TROY,CREDIT,0046,Axess\n97x,TROY,CREDIT,,\n"
			a := staff(t, s, 200, http.MethodPost, "/admin/v1/bins/import", csv, "Content-Type", "text/csv")
			if string(a.Members["imported"]) != "1" || !strings.Contains(a.Body, `"line":3,"column":"prefix"`) {
				t.Errorf("import: %s", a.Body)
			}
			if got := staff(t, s, 200, http.MethodGet, "/admin/v1/bins/97920012", ""); got.Text("program") != "Axess" {
				t.Errorf("BIN: %s", got.Body)
			}
			if a := staff(t, s, 415, http.MethodPost, "/admin/v1/bins/import", csv); a.Text("detail") != "the body must be text/csv in UTF-8" {
				t.Errorf("another media type: %s", a.Body)
			}
			if a := staff(t, s, 415, http.MethodPut, "/admin/v1/plans", "[]", "Content-Type", "text/csv"); a.Text("detail") != "the body must be application/json in UTF-8" {
				t.Errorf("another media type: %s", a.Body)
			}
			staff(t, s, 400, http.MethodPost, "/admin/v1/bins/import", "nothing", "Content-Type", "text/csv")
			large := "prefix,scheme,type,brand\n" + strings.Repeat("979201,TROY,CREDIT,"+strings.Repeat("x", 90)+"\n", 900)
			staff(t, s, 200, http.MethodPost, "/admin/v1/bins/import", large, "Content-Type", "text/csv")
		})
		t.Run("connectors_tell_what_they_need", func(t *testing.T) {
			a := staff(t, s, 200, http.MethodGet, "/admin/v1/connectors", "")
			if !strings.Contains(a.Body, `"name":"sandbox"`) || strings.Contains(a.Body, "sandbox-demo-mac-key") {
				t.Errorf("connectors: %s", a.Body)
			}
		})
	})
}

// testForced3DS makes an Axess card need 3-D Secure, first by its POS and then by a
// rule, and pays the very order that was declined.
func testForced3DS(t *testing.T, s *servertest.Server) {
	declined := func(t *testing.T, order string) {
		t.Helper()
		a, _ := s.Send(t, payment(charge("orderId", quoted(order)), ""))
		if a.Status != http.StatusOK || a.Text("status") != "FAILED" || a.Text("resultCode") != "REQUIRES_3DS" {
			t.Fatalf("direct payment: %d %s", a.Status, a.Body)
		}
		d := s.Detail(t, servertest.Admin(), a.Text("paymentId"))
		if len(d.Operations) != 0 {
			t.Errorf("a bank was asked: %+v", d.Operations)
		}
	}
	paid := func(t *testing.T, order string) {
		t.Helper()
		shop := openShop(t)
		id, html := enrolled(t, s, shop.secured("orderId", quoted(order)))
		authenticate(t, s, html, "a")
		if a, _ := s.Send(t, completion(id, shop.Got("/success").Get("securityKey"))); a.Text("status") != "SUCCESS" {
			t.Errorf("complete: %s", a.Body)
		}
		s.CheckBooks(t, servertest.Admin(), id)
	}
	t.Run("by_rule", func(t *testing.T) {
		staff(t, s, 400, http.MethodPut, "/admin/v1/rules/secure", `{"condition":{"bins":["542119"]}}`)
		for _, never := range []string{`"schemes":["VISSA"]`, `"types":["credit"]`, `"bank_codes":["46"]`, `"bins":["54x"]`} {
			staff(t, s, 400, http.MethodPut, "/admin/v1/rules/never", `{"condition":{`+never+`},"requires_3ds":true}`)
		}
		all := `{"condition":{"schemes":["VISA","TROY"],"types":["PREPAID"],"bank_codes":["0046"],"bins":["5"]},"requires_3ds":true}`
		staff(t, s, 200, http.MethodPut, "/admin/v1/rules/words", all)
		staff(t, s, 204, http.MethodDelete, "/admin/v1/rules/words", "")
		rules := staff(t, s, 200, http.MethodPut, "/admin/v1/rules/secure", `{"condition":{"bins":["542119"]},"requires_3ds":true}`)
		if !strings.Contains(rules.Body, `"requires_3ds":true`) {
			t.Errorf("rules: %s", rules.Body)
		}
		dry := staff(t, s, 200, http.MethodPost, "/admin/v1/routing/dry-run", `{"amount":1000,"currency":"TRY","bin":"542119"}`)
		if !strings.Contains(dry.Body, `"three_ds":"REQUIRES_3DS"`) {
			t.Errorf("dry run: %s", dry.Body)
		}
		declined(t, t.Name())
		paid(t, t.Name())
		staff(t, s, 204, http.MethodDelete, "/admin/v1/rules/secure", "")
		if a, _ := s.Send(t, payment(charge("orderId", quoted(t.Name()+" off")), "")); a.Text("status") != "SUCCESS" {
			t.Errorf("direct payment afterwards: %s", a.Body)
		}
	})
	t.Run("by_pos", func(t *testing.T) {
		const path = "/admin/v1/poses/akbank"
		all := staff(t, s, 200, http.MethodGet, "/admin/v1/poses", "")
		before := staff(t, s, 200, http.MethodGet, path, "")
		if before.Text("three_ds") != "optional" || strings.Contains(all.Body, `"three_ds":"all"`) {
			t.Fatalf("something is forced: %s", all.Body)
		}
		staff(t, s, 400, http.MethodPatch, path, `{"three_ds":"never"}`, "If-Match", before.Header.Get("ETag"))
		forced := staff(t, s, 200, http.MethodPatch, path, `{"three_ds":"all"}`, "If-Match", before.Header.Get("ETag"))
		a, _ := s.Send(t, payment(charge("orderId", quoted(t.Name())), ""))
		if a.Text("status") != "SUCCESS" {
			t.Fatalf("another POS takes it without: %s", a.Body)
		}
		if d := s.Detail(t, servertest.Admin(), a.Text("paymentId")); d.POSAlias == "akbank" {
			t.Error("charged at the POS that requires 3-D Secure")
		}
		staff(t, s, 200, http.MethodPatch, path, `{"three_ds":"optional"}`, "If-Match", forced.Header.Get("ETag"))
	})
}
