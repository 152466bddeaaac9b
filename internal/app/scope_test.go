package app_test

import (
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/go-json-experiment/json"
)

// send sends a request with headers, in pairs, and returns the status and the members
// of the answer.
func (s *server) send(t *testing.T, method, path, body string, headers ...string) (int, map[string]any) {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), method, s.url+path, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Content-Type", "application/json")
	for i := 0; i+1 < len(headers); i += 2 {
		r.Header.Set(headers[i], headers[i+1])
	}
	answer, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = answer.Body.Close() }()
	sent, err := io.ReadAll(answer.Body)
	if err != nil {
		t.Fatal(err)
	}
	var members map[string]any
	if len(sent) > 0 {
		if err := json.Unmarshal(sent, &members); err != nil {
			t.Fatalf("%s: %v", sent, err)
		}
	}
	return answer.StatusCode, members
}

// text returns a member of an answer that must be a text.
func text(t *testing.T, members map[string]any, name string) string {
	t.Helper()
	s, ok := members[name].(string)
	if !ok {
		t.Fatalf("%s is missing: %v", name, members)
	}
	return s
}

// TestScopes holds that a developer, who may not refund, has no key that can.
func TestScopes(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	s := startDemo(t, load(t, dir, nil), dir)
	owner := []string{"Authorization", "Bearer demo-admin-token"}
	_, token := s.send(t, http.MethodPost, "/admin/v1/tokens", `{"name":"dev","role":"developer"}`, owner...)
	developer := []string{"Authorization", "Bearer " + text(t, token, "token")}
	key := func(t *testing.T, by []string, body string) []string {
		t.Helper()
		status, made := s.send(t, http.MethodPost, "/admin/v1/credentials", body, by...)
		if status != http.StatusCreated {
			t.Fatalf("%s: status %d, %v", body, status, made)
		}
		return []string{"X-Api-Key", text(t, made, "key"), "X-Api-Secret", text(t, made, "secret")}
	}
	demo := []string{"X-Api-Key", "api-key", "X-Api-Secret", "secret-key"}
	status, paid := s.send(t, http.MethodPost, "/api/payment", readmeBody(t), demo...)
	if status != http.StatusOK {
		t.Fatalf("status %d: %v", status, paid)
	}
	payment := text(t, paid, "paymentId")
	one := "/api/payment/" + payment
	// routes are all of the gateway API, with the scopes of which one is needed. What is
	// sent is wrong but for that, and no bank hears of it.
	routes := []struct{ method, path, scopes string }{
		{http.MethodPost, "/api/payment", "pay"}, {http.MethodPost, "/api/pre-authorization", "pay"},
		{http.MethodPost, "/api/pre-authorization/" + payment + "/capture", "pay"},
		{http.MethodPost, one + "/refund", "refund"}, {http.MethodPost, one + "/void", "refund"},
		{http.MethodPost, "/api/3ds", "pay"},
		{http.MethodPost, "/api/3ds/" + payment + "/complete", "pay"},
		{http.MethodPost, "/api/installment-options", "pay read"}, {http.MethodPost, "/api/checkout", "pay"},
		{http.MethodGet, "/api/checkout/0193b5a0-0000-7000-8000-000000000000", "read"},
		{http.MethodGet, one, "read"}, {http.MethodGet, "/api/payments", "read"},
	}
	for scopes, has := range map[string][]string{
		`"pay"`: {"pay"}, `"read"`: {"read"}, `"refund"`: {"refund"}, `"pay","refund"`: {"pay", "refund"},
	} {
		t.Run(strings.Join(has, "_and_"), func(t *testing.T) {
			as := key(t, owner, `{"name":"`+strings.Join(has, " ")+`","scopes":[`+scopes+`]}`)
			for _, r := range routes {
				body := ""
				if r.method == http.MethodPost {
					body = `{`
				}
				want := true
				for _, scope := range has {
					want = want && !strings.Contains(r.scopes, scope)
				}
				status, got := s.send(t, r.method, r.path, body, as...)
				if refused := status == http.StatusForbidden && got["resultCode"] == "FORBIDDEN"; refused != want {
					t.Errorf("%s %s: status %d, %v; want refused %t", r.method, r.path, status, got["resultCode"], want)
				}
			}
		})
	}
	t.Run("a_developers_key_pays_and_reads_and_does_not_refund", func(t *testing.T) {
		as := key(t, developer, `{"name":"developers"}`)
		for _, path := range []string{one + "/refund", one + "/void"} {
			if status, got := s.send(t, http.MethodPost, path, `{}`, as...); status != http.StatusForbidden {
				t.Errorf("%s: status %d, %v", path, status, got)
			}
		}
		if status, got := s.send(t, http.MethodGet, one, "", as...); status != http.StatusOK || got["refundedAmount"] != 0.0 {
			t.Errorf("status %d, %v", status, got)
		}
	})
	t.Run("nor_does_one_that_is_asked_for_or_taken_over", func(t *testing.T) {
		for path, body := range map[string]string{
			"/admin/v1/credentials":          `{"name":"wide","scopes":["refund"]}`,
			"/admin/v1/credentials/1/rotate": `{"until":"2099-01-01T00:00:00Z"}`,
		} {
			status, got := s.send(t, http.MethodPost, path, body, developer...)
			if path == "/admin/v1/credentials" && (status != http.StatusForbidden || got["code"] != "FORBIDDEN") {
				t.Errorf("%s: status %d, %v", path, status, got)
			}
			if status < http.StatusBadRequest {
				t.Errorf("%s: status %d, %v", path, status, got)
			}
		}
	})
	t.Run("unknown_scopes_are_refused", func(t *testing.T) {
		for _, scopes := range []string{`["all"]`, `[]`, `"pay"`} {
			body := `{"name":"x","scopes":` + scopes + `}`
			status, got := s.send(t, http.MethodPost, "/admin/v1/credentials", body, owner...)
			if status != http.StatusBadRequest {
				t.Errorf("%s: status %d, %v", scopes, status, got)
			}
		}
	})
	t.Run("the_demos_own_keys_have_all", func(t *testing.T) {
		_, list := s.send(t, http.MethodGet, "/admin/v1/credentials/1", "", owner...)
		if scopes, ok := list["scopes"].([]any); !ok || len(scopes) != 3 {
			t.Errorf("scopes %v", list["scopes"])
		}
		if status, got := s.send(t, http.MethodPost, one+"/refund", `{}`, demo...); status != http.StatusOK {
			t.Errorf("status %d, %v", status, got)
		}
	})
}
