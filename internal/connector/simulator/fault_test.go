package simulator_test

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/vezne/vezne/internal/clock"
	"github.com/vezne/vezne/internal/connector/simulator"
)

// set gives the faults a plan.
func set(t testing.TB, f *simulator.Faults, plan string) int {
	t.Helper()
	w := httptest.NewRecorder()
	f.ServeHTTP(w, httptest.NewRequest(http.MethodPut, "/_faults", strings.NewReader(plan)))
	return w.Code
}

func newFaults() *simulator.Faults { return simulator.NewFaults(clock.System{}, time.Minute) }

// statuses sends n requests and tells which were answered with 500.
func statuses(f *simulator.Faults, n int) string {
	h := f.Money(http.NotFoundHandler())
	var b strings.Builder
	for range n {
		w := httptest.NewRecorder()
		h.ServeHTTP(w, httptest.NewRequest(http.MethodPost, "/", http.NoBody))
		b.WriteByte("0x"[w.Code/500]) // 404 or 500
	}
	return b.String()
}

func TestFaults(t *testing.T) {
	t.Parallel()
	t.Run("rate_is_the_share_of_requests", func(t *testing.T) {
		t.Parallel()
		f := newFaults()
		set(t, f, `{"rate":0.1,"kinds":["http_500"],"seed":7}`)
		if n := strings.Count(statuses(f, 10_000), "x"); n < 850 || n > 1150 {
			t.Errorf("%d of 10000 went wrong, want about 1000", n)
		}
	})
	t.Run("equal_seeds_choose_alike", func(t *testing.T) {
		t.Parallel()
		a, b, c := newFaults(), newFaults(), newFaults()
		set(t, a, `{"rate":0.5,"kinds":["http_500"],"seed":7}`)
		set(t, b, `{"rate":0.5,"kinds":["http_500"],"seed":7}`)
		set(t, c, `{"rate":0.5,"kinds":["http_500"],"seed":8}`)
		first := statuses(a, 100)
		if first != statuses(b, 100) || first == statuses(c, 100) {
			t.Error("the seed does not decide")
		}
		set(t, a, `{"rate":0.5,"kinds":["http_500"],"seed":7}`)
		if first != statuses(a, 100) {
			t.Error("setting the seed again does not start again")
		}
	})
	t.Run("delete_ends_all_faults", func(t *testing.T) {
		t.Parallel()
		f := newFaults()
		set(t, f, `{"rate":1,"kinds":["http_500"]}`)
		f.ServeHTTP(httptest.NewRecorder(), httptest.NewRequest(http.MethodDelete, "/_faults", http.NoBody))
		if got := statuses(f, 10); got != "0000000000" {
			t.Errorf("statuses = %s", got)
		}
	})
	t.Run("inquiries_suffer_only_when_asked_for", func(t *testing.T) {
		t.Parallel()
		f := newFaults()
		for plan, want := range map[string]int{
			`{"rate":1,"kinds":["http_500"]}`:                  http.StatusNotFound,
			`{"rate":1,"kinds":["http_500"],"inquiries":true}`: http.StatusInternalServerError,
		} {
			set(t, f, plan)
			w := httptest.NewRecorder()
			f.Inquiry(http.NotFoundHandler()).ServeHTTP(w, httptest.NewRequest(http.MethodPost, "/", http.NoBody))
			if w.Code != want {
				t.Errorf("%s: status %d, want %d", plan, w.Code, want)
			}
		}
	})
	t.Run("get_shows_what_was_put", func(t *testing.T) {
		t.Parallel()
		f := newFaults()
		set(t, f, `{"rate":0.25,"kinds":["slow","garbage"],"slow_ms":10}`)
		w := httptest.NewRecorder()
		f.ServeHTTP(w, httptest.NewRequest(http.MethodGet, "/_faults", http.NoBody))
		if got := w.Body.String(); got != `{"rate":0.25,"kinds":["slow","garbage"],"slow_ms":10}` {
			t.Errorf("plan = %s", got)
		}
	})
	t.Run("hang_is_bounded", func(t *testing.T) {
		t.Parallel()
		f := simulator.NewFaults(clock.System{}, time.Millisecond)
		set(t, f, `{"rate":1,"kinds":["timeout_after_approve"]}`)
		var booked atomic.Int64
		s := httptest.NewServer(f.Money(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { booked.Add(1) })))
		t.Cleanup(s.Close)
		resp, err := http.Post(s.URL, "", http.NoBody) //nolint:noctx // ends by the bound under test
		if err == nil {
			_ = resp.Body.Close() // the status is wrong anyway
			t.Errorf("status %d", resp.StatusCode)
		}
		if booked.Load() != 1 {
			t.Errorf("booked %d times", booked.Load())
		}
	})
	t.Run("other_methods_are_refused", func(t *testing.T) {
		t.Parallel()
		w := httptest.NewRecorder()
		newFaults().ServeHTTP(w, httptest.NewRequest(http.MethodPost, "/_faults", http.NoBody))
		if w.Code != http.StatusMethodNotAllowed || w.Header().Get("Allow") == "" {
			t.Errorf("status %d", w.Code)
		}
	})
}

// A slow bank carries out what it has read, although the caller has left, and no
// sooner for it.
func TestSlowBooksAfterTheCallerLeft(t *testing.T) {
	t.Parallel()
	f := newFaults()
	set(t, f, `{"rate":1,"kinds":["slow"],"slow_ms":200}`)
	booked := make(chan struct{})
	s := httptest.NewServer(f.Money(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { close(booked) })))
	t.Cleanup(s.Close)
	begun := clock.System{}.Now()
	c := http.Client{Timeout: 50 * time.Millisecond}
	resp, err := c.Post(s.URL, "", strings.NewReader("pay")) //nolint:noctx // bounded by the client
	if err == nil {
		_ = resp.Body.Close() // the test has failed
		t.Fatal("answered in time")
	}
	<-booked
	if waited := (clock.System{}).Now().Sub(begun); waited < 200*time.Millisecond {
		t.Errorf("booked after %s", waited)
	}
}

func FuzzFaults(f *testing.F) {
	f.Add(`{"rate":0.1,"kinds":["slow"],"slow_ms":1}`)
	f.Add(`{"rate":1e9,"kinds":[]}`)
	f.Fuzz(func(t *testing.T, body string) {
		if code := set(t, newFaults(), body); code != http.StatusOK && code != http.StatusBadRequest {
			t.Errorf("status %d", code)
		}
	})
}
