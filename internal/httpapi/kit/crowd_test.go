package kit_test

import (
	"context"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"sync"
	"testing"
	"time"

	"golang.org/x/text/language"

	"github.com/vezne/vezne/internal/clock"
	"github.com/vezne/vezne/internal/fault"
	"github.com/vezne/vezne/internal/httpapi/kit"
	"github.com/vezne/vezne/internal/id"
	"github.com/vezne/vezne/internal/secret"
)

// TestLimits_of_a_crowd sends 200 requests at once and counts what the limits let
// through.
func TestLimits_of_a_crowd(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		key    string
		status int
		want   int
	}{
		"failed_authentications_of_one_address": {"wrong", http.StatusUnauthorized, 3},
		"requests_of_one_credential":            {"a", http.StatusOK, 4},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			h := guarded(t, clock.NewManual(time.Date(2026, 11, 20, 12, 0, 0, 0, time.UTC)), nil)
			var statuses [200]int
			var together sync.WaitGroup
			for i := range statuses {
				together.Go(func() {
					r := httptest.NewRequestWithContext(t.Context(), http.MethodGet, "/t/things", nil)
					r.RemoteAddr = "192.0.2.1:1000"
					r.Header.Set("X-Api-Key", tt.key)
					statuses[i] = serve(t, h, r).Code
				})
			}
			together.Wait()
			got := make(map[int]int)
			for _, status := range statuses {
				got[status]++
			}
			if got[tt.status] != tt.want || got[tt.status]+got[http.StatusTooManyRequests] != len(statuses) {
				t.Errorf("answers = %v, want %d of %d", got, tt.want, tt.status)
			}
		})
	}
}

// TestClient_of_a_request holds that what a route and an authenticator hear of the
// caller's address is what the proxies say.
func TestClient_of_a_request(t *testing.T) {
	t.Parallel()
	var proven, handled netip.Addr
	k, err := kit.New(kit.Config{
		Log: slog.New(slog.NewTextHandler(io.Discard, nil)), Clock: clock.System{}, HashKey: secret.New(make([]byte, 32)),
		Proxies: kit.Proxies{netip.MustParsePrefix("10.0.0.0/8")},
	})
	if err != nil {
		t.Fatal(err)
	}
	h := kit.Handler(k, kit.Surface[int]{
		Name: "test", Form: form, Language: language.English, Merchant: func(int) id.Merchant { return 1 },
		Authenticator: kit.AuthFunc[int](func(_ context.Context, r kit.AuthRequest) (int, error) {
			proven = r.Client
			return 1, nil
		}),
		Routes: []kit.Route[int]{{
			Method: http.MethodGet, Pattern: "/t/things",
			Handle: func(_ context.Context, r *kit.Request[int]) (kit.Response, error) {
				handled = r.Client()
				return kit.OK(answer{}), nil
			},
		}},
	})
	for peer, want := range map[string]string{"10.0.0.1:1": "203.0.113.9", "192.0.2.1:1": "192.0.2.1"} {
		r := httptest.NewRequestWithContext(t.Context(), http.MethodGet, "/t/things", nil)
		r.RemoteAddr = peer
		r.Header.Set("X-Forwarded-For", "192.0.2.77, 203.0.113.9")
		if serve(t, h, r); proven.String() != want || handled != proven {
			t.Errorf("from %s: proven %s, handled %s, want %s", peer, proven, handled, want)
		}
	}
}

// TestStops holds that work for one caller alone ends when that caller hangs up, and
// that other work goes on.
func TestStops(t *testing.T) {
	t.Parallel()
	for stops, want := range map[bool]error{true: context.Canceled, false: nil} {
		var got error
		h := kit.Handler(newKit(t, io.Discard), kit.Surface[int]{
			Name: "test", Form: form, Language: language.English, Merchant: func(int) id.Merchant { return 1 },
			Authenticator: kit.AuthFunc[int](func(context.Context, kit.AuthRequest) (int, error) { return 1, nil }),
			Routes: []kit.Route[int]{{
				Method: http.MethodPost, Pattern: "/t/things", Stops: stops,
				Handle: func(ctx context.Context, _ *kit.Request[int]) (kit.Response, error) {
					got = ctx.Err()
					return kit.Response{}, fault.New(fault.Conflict, fault.NotRefundable, "no")
				},
			}},
		})
		ctx, leave := context.WithCancel(t.Context())
		leave()
		serve(t, h, newRequest(t, http.MethodPost, "/t/things", "{}").WithContext(ctx))
		if got != want { //nolint:errorlint // exactly these
			t.Errorf("stops %t: the work's context ended with %v, want %v", stops, got, want)
		}
	}
}
