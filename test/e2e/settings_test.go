package e2e_test

import (
	"net/http"
	"strings"
	"testing"

	"github.com/vezne/vezne/test/servertest"
)

func TestSettings(t *testing.T) {
	t.Parallel()
	onEachEngine(t, func(t *testing.T, s *servertest.Server) {
		const path = "/admin/v1/settings"
		before := staff(t, s, 200, http.MethodGet, path, "")
		version := before.Header.Get("ETag")
		const body = `{"name":"Demo Market 2","three_ds":"all","hosts":["127.0.0.1"],"checkout":{"frames":["https://shop.example"],"life_minutes":90}}`
		staff(t, s, 428, http.MethodPatch, path, body)
		staff(t, s, 412, http.MethodPatch, path, body, "If-Match", `"99"`)
		after := staff(t, s, 200, http.MethodPatch, path, body, "If-Match", version)
		staff(t, s, 412, http.MethodPatch, path, body, "If-Match", version)
		if read := staff(t, s, 200, http.MethodGet, path, ""); read.Body != after.Body ||
			!strings.Contains(read.Body, `"life_minutes":90`) {
			t.Errorf("read %s, changed %s", read.Body, after.Body)
		}
		if d := chosen(t, s, `{"amount":100,"currency":"TRY"}`); len(d) == 0 {
			t.Error("the dry run finds nothing")
		}
		if a := staff(t, s, 200, http.MethodPost, "/admin/v1/routing/dry-run", `{"amount":100,"currency":"TRY"}`); !strings.Contains(a.Body, "REQUIRES_3DS") && !strings.Contains(a.Body, `"three_ds":"`) {
			t.Errorf("3-D Secure is not forced: %s", a.Body)
		}
		record := staff(t, s, 200, http.MethodGet, "/admin/v1/audit?action=settings.update", "")
		if !strings.Contains(record.Body, `"name":"Demo Market"`) || !strings.Contains(record.Body, `"three_ds":"optional"`) {
			t.Errorf("audit: %s", record.Body)
		}
		for _, wrong := range []string{
			`{"name":""}`, `{"three_ds":"x"}`, `{"hosts":["a b"]}`, `{"hosts":"shop.example"}`, `{"half_secure":1}`,
			`{"checkout":{"frames":["*"]}}`, `{"checkout":{"life_minutes":0}}`, `{"checkout":[]}`,
		} {
			a := staff(t, s, 400, http.MethodPatch, path, wrong, "If-Match", after.Header.Get("ETag"))
			if !strings.Contains(a.Body, `"field":"`) {
				t.Errorf("%s: %s", wrong, a.Body)
			}
		}
		other, _ := s.Send(t, servertest.Request{Method: http.MethodGet, Path: path, As: servertest.OtherAdmin()})
		if !strings.Contains(other.Body, "Other Market") {
			t.Errorf("another merchant's: %s", other.Body)
		}
	})
}
