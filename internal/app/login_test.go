package app_test

import (
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/vezne/vezne/test/wait"
)

// from sends a request to the admin API for somebody behind a proxy on this machine.
func (s *server) from(t *testing.T, client, method, path, body string) (int, string) {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), method, s.url+path, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Content-Type", "application/json")
	r.Header.Set("X-Forwarded-For", client)
	if method == http.MethodGet {
		r.Header.Set("Authorization", "Bearer demo-admin-token")
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

// TestLogin_behind_a_proxy holds that limits, audit records and stored logins are about
// the client that the proxy names, and that a stranger shuts nobody out.
func TestLogin_behind_a_proxy(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	s := startDemo(t, load(t, dir, nil), dir)
	login := func(client, email, password string) int {
		t.Helper()
		body := `{"email":"` + email + `","password":"` + password + `"}`
		status, _ := s.from(t, client, http.MethodPost, "/admin/v1/session", body)
		return status
	}
	const admin, right = "admin@demo.vezne.dev", "demo-password-1"
	for range 5 {
		if status := login("198.51.100.1", admin, "wrong horse!"); status != http.StatusUnauthorized {
			t.Fatalf("a wrong login is %d", status)
		}
	}
	if status := login("198.51.100.1", admin, right); status != http.StatusTooManyRequests {
		t.Errorf("the stranger's next login is %d", status)
	}
	if status := login("203.0.113.7", admin, right); status != http.StatusOK {
		t.Errorf("the owner's login is %d", status)
	}
	_, text := s.from(t, "203.0.113.7", http.MethodGet, "/admin/v1/audit", "")
	contains(t, text, `"203.0.113.7"`, "user.login")
	wait.Until(t, "the wrong logins in the audit log", func() bool {
		_, text = s.from(t, "203.0.113.7", http.MethodGet, "/admin/v1/audit", "")
		return strings.Contains(text, "user.login_refused") && strings.Contains(text, `"198.51.100.1"`)
	})
}
