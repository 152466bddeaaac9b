package pages_test

import (
	"compress/gzip"
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
	h := pages.Docs(newKit(t), api.Documents, "https://pay.example.com/")
	const page, plain, yaml = "text/html; charset=utf-8", "text/plain; charset=utf-8", "application/yaml; charset=utf-8"
	tests := map[string]struct {
		method, path string
		status       int
		mediaType    string
		part         string
	}{
		"page":                {"GET", "/docs", 200, page, `<a href="/docs/gateway">Vezne gateway API</a>`},
		"page_with_slash":     {"GET", "/docs/", 200, page, `<a href="/docs/admin.yaml">admin.yaml</a>`},
		"reference":           {"GET", "/docs/gateway", 200, page, "curl -X POST &#39;https://pay.example.com/api/payment&#39;"},
		"reference_and_slash": {"GET", "/docs/admin/", 200, page, "<h1>Vezne admin API</h1>"},
		"head_of_a_reference": {"HEAD", "/docs/admin", 200, page, ""},
		"gateway":             {"GET", "/docs/gateway.yaml", 200, yaml, "/api/pre-authorization/{paymentId}/capture"},
		"admin":               {"HEAD", "/docs/admin.yaml", 200, yaml, ""},
		"unknown_document":    {"GET", "/docs/embed.go", 404, plain, ""},
		"unknown_file":        {"GET", "/docs/other.yaml", 404, plain, ""},
		"page_is_only_read":   {"POST", "/docs", 405, plain, ""},
		"nothing_is_climbed":  {"GET", "/docs/..%2f..%2fgo.mod", 404, plain, ""},
		"nor_for_documents":   {"GET", "/docs/../api/gateway.yaml", 404, plain, ""},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := httptest.NewRecorder()
			h.ServeHTTP(w, httptest.NewRequestWithContext(t.Context(), tt.method, tt.path, http.NoBody))
			if w.Code != tt.status || w.Header().Get("Content-Type") != tt.mediaType ||
				!strings.Contains(w.Body.String(), tt.part) {
				t.Errorf("answer = %d %v", w.Code, w.Header())
			}
			if w.Header().Get("X-Request-Id") == "" {
				t.Error("no request id")
			}
			if policy := w.Header().Get("Content-Security-Policy"); w.Code == 200 &&
				!strings.HasPrefix(policy, "default-src 'none'; ") {
				t.Errorf("policy = %q", policy)
			}
			if allow := w.Header().Get("Allow"); w.Code == 405 && allow != "GET, HEAD" {
				t.Errorf("allow = %q", allow)
			}
		})
	}
}

// TestDocsCompressed holds the compressed page to the plain one.
func TestDocsCompressed(t *testing.T) {
	t.Parallel()
	h := pages.Docs(newKit(t), api.Documents, "http://127.0.0.1:8080")
	get := func(encoding string) *httptest.ResponseRecorder {
		r := httptest.NewRequestWithContext(t.Context(), http.MethodGet, "/docs/admin", http.NoBody)
		r.Header.Set("Accept-Encoding", encoding)
		w := httptest.NewRecorder()
		h.ServeHTTP(w, r)
		if w.Header().Get("Content-Encoding") != encoding || w.Header().Get("Vary") != "Accept-Encoding" {
			t.Errorf("headers for %q = %v", encoding, w.Header())
		}
		return w
	}
	packed, plain := get("gzip"), get("")
	if packed.Body.Len() > plain.Body.Len()/5 {
		t.Errorf("%d bytes became %d", plain.Body.Len(), packed.Body.Len())
	}
	unpacked, err := gzip.NewReader(packed.Body)
	if err != nil {
		t.Fatal(err)
	}
	text, err := io.ReadAll(unpacked)
	if err != nil || string(text) != plain.Body.String() {
		t.Errorf("the compressed page differs: %v", err)
	}
}

// TestDocsBroken holds what a mistake in a document does: no page, and the cause
// in the log alone.
func TestDocsBroken(t *testing.T) {
	t.Parallel()
	h := pages.Docs(newKit(t), fstest.MapFS{"x.yaml": {Data: []byte("openapi: 3.0.3\n")}}, "")
	w := httptest.NewRecorder()
	h.ServeHTTP(w, httptest.NewRequestWithContext(t.Context(), http.MethodGet, "/docs", http.NoBody))
	if w.Code != http.StatusInternalServerError || w.Body.String() != "Internal Server Error\n" {
		t.Errorf("answer = %d %s", w.Code, w.Body)
	}
}
