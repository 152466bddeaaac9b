package pages_test

import (
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"github.com/vezne/vezne/api"
	"github.com/vezne/vezne/internal/clock"
	"github.com/vezne/vezne/internal/httpapi/kit"
	"github.com/vezne/vezne/internal/httpapi/pages"
	"github.com/vezne/vezne/internal/secret"
)

func newKit(t *testing.T) *kit.Kit {
	t.Helper()
	k, err := kit.New(kit.Config{
		Log:   slog.New(slog.NewTextHandler(io.Discard, nil)),
		Clock: clock.NewManual(time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)), HashKey: secret.New(make([]byte, 32)),
	})
	if err != nil {
		t.Fatal(err)
	}
	return k
}

func TestDocs(t *testing.T) {
	t.Parallel()
	h, err := pages.Docs(newKit(t), api.Documents)
	if err != nil {
		t.Fatal(err)
	}
	tests := map[string]struct {
		method, path string
		status       int
		mediaType    string
		part         string
	}{
		"page":               {"GET", "/docs", 200, "text/html; charset=utf-8", `<a href="/docs/gateway.yaml">Vezne gateway API</a>`},
		"page_with_slash":    {"GET", "/docs/", 200, "text/html; charset=utf-8", `<a href="/docs/admin.yaml">Vezne admin API</a>`},
		"gateway":            {"GET", "/docs/gateway.yaml", 200, "application/yaml; charset=utf-8", "/api/pre-authorization/{paymentId}/capture"},
		"admin":              {"HEAD", "/docs/admin.yaml", 200, "application/yaml; charset=utf-8", ""},
		"unknown_document":   {"GET", "/docs/embed.go", 404, "text/plain; charset=utf-8", ""},
		"page_is_only_read":  {"POST", "/docs", 405, "text/plain; charset=utf-8", ""},
		"nothing_is_climbed": {"GET", "/docs/..%2f..%2fgo.mod", 404, "text/plain; charset=utf-8", ""},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := httptest.NewRecorder()
			h.ServeHTTP(w, httptest.NewRequestWithContext(t.Context(), tt.method, tt.path, http.NoBody))
			if w.Code != tt.status || w.Header().Get("Content-Type") != tt.mediaType || !strings.Contains(w.Body.String(), tt.part) {
				t.Errorf("answer = %d %v", w.Code, w.Header())
			}
			if w.Header().Get("X-Request-Id") == "" {
				t.Error("no request id")
			}
		})
	}
}

func TestDocsWithoutTitle(t *testing.T) {
	t.Parallel()
	if _, err := pages.Docs(newKit(t), fstest.MapFS{"x.yaml": {Data: []byte("openapi: 3.0.3\n")}}); err == nil {
		t.Error("a document without a title is served")
	}
}
