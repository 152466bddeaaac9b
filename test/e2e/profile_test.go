package e2e_test

import (
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"testing"

	"github.com/vezne/vezne/test/servertest"
)

// TestProfiles holds that profiles have a listener of their own, which browsers
// cannot be led to under another name, and which a server has only on demand.
func TestProfiles(t *testing.T) {
	t.Parallel()
	s := servertest.Start(t, servertest.Options{Args: []string{"--pprof", "127.0.0.1:0"}})
	said := regexp.MustCompile(`url=(http://127\.0\.0\.1:[0-9]+/debug/pprof/)`)
	var url [][]byte
	if !servertest.Eventually(t, func() bool { // it may say so after it is ready
		log, err := os.ReadFile(filepath.Join(s.Dir, "stderr.log"))
		if err != nil {
			t.Fatal(err)
		}
		url = said.FindSubmatch(log)
		return url != nil
	}) {
		t.Fatal("the server does not say where its profiles are")
	}
	for name, tt := range map[string]struct {
		path, host string
		status     int
	}{
		"list":            {"", "", http.StatusOK},
		"heap":            {"heap", "", http.StatusOK},
		"goroutines":      {"goroutine?debug=1", "", http.StatusOK},
		"rebinding_name":  {"", "attacker.example", http.StatusForbidden},
		"command_line_no": {"cmdline", "", http.StatusNotFound},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, string(url[1])+tt.path, http.NoBody)
			if err != nil {
				t.Fatal(err)
			}
			r.Host = tt.host
			answer, err := http.DefaultClient.Do(r)
			if err != nil {
				t.Fatal(err)
			}
			_ = answer.Body.Close() // the status says it
			if answer.StatusCode != tt.status {
				t.Errorf("status %d, want %d", answer.StatusCode, tt.status)
			}
		})
	}
	if a, ok := s.Send(t, servertest.Request{Method: http.MethodGet, Path: "/debug/pprof/"}); ok &&
		a.Status != http.StatusNotFound {
		t.Errorf("the public listener answers %d to /debug/pprof/", a.Status)
	}
}
