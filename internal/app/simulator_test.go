package app_test

import (
	"context"
	"net/http"
	"testing"

	"github.com/vezne/vezne/internal/app"
)

func startSimulator(t *testing.T, dir string) string {
	t.Helper()
	ctx, stop := context.WithCancel(context.Background())
	s, err := app.NewSimulator(ctx, "127.0.0.1:0", dir, quiet())
	if err != nil {
		stop()
		t.Fatal(err)
	}
	ended := make(chan error, 1)
	go func() { ended <- s.Run(ctx) }()
	t.Cleanup(func() {
		stop()
		if err := <-ended; err != nil {
			t.Error(err)
		}
	})
	return s.URL()
}

func TestSimulator(t *testing.T) {
	t.Parallel()
	s := &server{url: startSimulator(t, t.TempDir())}
	for path, want := range map[string]int{
		"/readyz": http.StatusOK, "/healthz": http.StatusOK, "/sim/sandbox/_ledger": http.StatusOK,
		"/sim/nobody/": http.StatusNotFound, "/api/payments": http.StatusNotFound,
	} {
		if status, answer := s.request(t, http.MethodGet, path, ""); status != want {
			t.Errorf("GET %s is %d, want %d: %s", path, status, want, answer)
		}
	}
}
