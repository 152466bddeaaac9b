package chaos_test

import (
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/vezne/vezne/test/chaos"
)

// door answers each path with the status that the path was given here, and with the
// path as the id of the request.
func door(t *testing.T, statuses map[string]int) *httptest.Server {
	t.Helper()
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("X-Request-Id", r.URL.Path)
		if r.URL.Query().Has("later") {
			w.Header().Set("Retry-After", "1")
		}
		w.WriteHeader(statuses[r.URL.Path])
	}))
	t.Cleanup(s.Close)
	return s
}

func TestBrokenAnswers(t *testing.T) {
	t.Parallel()
	const payment = "/api/payment/0199a1b2-0000-7000-8000-0123456789ab"
	for name, tt := range map[string]struct {
		statuses map[string]int
		asked    []string
		log      string
		want     []string
	}{
		"an_error_of_the_server_is_found_with_its_cause": {
			map[string]int{payment: 500}, []string{payment},
			"level=INFO msg=request request_id=/other error=other\n" +
				`level=ERROR msg=request route=/api/payment/{id} request_id=` + payment + ` code=INTERNAL_ERROR error="commit operation 100234: stale \"x\""` + "\n",
			[]string{`GET /api/payment/{} answers 500: commit operation …: stale "x" (1 times)`},
		},
		"equal_ones_are_counted": {
			map[string]int{"/3ds/sandbox/AAAAAAAAAAAAAAAAAAAAAA": 500, "/3ds/sandbox/BBBBBBBBBBBBBBBBBBBBBB": 500},
			[]string{"/3ds/sandbox/AAAAAAAAAAAAAAAAAAAAAA", "/3ds/sandbox/BBBBBBBBBBBBBBBBBBBBBB"}, "",
			[]string{"GET /3ds/sandbox/{} answers 500: no cause was logged (2 times)"},
		},
		"not_now_without_a_when_is_found": {
			map[string]int{"/api/payments": 503}, []string{"/api/payments"}, "",
			[]string{"GET /api/payments answers 503: no cause was logged (1 times)"},
		},
		"not_now_with_a_when_is_fine": {map[string]int{"/api/payments": 503}, []string{"/api/payments?later"}, "", nil},
		"answers_and_refusals_are_fine": {
			map[string]int{"/a": 200, "/b": 409, "/c": 429, "/d": 303}, []string{"/a", "/b", "/c"}, "", nil,
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s, log := door(t, tt.statuses), filepath.Join(t.TempDir(), "server.log")
			if err := os.WriteFile(log, []byte(tt.log), 0o600); err != nil {
				t.Fatal(err)
			}
			got := chaos.Broken(s.URL, log, func(c *http.Client) {
				for _, path := range tt.asked {
					ask(t, c, s.URL+path)
				}
			})
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Error(diff)
			}
		})
	}
	t.Run("a_bank_may_answer_what_it_likes", func(t *testing.T) {
		t.Parallel()
		bank, server := door(t, map[string]int{"/sim": 500}), door(t, nil)
		got := chaos.Broken(server.URL, filepath.Join(t.TempDir(), "none"), func(c *http.Client) { ask(t, c, bank.URL+"/sim") })
		if len(got) > 0 {
			t.Error(got)
		}
	})
}

func ask(t *testing.T, c *http.Client, url string) {
	t.Helper()
	request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, url, http.NoBody)
	if err != nil {
		t.Fatal(err)
	}
	response, err := c.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	_, _ = io.Copy(io.Discard, response.Body) // the transport has looked at the rest
	_ = response.Body.Close()
}
