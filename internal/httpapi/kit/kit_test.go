package kit_test

import (
	"bytes"
	"context"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/go-json-experiment/json"
	"golang.org/x/text/language"

	"github.com/vezne/vezne/internal/clock"
	"github.com/vezne/vezne/internal/fault"
	"github.com/vezne/vezne/internal/httpapi/kit"
	"github.com/vezne/vezne/internal/id"
	"github.com/vezne/vezne/internal/secret"
)

// syncBuffer is a log that handlers of several goroutines may write.
type syncBuffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (s *syncBuffer) Write(p []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.b.Write(p)
}

func (s *syncBuffer) String() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.b.String()
}

func newKit(t testing.TB, log io.Writer) *kit.Kit {
	t.Helper()
	k, err := kit.New(kit.Config{
		Log:     slog.New(slog.NewJSONHandler(log, nil)),
		Clock:   clock.NewManual(time.Date(2026, 11, 20, 11, 30, 0, 0, time.UTC)),
		HashKey: secret.New(make([]byte, 32)),
	})
	if err != nil {
		t.Fatal(err)
	}
	return k
}

type answer struct {
	Code string `json:"code"`
}

func form(f *fault.Error, _ string, _ language.Tag) kit.Response {
	return kit.Response{Body: answer{Code: string(f.Code)}}
}

// surface has one route to read and one to write, both of which run work.
func surface(k *kit.Kit, work func(ctx context.Context, r *kit.Request[int]) (kit.Response, error)) http.Handler {
	return kit.Handler(k, kit.Surface[int]{
		Keys:          kit.Keys[int]{Header: "Idempotency-Key"},
		Name:          "test",
		Authenticator: kit.AuthFunc[int](func(context.Context, kit.AuthRequest) (int, error) { return 7, nil }),
		Merchant:      func(p int) id.Merchant { return id.Merchant(p) },
		Form:          form,
		Language:      language.English,
		Routes: []kit.Route[int]{
			{Method: http.MethodGet, Pattern: "/t/things/{thing}", Handle: work},
			{Method: http.MethodPost, Pattern: "/t/things/{thing}", Handle: work},
		},
	})
}

func serve(t *testing.T, h http.Handler, r *http.Request) *httptest.ResponseRecorder {
	t.Helper()
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	return w
}

func newRequest(t *testing.T, method, path, body string) *http.Request {
	t.Helper()
	r := httptest.NewRequestWithContext(t.Context(), method, "http://vezne.test"+path, strings.NewReader(body))
	if method == http.MethodPost {
		r.Header.Set("Content-Type", "application/json")
	}
	return r
}

func TestLogLine(t *testing.T) {
	t.Parallel()
	var log syncBuffer
	h := surface(newKit(t, &log), func(context.Context, *kit.Request[int]) (kit.Response, error) {
		return kit.OK(answer{Code: "FINE"}), nil
	})
	r := newRequest(t, http.MethodPost, "/t/things/4111111111111111?pan=4111111111111111", `{"pan":"4111111111111111"}`)
	r.Header.Set("Idempotency-Key", "4111111111111111")
	r.Header.Set("User-Agent", "4111111111111111")
	r.Header.Set("X-Request-Id", "0198b5a0-3f5e-7c6a-9d2b-1f0c5a7e4d21")
	w := serve(t, h, r)
	var line map[string]any
	if err := json.Unmarshal([]byte(log.String()), &line); err != nil {
		t.Fatalf("log is not one line of JSON: %v\n%s", err, log.String())
	}
	for name, want := range map[string]any{
		"msg": "request", "level": "INFO", "surface": "test", "method": "POST", "route": "/t/things/{thing}",
		"status": 200.0, "bytes": float64(w.Body.Len()), "merchant_id": 7.0, "request_id": w.Header().Get("X-Request-Id"),
		"caller_request_id": "0198b5a0-3f5e-7c6a-9d2b-1f0c5a7e4d21", "duration": 0.0,
	} {
		if line[name] != want {
			t.Errorf("%s = %v, want %v", name, line[name], want)
		}
	}
	if strings.Contains(log.String(), "1111111") {
		t.Errorf("the log repeats the request: %s", log.String())
	}
}

func TestCallersRequestIDIsNeverOurs(t *testing.T) {
	t.Parallel()
	var log syncBuffer
	h := surface(newKit(t, &log), func(context.Context, *kit.Request[int]) (kit.Response, error) { return kit.OK(answer{}), nil })
	r := newRequest(t, http.MethodGet, "/t/things/1", "")
	r.Header.Set("X-Request-Id", "4111111111111111")
	w := serve(t, h, r)
	u, err := id.ParseUUID(w.Header().Get("X-Request-Id"))
	if err != nil || u[6]>>4 != 7 {
		t.Errorf("X-Request-Id = %q, want a UUID of version 7", w.Header().Get("X-Request-Id"))
	}
	if strings.Contains(log.String(), "4111") {
		t.Errorf("log = %s", log.String())
	}
}

