package app_test

import (
	"context"
	"io"
	"log/slog"
	"maps"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/vezne/vezne/test/wait"

	"github.com/vezne/vezne/internal/app"
	"github.com/vezne/vezne/internal/config"
)

// server is a running server of a test.
type server struct {
	url string
	// stop begins the drain, ended tells what Run returned.
	stop  context.CancelFunc
	ended chan error
}

// load returns settings for a test, in a directory of its own.
func load(t *testing.T, dir string, change map[string]string) config.Config {
	t.Helper()
	flags := map[string]string{
		"listen":   "127.0.0.1:0",
		"database": "sqlite:" + filepath.Join(dir, "vezne.db"),
		"keyset":   filepath.Join(dir, "keyset.json"),
	}
	maps.Copy(flags, change)
	c, err := config.Load(config.Sources{Flags: flags})
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func quiet() *slog.Logger { return slog.New(slog.DiscardHandler) }

// startDemo starts a demo in the directory and stops it at the end of the test.
func startDemo(t *testing.T, c config.Config, dir string) *server {
	t.Helper()
	set, err := app.LoadDemo("")
	if err != nil {
		t.Fatal(err)
	}
	if err := app.PrepareDemo(t.Context(), c); err != nil {
		t.Fatal(err)
	}
	return start(t, app.Options{Config: c, Log: quiet(), Demo: &app.Demo{Set: set, BanksDir: filepath.Join(dir, "banks")}})
}

func start(t *testing.T, o app.Options) *server {
	t.Helper()
	ctx, stop := context.WithCancel(context.Background())
	s, err := app.NewServer(ctx, o)
	if err != nil {
		stop()
		t.Fatal(err)
	}
	running := &server{url: s.URL(), stop: stop, ended: make(chan error, 1)}
	go func() { running.ended <- s.Run(ctx) }()
	t.Cleanup(func() {
		stop()
		running.wait(t)
	})
	return running
}

// wait waits for the end of the drain and checks that all went well. It may be
// called again.
func (s *server) wait(t *testing.T) {
	t.Helper()
	select {
	case err := <-s.ended:
		s.ended <- nil
		if err != nil {
			t.Error("Run:", err)
		}
	case <-time.After(wait.Limit):
		t.Error("the server did not drain")
	}
}

// request is one call; a body makes it a POST with the demo's credentials.
func (s *server) request(t *testing.T, method, path, body string) (int, string) {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), method, s.url+path, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Content-Type", "application/json")
	r.Header.Set("X-Api-Key", "api-key")
	r.Header.Set("X-Api-Secret", "secret-key")
	answer, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = answer.Body.Close() }()
	text, err := io.ReadAll(answer.Body)
	if err != nil {
		t.Fatal(err)
	}
	return answer.StatusCode, string(text)
}

// readmeBody is the body of the README's curl.
func readmeBody(t *testing.T) string {
	t.Helper()
	text, err := os.ReadFile("../../README.md")
	if err != nil {
		t.Fatal(err)
	}
	m := regexp.MustCompile(`curl -X POST http://127\.0\.0\.1:8080/api/payment[\s\S]*?-d '([^']*)'`).FindSubmatch(text)
	if m == nil {
		t.Fatal("the README has no curl that pays")
	}
	return string(m[1])
}

func contains(t *testing.T, text string, parts ...string) {
	t.Helper()
	for _, p := range parts {
		if !strings.Contains(text, p) {
			t.Errorf("answer lacks %s: %s", p, text)
		}
	}
}
