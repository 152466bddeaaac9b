package admin_test

import (
	"net/http"
	"strings"
	"testing"
)

// TestPerson holds that what is about somebody's own password, second factor and
// sessions is no token's business, whatever its role may do.
func TestPerson(t *testing.T) {
	t.Parallel()
	for request, body := range map[string]string{
		"DELETE /admin/v1/session":       "",
		"GET /admin/v1/me/sessions":      "",
		"DELETE /admin/v1/me/sessions/1": "",
		"POST /admin/v1/me/password":     `{"current":"old words of mine","password":"new words of mine"}`,
		"POST /admin/v1/me/totp/confirm": `{"code":"123456"}`,
		"POST /admin/v1/me/totp/remove":  `{"current":"words of mine"}`,
	} {
		t.Run(request, func(t *testing.T) {
			t.Parallel()
			method, path, _ := strings.Cut(request, " ")
			w := change(t, newHandler(t), method, path, body, "")
			if w.Code != http.StatusForbidden || !strings.Contains(w.Body.String(), `"code":"FORBIDDEN"`) {
				t.Errorf("answer = %d %s", w.Code, w.Body)
			}
		})
	}
}
