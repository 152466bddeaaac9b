package kit_test

import (
	"context"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"golang.org/x/text/language"

	"github.com/vezne/vezne/internal/clock"
	"github.com/vezne/vezne/internal/fault"
	"github.com/vezne/vezne/internal/httpapi/kit"
	"github.com/vezne/vezne/internal/id"
	"github.com/vezne/vezne/internal/limit"
	"github.com/vezne/vezne/internal/secret"
)

// guarded is a surface that knows the keys "a" and "b" and has small limits.
func guarded(t *testing.T, now clock.Clock, shared limit.Shared) http.Handler {
	t.Helper()
	k, err := kit.New(kit.Config{
		Log: slog.New(slog.NewTextHandler(io.Discard, nil)), Clock: now, HashKey: secret.New(make([]byte, 32)),
		Limits: kit.Limits{Failures: 3, Requests: 2, Shared: shared},
	})
	if err != nil {
		t.Fatal(err)
	}
	return kit.Handler(k, kit.Surface[string]{
		Name: "test",
		Authenticator: kit.AuthFunc[string](func(_ context.Context, r kit.AuthRequest) (string, error) {
			if key := r.Header.Get("X-Api-Key"); key == "a" || key == "b" {
				return key, nil
			}
			return "", fault.New(fault.Unauthenticated, fault.Unauthorized, "wrong")
		}),
		Merchant:   func(string) id.Merchant { return 1 },
		Credential: func(key string) string { return key },
		Form:       form,
		Language:   language.English,
		Routes: []kit.Route[string]{{Method: http.MethodGet, Pattern: "/t/things", Handle: func(context.Context, *kit.Request[string]) (kit.Response, error) {
			return kit.Response{Body: answer{Code: "OK"}}, nil
		}}},
	})
}

func TestLimits(t *testing.T) {
	t.Parallel()
	setUp := func(t *testing.T) (*clock.Manual, func(key, from string, status int, wait string)) {
		t.Helper()
		now := clock.NewManual(time.Date(2026, 11, 20, 12, 0, 0, 0, time.UTC))
		h := guarded(t, now, nil)
		return now, func(key, from string, status int, wait string) {
			t.Helper()
			r := httptest.NewRequestWithContext(t.Context(), http.MethodGet, "/t/things", nil)
			r.RemoteAddr = from
			r.Header.Set("X-Api-Key", key)
			r.Header.Set("X-Forwarded-For", "203.0.113.99") // nobody we trust said so
			w := serve(t, h, r)
			if w.Code != status || w.Header().Get("Retry-After") != wait {
				t.Fatalf("answer = %d, Retry-After %q; want %d, %q", w.Code, w.Header().Get("Retry-After"), status, wait)
			}
		}
	}
	t.Run("failures_of_one_address_are_limited_and_right_credentials_are_not", func(t *testing.T) {
		t.Parallel()
		now, send := setUp(t)
		for range 3 {
			send("wrong", "192.0.2.1:1000", 401, "")
		}
		send("wrong", "192.0.2.1:2000", 429, "20")
		send("wrong", "192.0.2.2:1000", 401, "")
		send("a", "192.0.2.1:1000", 200, "")
		now.Advance(20 * time.Second)
		send("wrong", "192.0.2.1:1000", 401, "")
	})
	t.Run("one_network_of_ipv6_is_one_address", func(t *testing.T) {
		t.Parallel()
		_, send := setUp(t)
		for _, from := range []string{"[2001:db8::1]:1", "[2001:db8::2]:1", "[2001:db8::3]:1"} {
			send("wrong", from, 401, "")
		}
		send("wrong", "[2001:db8::4]:1", 429, "20")
		send("wrong", "[2001:db8:0:1::4]:1", 401, "")
	})
	t.Run("requests_of_one_credential_are_limited", func(t *testing.T) {
		t.Parallel()
		now, send := setUp(t)
		for range 4 {
			send("a", "192.0.2.1:1", 200, "")
		}
		send("a", "192.0.2.2:1", 429, "1")
		send("b", "192.0.2.1:1", 200, "")
		now.Advance(500 * time.Millisecond)
		send("a", "192.0.2.1:1", 200, "")
	})
}

// others is what other nodes have used up.
type others map[string]time.Duration

func (o others) Take(_ context.Context, key string, _ limit.Rate) (time.Duration, error) {
	return o[key], nil
}

func (o others) Check(_ context.Context, key string, _ limit.Rate) (time.Duration, error) {
	return o[key], nil
}

func (others) Give(context.Context, string, limit.Rate) error { return nil }

func (others) Forget(context.Context, string) error { return nil }

func TestSharedLimits(t *testing.T) {
	t.Parallel()
	h := guarded(t, clock.System{}, others{"requests:a": 7 * time.Second, "failures:192.0.2.1": 9 * time.Second})
	for name, c := range map[string]struct {
		key, from, wait string
		status          int
	}{
		"requests_to_other_nodes_count":                 {key: "a", from: "192.0.2.1:1", status: 429, wait: "7"},
		"failures_at_other_nodes_count":                 {key: "wrong", from: "192.0.2.1:1", status: 429, wait: "9"},
		"other_credentials_are_not_limited":             {key: "b", from: "192.0.2.1:1", status: 200},
		"failures_from_another_address_are_not_limited": {key: "wrong", from: "192.0.2.2:1", status: 401},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := httptest.NewRequestWithContext(t.Context(), http.MethodGet, "/t/things", nil)
			r.RemoteAddr = c.from
			r.Header.Set("X-Api-Key", c.key)
			w := serve(t, h, r)
			if w.Code != c.status || w.Header().Get("Retry-After") != c.wait {
				t.Errorf("answer = %d, Retry-After %q; want %d, %q", w.Code, w.Header().Get("Retry-After"), c.status, c.wait)
			}
		})
	}
}
