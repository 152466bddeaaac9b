package kit_test

import (
	"context"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/iotest"

	"golang.org/x/text/language"

	"github.com/vezne/vezne/internal/fault"
	"github.com/vezne/vezne/internal/httpapi/kit"
	"github.com/vezne/vezne/internal/id"
)

// uploads is a surface with a route that is streamed to and one that is not.
func uploads(t *testing.T, signed bool, work func(r *kit.Request[int]) error) http.Handler {
	t.Helper()
	handle := func(_ context.Context, r *kit.Request[int]) (kit.Response, error) {
		return kit.OK(answer{Code: "FINE"}), work(r)
	}
	streamed := kit.RawBody{MediaType: "text/csv", Max: 2 << 20, Stream: true}
	whole := kit.RawBody{MediaType: "text/csv", Max: 96 << 10}
	return kit.Handler(newKit(t, io.Discard), kit.Surface[int]{
		Keys: kit.Keys[int]{Header: "Idempotency-Key"}, Name: "test", BodySigned: signed,
		Authenticator: kit.AuthFunc[int](func(context.Context, kit.AuthRequest) (int, error) { return 7, nil }),
		Merchant:      func(p int) id.Merchant { return id.Merchant(p) },
		Form: func(f *fault.Error, _ string, _ language.Tag) kit.Response {
			return kit.Response{Body: answer{Code: f.Message}}
		},
		Language: language.English,
		Routes: []kit.Route[int]{
			{Method: http.MethodPost, Pattern: "/t/stream", Raw: &streamed, Handle: handle},
			{Method: http.MethodPost, Pattern: "/t/raw", Raw: &whole, Handle: handle},
			{Method: http.MethodPost, Pattern: "/t/json", Handle: handle},
		},
	})
}

func upload(t *testing.T, path string, length int64, body io.Reader) *http.Request {
	t.Helper()
	r := httptest.NewRequestWithContext(t.Context(), http.MethodPost, "http://vezne.test"+path, body)
	r.ContentLength = length
	r.Header.Set("Idempotency-Key", "key")
	r.Header.Set("Content-Type", "text/csv")
	if path == "/t/json" {
		r.Header.Set("Content-Type", "application/json")
	}
	return r
}

func TestStream(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		length int64
		body   io.Reader
		signed bool
		status int
		want   string
	}{
		"whole_body":             {3, strings.NewReader("abc"), false, 200, "FINE"},
		"body_read_for_a_proof":  {3, strings.NewReader("abc"), true, 200, "FINE"},
		"longer_than_it_may_be":  {-1, strings.NewReader(strings.Repeat("x", 2<<20+1)), false, 413, "the body is larger than 2 MiB"},
		"said_to_be_too_long":    {2<<20 + 1, iotest.ErrReader(errors.New("it was read")), false, 413, "the body is larger than 2 MiB"},
		"ends_early":             {-1, iotest.ErrReader(io.ErrUnexpectedEOF), false, 400, "the body ended early"},
		"caller_hangs_up_midway": {-1, io.MultiReader(strings.NewReader("abc"), iotest.ErrReader(errors.New("reset"))), false, 400, "the body ended early"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			h := uploads(t, tt.signed, func(r *kit.Request[int]) error {
				if r.Raw != nil || r.Body != nil || !r.Key.IsZero() {
					t.Error("the body was read before its route")
				}
				text, err := io.ReadAll(r.Stream)
				if err == nil && string(text) != "abc" {
					t.Errorf("read %d bytes", len(text))
				}
				return err
			})
			w := serve(t, h, upload(t, "/t/stream", tt.length, tt.body))
			if w.Code != tt.status || !strings.Contains(w.Body.String(), tt.want) {
				t.Errorf("%d %s", w.Code, w.Body)
			}
		})
	}
}

func TestEveryRouteNamesItsLimit(t *testing.T) {
	t.Parallel()
	h := uploads(t, false, func(*kit.Request[int]) error { return errors.New("nobody may come here") })
	for path, want := range map[string]string{"/t/stream": "2 MiB", "/t/raw": "96 KiB", "/t/json": "64 KiB"} {
		w := serve(t, h, upload(t, path, 3<<20, strings.NewReader("")))
		if w.Code != http.StatusRequestEntityTooLarge ||
			!strings.Contains(w.Body.String(), "the body is larger than "+want) {
			t.Errorf("%s: %d %s", path, w.Code, w.Body)
		}
	}
}
