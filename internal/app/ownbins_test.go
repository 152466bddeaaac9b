package app_test

import (
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/vezne/vezne/test/wait"
)

// admin is one call of the admin API with a token; a body is a CSV file.
func (s *server) admin(t *testing.T, token, method, path, body string) (int, string) {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), method, s.url+path, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Authorization", "Bearer "+token)
	if body != "" {
		r.Header.Set("Content-Type", "text/csv")
	}
	answer, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = answer.Body.Close() }()
	text, err := io.ReadAll(answer.Body)
	if err != nil {
		t.Fatal(err)
	}
	return answer.StatusCode, string(text)
}

// TestBINsOfAMerchantAreItsOwn imports a row as merchant 2 for cards that merchant 1
// offers installments.
func TestBINsOfAMerchantAreItsOwn(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	s := startDemo(t, load(t, dir, nil), dir)
	const demo, other, row = "demo-admin-token", "other-admin-token", "/admin/v1/bins/542119"
	_, before := s.admin(t, demo, http.MethodGet, row, "")
	contains(t, before, `"program":"Axess"`, `"own":false`)
	status, answer := s.admin(t, other, http.MethodPost, "/admin/v1/bins/import",
		"prefix,scheme,type\n542119,MASTERCARD,DEBIT\n")
	contains(t, answer, `"imported":1`)
	if status != http.StatusOK {
		t.Fatalf("import: %d", status)
	}
	wait.Until(t, "the row of its own", func() bool {
		_, got := s.admin(t, other, http.MethodGet, row, "")
		return strings.Contains(got, `"own":true`) && strings.Contains(got, `"program":null`)
	})
	if _, after := s.admin(t, demo, http.MethodGet, row, ""); after != before {
		t.Errorf("another merchant is told %s, was told %s", after, before)
	}
	const imports = "/admin/v1/audit?action=bins.import"
	_, log := s.admin(t, other, http.MethodGet, imports, "")
	contains(t, log, `"prefixes":["542119"]`)
	if _, log := s.admin(t, demo, http.MethodGet, imports, ""); strings.Contains(log, "542119") {
		t.Errorf("another merchant's log has it: %s", log)
	}
	if status, answer := s.admin(t, demo, http.MethodDelete, row, ""); status != http.StatusNotFound {
		t.Errorf("another merchant removes it: %d %s", status, answer)
	}
	if status, answer := s.admin(t, other, http.MethodDelete, row, ""); status != http.StatusNoContent {
		t.Errorf("remove: %d %s", status, answer)
	}
	wait.Until(t, "the row that all share", func() bool {
		_, got := s.admin(t, other, http.MethodGet, row, "")
		return strings.Contains(got, `"own":false`)
	})
}
