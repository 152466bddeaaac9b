package admin_test

import (
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/vezne/vezne/internal/httpapi/admin"
	"github.com/vezne/vezne/internal/httpapi/kit"
)

// TestLimit holds that a token has a budget of requests of its own: another
// merchant's token of the same name has another one.
func TestLimit(t *testing.T) {
	t.Parallel()
	h := newHandlerOf(t, kit.Limits{Requests: 1}, func(*admin.Services) {})
	ask := func(token string) *httptest.ResponseRecorder {
		r := httptest.NewRequestWithContext(t.Context(), http.MethodGet,
			"http://vezne.test/admin/v1/payments/"+paymentID, http.NoBody)
		r.Header.Set("Authorization", "Bearer "+token)
		w := httptest.NewRecorder()
		h.ServeHTTP(w, r)
		return w
	}
	for n := range 2 { // the burst
		if w := ask("demo-admin-token"); w.Code != http.StatusOK {
			t.Fatalf("request %d: %d %s", n+1, w.Code, w.Body)
		}
	}
	if w := ask("demo-admin-token"); w.Code != http.StatusTooManyRequests || w.Header().Get("Retry-After") != "1" {
		t.Errorf("one request too many: %d, after %q: %s", w.Code, w.Header().Get("Retry-After"), w.Body)
	}
	if w := ask("other-admin-token"); w.Code != http.StatusNotFound {
		t.Errorf("another token: %d %s", w.Code, w.Body)
	}
	if w := ask("demo-admin-token"); w.Code != http.StatusTooManyRequests {
		t.Errorf("the same token again: %d %s", w.Code, w.Body)
	}
}