func TestPanic(t *testing.T) {
	t.Parallel()
	var log syncBuffer
	h := surface(newKit(t, &log), func(context.Context, *kit.Request[int]) (kit.Response, error) {
		panic("card 4111111111111111")
	})
	w := serve(t, h, newRequest(t, http.MethodGet, "/t/things/1", ""))
	if w.Code != http.StatusInternalServerError || w.Body.String() != `{"code":"INTERNAL_ERROR"}` {
		t.Errorf("answer = %d %s", w.Code, w.Body)
	}
	if s := log.String(); !strings.Contains(s, "kit_test.go") || !strings.Contains(s, `"level":"ERROR"`) || strings.Contains(s, "4111") {
		t.Errorf("log = %s, want the stack and not the panic's text", s)
	}
}

func TestCauseIsLoggedAndNotSent(t *testing.T) {
	t.Parallel()
	var log syncBuffer
	h := surface(newKit(t, &log), func(context.Context, *kit.Request[int]) (kit.Response, error) {
		return kit.Response{}, errors.New("disk is full")
	})
	w := serve(t, h, newRequest(t, http.MethodGet, "/t/things/1", ""))
	if w.Body.String() != `{"code":"INTERNAL_ERROR"}` || !strings.Contains(log.String(), "disk is full") {
		t.Errorf("answer = %s, log = %s", w.Body, log.String())
	}
}

func TestUnwritableAnswerIsInternal(t *testing.T) {
	t.Parallel()
	h := surface(newKit(t, io.Discard), func(context.Context, *kit.Request[int]) (kit.Response, error) {
		return kit.OK(func() {}), nil
	})
	w := serve(t, h, newRequest(t, http.MethodGet, "/t/things/1", ""))
	if w.Code != http.StatusInternalServerError || w.Body.String() != `{"code":"INTERNAL_ERROR"}` {
		t.Errorf("answer = %d %s", w.Code, w.Body)
	}
}

func TestStatus(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		err    error
		status int
		retry  string
	}{
		"invalid":         {fault.Validation(fault.Field{Name: "a", Code: fault.FieldInvalid}), 400, ""},
		"unauthenticated": {fault.New(fault.Unauthenticated, fault.Unauthorized, ""), 401, ""},
		"forbidden":       {fault.New(fault.Forbidden, fault.ForbiddenAction, ""), 403, ""},
		"not_found":       {fault.New(fault.NotFound, fault.NoSuchThing, ""), 404, ""},
		"conflict":        {fault.New(fault.Conflict, fault.OrderInProgress, "").WithRetryAfter(time.Second), 409, "1"},
		"gone":            {fault.New(fault.Gone, fault.PreAuthExpired, ""), 410, ""},
		"unprocessable":   {fault.New(fault.Unprocessable, fault.IdempotencyKeyReused, ""), 422, ""},
		"rate_limited":    {fault.New(fault.RateLimited, fault.TooManyRequests, "").WithRetryAfter(90*time.Second + 1), 429, "91"},
		"rate_always":     {fault.New(fault.RateLimited, fault.TooManyRequests, ""), 429, "1"},
		"internal":        {errors.New("x"), 500, ""},
		"unavailable":     {fault.New(fault.Unavailable, fault.ServiceUnavailable, "").WithRetryAfter(time.Minute), 503, "60"},
		"away_always":     {fault.New(fault.Unavailable, fault.ServiceUnavailable, ""), 503, "1"},
		"too_late":        {context.DeadlineExceeded, 503, "1"},
		"stale":           {fault.New(fault.Conflict, fault.StaleVersion, ""), 500, ""},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			h := surface(newKit(t, io.Discard), func(context.Context, *kit.Request[int]) (kit.Response, error) { return kit.Response{}, tt.err })
			w := serve(t, h, newRequest(t, http.MethodGet, "/t/things/1", ""))
			if w.Code != tt.status || w.Header().Get("Retry-After") != tt.retry {
				t.Errorf("answer = %d, Retry-After %q; want %d, %q", w.Code, w.Header().Get("Retry-After"), tt.status, tt.retry)
			}
			page := newKit(t, io.Discard).Fallible("/t", func(http.ResponseWriter, *http.Request) error { return tt.err })
			w = serve(t, page, newRequest(t, http.MethodGet, "/t", ""))
			if w.Code != tt.status || w.Header().Get("Retry-After") != tt.retry {
				t.Errorf("page = %d, Retry-After %q; want %d, %q", w.Code, w.Header().Get("Retry-After"), tt.status, tt.retry)
			}
		})
	}
}

