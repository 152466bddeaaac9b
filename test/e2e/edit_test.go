package e2e_test

import (
	"net/http"
	"strings"
	"testing"

	"github.com/go-json-experiment/json/jsontext"

	"github.com/vezne/vezne/test/servertest"
)

// editable is something that people change by PATCH.
type editable struct {
	name, path string
	// change and again are two different edits, action is what the audit log calls them.
	change, again, action string
	// field is what they change.
	field string
}

// editables makes one of each and returns them.
func editables(t *testing.T, s *servertest.Server) []editable {
	t.Helper()
	staff(t, s, 201, http.MethodPut, "/admin/v1/poses/edited", `{"connector":"sandbox","currencies":["TRY"],"settings":{"key":"quietsealedvalue"}}`)
	staff(t, s, 200, http.MethodPut, "/admin/v1/plans/edited:*:1", `{"commission_rate":1.5,"customer_rate":0}`)
	staff(t, s, 200, http.MethodPut, "/admin/v1/rules/edited", `{"targets":[{"pos":"teb"}],"active":false}`)
	credential := staff(t, s, 201, http.MethodPost, "/admin/v1/credentials", `{"name":"edited"}`)
	invited := member[struct {
		ID int64 `json:"id"`
	}](t, staff(t, s, 201, http.MethodPost, "/admin/v1/team", `{"email":"edited@shop.example","name":"Edited","role":"viewer"}`), "user")
	return []editable{
		{"settings", "/admin/v1/settings", `{"name":"One"}`, `{"name":"Two"}`, "settings.update", "name"},
		{"POS", "/admin/v1/poses/edited", `{"name":"One","settings":{"key":"othersealedvalue"}}`, `{"name":"Two"}`, "pos.update", "name"},
		{"plan", "/admin/v1/plans/edited:*:1", `{"customer_rate":1}`, `{"customer_rate":2}`, "plan.save", "customer_rate"},
		{"rule", "/admin/v1/rules/edited", `{"position":7}`, `{"position":8}`, "rule.save", "position"},
		{"credential", "/admin/v1/credentials/" + string(credential.Members["id"]), `{"name":"one"}`, `{"name":"two"}`, "credential.rename", "name"},
		{"endpoint", "/admin/v1/webhook-endpoints/1", `{"description":"One"}`, `{"description":"Two"}`, "webhook_endpoint.update", "description"},
		{"user", "/admin/v1/team/" + number(invited.ID), `{"name":"One"}`, `{"name":"Two"}`, "user.update", "name"},
	}
}

func TestEdits(t *testing.T) {
	t.Parallel()
	onEachEngine(t, func(t *testing.T, s *servertest.Server) {
		for _, e := range editables(t, s) {
			t.Run(e.name, func(t *testing.T) { testEdit(t, s, e) })
		}
		t.Run("put_and_delete_of_a_stale_version_are_refused", func(t *testing.T) {
			for path, body := range map[string]string{
				"/admin/v1/plans/edited:*:1": `{"commission_rate":1.5,"customer_rate":3}`, "/admin/v1/rules/edited": `{"targets":[{"pos":"qnb"}],"active":false}`,
			} {
				stale := staff(t, s, 200, http.MethodGet, path, "").Header.Get("ETag")
				fresh := staff(t, s, 200, http.MethodPut, path, body, "If-Match", stale).Header.Get("ETag")
				staff(t, s, 412, http.MethodPut, path, body, "If-Match", stale)
				staff(t, s, 412, http.MethodDelete, path, "", "If-Match", stale)
				staff(t, s, 204, http.MethodDelete, path, "", "If-Match", fresh)
				staff(t, s, 404, http.MethodGet, path, "")
			}
		})
	})
}

// testEdit holds that an edit says which version it is of, and leaves before and
// after in the audit log.
func testEdit(t *testing.T, s *servertest.Server, e editable) {
	stale := staff(t, s, 200, http.MethodGet, e.path, "").Header.Get("ETag")
	if stale == "" {
		t.Fatal("no ETag")
	}
	if a := staff(t, s, 428, http.MethodPatch, e.path, e.change); a.Text("code") != "VERSION_REQUIRED" {
		t.Errorf("without If-Match: %s", a.Body)
	}
	fresh := staff(t, s, 200, http.MethodPatch, e.path, e.change, "If-Match", stale)
	if a := staff(t, s, 412, http.MethodPatch, e.path, e.again, "If-Match", stale); a.Text("code") != "VERSION_MISMATCH" {
		t.Errorf("stale If-Match: %s", a.Body)
	}
	last := staff(t, s, 200, http.MethodPatch, e.path, e.again, "If-Match", fresh.Header.Get("ETag"))
	read := staff(t, s, 200, http.MethodGet, e.path, "")
	if read.Header.Get("ETag") != last.Header.Get("ETag") || read.Body != last.Body {
		t.Errorf("read %s %s, answered %s %s", read.Header.Get("ETag"), read.Body, last.Header.Get("ETag"), last.Body)
	}
	log := staff(t, s, 200, http.MethodGet, "/admin/v1/audit?limit=2&action="+e.action, "")
	if strings.Contains(log.Body, "sealedvalue") {
		t.Error("the audit log holds a secret")
	}
	records := member[[]struct {
		Detail struct {
			Before map[string]jsontext.Value `json:"before"`
			After  map[string]jsontext.Value `json:"after"`
		} `json:"detail"`
	}](t, log, "records")
	if len(records) != 2 {
		t.Fatalf("audit: %s", log.Body)
	}
	for i, r := range records {
		before, after := string(r.Detail.Before[e.field]), string(r.Detail.After[e.field])
		if before == "" || after == "" || before == after {
			t.Errorf("record %d tells %q before and %q after: %s", i, before, after, log.Body)
		}
	}
	if got, want := string(records[0].Detail.Before[e.field]), string(records[1].Detail.After[e.field]); got != want {
		t.Errorf("the second edit began at %s, the first ended at %s", got, want)
	}
}
