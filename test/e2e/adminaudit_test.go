package e2e_test

import (
	"bytes"
	"net/http"
	"path/filepath"
	"strings"
	"testing"

	"github.com/vezne/vezne/internal/cli"
	"github.com/vezne/vezne/test/servertest"
)

func TestAdminAudit(t *testing.T) {
	t.Parallel()
	onEachEngine(t, func(t *testing.T, s *servertest.Server) {
		c := staff(t, s, 201, http.MethodPost, "/admin/v1/credentials", `{"name":"audited"}`)
		staff(t, s, 201, http.MethodPut, "/admin/v1/poses/audited", `{"connector":"sandbox","currencies":["TRY"],"settings":{"key":"quietvalue"}}`)
		type record struct {
			Actor   string  `json:"actor"`
			Action  string  `json:"action"`
			Address *string `json:"address"`
		}
		search := func(query string) ([]record, servertest.Answer) {
			a := staff(t, s, 200, http.MethodGet, "/admin/v1/audit?"+query, "")
			return member[[]record](t, a, "records"), a
		}
		t.Run("tells_who_did_what_from_where", func(t *testing.T) {
			all, a := search("actor=admin:demo")
			if len(all) != 2 || all[0].Action != "pos.create" || all[1].Action != "credential.create" ||
				all[0].Address == nil || *all[0].Address != "127.0.0.1" {
				t.Errorf("audit: %s", a.Body)
			}
			if strings.Contains(a.Body, c.Text("secret")) || strings.Contains(a.Body, "quietvalue") {
				t.Error("the audit log holds a secret")
			}
		})
		t.Run("is_read_in_pages", func(t *testing.T) {
			first, a := search("limit=1")
			second, _ := search("limit=1&cursor=" + a.Text("next"))
			if len(first) != 1 || len(second) != 1 || first[0] == second[0] {
				t.Errorf("pages %v and %v", first, second)
			}
			if none, _ := search("action=nothing"); len(none) != 0 {
				t.Errorf("found %v", none)
			}
			staff(t, s, 400, http.MethodGet, "/admin/v1/audit?cursor=x", "")
		})
		t.Run("is_not_another_merchants", func(t *testing.T) {
			a, ok := s.Send(t, servertest.Request{Method: http.MethodGet, Path: "/admin/v1/audit?actor=admin:demo", As: servertest.OtherAdmin()})
			if !ok || string(a.Members["records"]) != "[]" {
				t.Errorf("audit: %s", a.Body)
			}
		})
		t.Run("is_verified_beside_a_running_server", func(t *testing.T) {
			var out, errs bytes.Buffer
			if code := cli.Run(t.Context(), []string{"audit", "verify", "--database", s.DSN, "--keyset", filepath.Join(s.Dir, "keyset.json")}, cli.World{Stdout: &out, Stderr: &errs}); code != 0 {
				t.Errorf("exit code %d: %s%s", code, out.String(), errs.String())
			}
		})
	})
}