// TestHangUp sends a real request and hangs up while the work is under way: what
// writes goes on, what reads is told to stop.
func TestHangUp(t *testing.T) {
	t.Parallel()
	for method, goesOn := range map[string]bool{http.MethodPost: true, http.MethodGet: false} {
		t.Run(method, func(t *testing.T) {
			t.Parallel()
			begun, release, ended := make(chan struct{}), make(chan struct{}), make(chan error, 1)
			h := surface(newKit(t, io.Discard), func(ctx context.Context, _ *kit.Request[int]) (kit.Response, error) {
				close(begun)
				if goesOn {
					<-release
				} else {
					<-ctx.Done()
				}
				ended <- ctx.Err()
				return kit.Response{}, ctx.Err()
			})
			gone := make(chan struct{})
			server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				context.AfterFunc(r.Context(), func() { close(gone) })
				h.ServeHTTP(w, r)
			}))
			defer server.Close()
			ctx, hangUp := context.WithCancel(t.Context())
			body := ""
			if method == http.MethodPost {
				body = "{}"
			}
			r, err := http.NewRequestWithContext(ctx, method, server.URL+"/t/things/1", strings.NewReader(body))
			if err != nil {
				t.Fatal(err)
			}
			r.Header.Set("Content-Type", "application/json")
			var caller sync.WaitGroup
			caller.Go(func() {
				if answer, err := server.Client().Do(r); err == nil {
					_ = answer.Body.Close() // the answer is not what is tested
				}
			})
			<-begun
			hangUp()
			<-gone
			close(release)
			if err := <-ended; (err == nil) != goesOn {
				t.Errorf("context of the work = %v", err)
			}
			caller.Wait()
		})
	}
}

func TestBodyIsWiped(t *testing.T) {
	t.Parallel()
	body := `{"cvv":"916","padding":"` + strings.Repeat("x", 3000) + `"}`
	for _, announced := range []int64{int64(len(body)), -1} {
		reader := &keepingReader{rest: body}
		h := surface(newKit(t, io.Discard), func(_ context.Context, r *kit.Request[int]) (kit.Response, error) {
			if s, ok := r.Body.String("cvv"); !ok || s != "916" {
				t.Errorf("cvv = %q", s)
			}
			return kit.OK(answer{}), nil
		})
		r := newRequest(t, http.MethodPost, "/t/things/1", "")
		r.Body, r.ContentLength = reader, announced
		serve(t, h, r)
		if len(reader.seen) == 0 || bytes.Contains(bytes.Join(reader.seen, nil), []byte("916")) {
			t.Errorf("announced as %d bytes: the security code is still in memory", announced)
		}
	}
}

// keepingReader gives a little at a time and remembers every buffer that was
// read into.
type keepingReader struct {
	rest string
	seen [][]byte
}

func (k *keepingReader) Read(p []byte) (int, error) {
	if k.rest == "" {
		return 0, io.EOF
	}
	n := copy(p[:min(len(p), 100)], k.rest)
	k.rest = k.rest[n:]
	k.seen = append(k.seen, p[:n])
	return n, nil
}

func (k *keepingReader) Close() error { return nil }

func TestSite(t *testing.T) {
	t.Parallel()
	k := newKit(t, io.Discard)
	named := func(name string) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, name) }) // a recorder never fails
	}
	site := k.NewSite()
	site.Mount("/api/", named("api"))
	site.Mount("/api/special/", named("special"))
	site.Mount("/healthz", named("health"))
	for path, want := range map[string]string{
		"/api/payment": "api", "/api": "api", "/api//x": "api", "/api/special/x": "special", "/api/specially": "api",
		"/healthz": "health", "/healthz/x": "NOT_FOUND\n", "/": "NOT_FOUND\n", "/apix": "NOT_FOUND\n",
	} {
		w := serve(t, site, newRequest(t, http.MethodGet, path, ""))
		if got := w.Body.String(); got != want {
			t.Errorf("%s goes to %q, want %q", path, got, want)
		}
		if want == "NOT_FOUND\n" && (w.Code != http.StatusNotFound || w.Header().Get("X-Request-Id") == "") {
			t.Errorf("%s = %d %v", path, w.Code, w.Header())
		}
	}
}

func TestPlainPanic(t *testing.T) {
	t.Parallel()
	h := newKit(t, io.Discard).Plain("/x", http.HandlerFunc(func(http.ResponseWriter, *http.Request) { panic("x") }))
	if w := serve(t, h, newRequest(t, http.MethodGet, "/x", "")); w.Code != http.StatusInternalServerError || strings.Contains(w.Body.String(), "goroutine") {
		t.Errorf("answer = %d %s", w.Code, w.Body)
	}
}

func TestServerLimits(t *testing.T) {
	t.Parallel()
	s := newKit(t, io.Discard).NewServer(http.NotFoundHandler())
	if s.ReadHeaderTimeout <= 0 || s.ReadTimeout <= 0 || s.WriteTimeout < time.Minute || s.IdleTimeout <= 0 || s.MaxHeaderBytes <= 0 {
		t.Errorf("server has no limits: %+v", s)
	}
}

func TestNew(t *testing.T) {
	t.Parallel()
	log, c := slog.New(slog.DiscardHandler), clock.System{}
	for name, config := range map[string]kit.Config{
		"no_log":         {Clock: c, HashKey: secret.New(make([]byte, 32))},
		"no_clock":       {Log: log, HashKey: secret.New(make([]byte, 32))},
		"short_hash_key": {Log: log, Clock: c, HashKey: secret.New(make([]byte, 31))},
	} {
		if _, err := kit.New(config); err == nil {
			t.Errorf("%s is accepted", name)
		}
	}
}
