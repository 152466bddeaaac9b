package app_test

import (
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/vezne/vezne/internal/app"
)

func TestReady(t *testing.T) {
	t.Parallel()
	down := errors.New("dial postgres://vezne:hunter-2@db: refused")
	for name, tt := range map[string]struct {
		err      error
		draining bool
		want     int
	}{
		"database_that_answers_is_ready":     {nil, false, http.StatusOK},
		"database_that_is_down_is_not":       {down, false, http.StatusServiceUnavailable},
		"node_that_drains_wants_no_new_work": {nil, true, http.StatusServiceUnavailable},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := httptest.NewRecorder()
			r := httptest.NewRequestWithContext(t.Context(), http.MethodGet, "/readyz", nil)
			app.ReadyHandler(func(context.Context) error { return tt.err }, tt.draining).ServeHTTP(w, r)
			if w.Code != tt.want {
				t.Errorf("status %d, want %d", w.Code, tt.want)
			}
			if strings.Contains(w.Body.String(), "hunter-2") {
				t.Error("the cause is shown to strangers")
			}
		})
	}
}
