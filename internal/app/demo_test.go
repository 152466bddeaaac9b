package app_test

import (
	"maps"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/vezne/vezne/test/wait"

	"github.com/vezne/vezne/internal/app"
	"github.com/vezne/vezne/internal/config"
)

func TestDemo(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	c := load(t, dir, nil)
	s := startDemo(t, c, dir)

	t.Run("curl_of_the_readme_pays", func(t *testing.T) {
		status, answer := s.request(t, http.MethodPost, "/api/payment", readmeBody(t))
		if status != http.StatusOK {
			t.Fatalf("%d: %s", status, answer)
		}
		contains(t, answer, `"status":"SUCCESS"`, `"pan":"542119******0656"`, `"merchantCommission":2.00`, `"amount":100.50`)
		_, ledger := s.request(t, http.MethodGet, "/sim/sandbox/_ledger", "")
		contains(t, ledger, `"amount":100.50`, `"kind":"sale"`, `"status":"approved"`)
	})
	t.Run("is_alive_and_ready", func(t *testing.T) {
		for _, path := range []string{"/healthz", "/readyz"} {
			if status, answer := s.request(t, http.MethodGet, path, ""); status != http.StatusOK {
				t.Errorf("GET %s is %d: %s", path, status, answer)
			}
			if status, _ := s.request(t, http.MethodPost, path, "x"); status != http.StatusMethodNotAllowed {
				t.Errorf("POST %s is %d, want 405", path, status)
			}
		}
	})
	t.Run("documents_are_shown", func(t *testing.T) {
		status, page := s.request(t, http.MethodGet, "/docs", "")
		if status != http.StatusOK {
			t.Fatalf("%d: %s", status, page)
		}
		contains(t, page, "gateway.yaml")
		_, text := s.request(t, http.MethodGet, "/docs/gateway.yaml", "")
		contains(t, text, "openapi: 3.0")
	})
	t.Run("metrics_have_routes_and_no_paths", func(t *testing.T) {
		s.request(t, http.MethodGet, "/api/payment/0193b5a0-0000-7000-8000-000000000000", "")
		s.request(t, http.MethodGet, "/wp-login.php", "")
		_, text := s.request(t, http.MethodGet, "/metrics", "")
		contains(t, text, `route="/api/payment/{paymentId}",status="404"`, `route="none",status="404"`,
			"vezne_storage_commit_duration_seconds_count", "go_goroutines", "process_resident_memory_bytes")
		if strings.Contains(text, "0193b5a0") || strings.Contains(text, "wp-login") {
			t.Error("a path became a label")
		}
	})
	t.Run("admin_needs_its_token", func(t *testing.T) {
		if status, _ := s.request(t, http.MethodGet, "/admin/v1/payments/0193b5a0-0000-7000-8000-000000000000", ""); status != http.StatusUnauthorized {
			t.Errorf("status %d, want 401", status)
		}
	})
	t.Run("books_are_proven_while_it_runs", func(t *testing.T) {
		var report strings.Builder
		if err := app.VerifyLedger(t.Context(), c.Database, &report); err != nil {
			t.Error(err, report.String())
		}
		contains(t, report.String(), "1 postings, 1 payments, 0 contradictions")
	})
	t.Run("drains_and_starts_again_with_the_same_data", func(t *testing.T) {
		s.stop()
		s.wait(t)
		again := startDemo(t, c, dir)
		status, answer := again.request(t, http.MethodGet, "/api/payments", "")
		if status != http.StatusOK {
			t.Fatalf("%d: %s", status, answer)
		}
		contains(t, answer, `"orderId":"ORD-12345"`)
		_, ledger := again.request(t, http.MethodGet, "/sim/sandbox/_ledger", "")
		contains(t, ledger, `"amount":100.50`)
	})
}

func TestDrain(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	s := startDemo(t, load(t, dir, nil), dir)
	status, answer := s.request(t, http.MethodPut, "/sim/sandbox/_faults", `{"rate":1,"kinds":["slow"],"slow_ms":700}`)
	if status >= http.StatusBadRequest {
		t.Fatalf("%d: %s", status, answer)
	}
	type result struct {
		status int
		body   string
	}
	paid := make(chan result, 1)
	go func() {
		status, body := s.request(t, http.MethodPost, "/api/payment", readmeBody(t))
		paid <- result{status, body}
	}()
	s.awaitRunning(t)
	s.stop()
	select {
	case r := <-paid:
		if r.status != http.StatusOK || !strings.Contains(r.body, `"status":"SUCCESS"`) {
			t.Errorf("the payment in flight got %d: %s", r.status, r.body)
		}
	case <-time.After(wait.Limit):
		t.Error("the payment in flight was lost")
	}
	s.wait(t)
	if r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, s.url+"/healthz", nil); err == nil {
		if answer, err := http.DefaultClient.Do(r); err == nil {
			_ = answer.Body.Close()
			t.Error("somebody still listens")
		}
	}
}

// awaitRunning waits until the server is busy with another request than the one
// that asks: the bank has it by then, or will have.
func (s *server) awaitRunning(t *testing.T) {
	t.Helper()
	for deadline := time.Now().Add(wait.Limit); time.Now().Before(deadline); {
		if _, text := s.request(t, http.MethodGet, "/metrics", ""); strings.Contains(text, "vezne_http_requests_running 2") {
			return
		}
	}
	t.Fatal("the payment never began")
}

func TestDemoElsewhere(t *testing.T) {
	t.Parallel()
	t.Run("banks_may_be_played_by_another_process", func(t *testing.T) {
		t.Parallel()
		dir := t.TempDir()
		banks := startSimulator(t, "")
		s := startDemo(t, load(t, dir, map[string]string{"simulator-url": banks}), dir)
		if status, answer := s.request(t, http.MethodPost, "/api/payment", readmeBody(t)); !strings.Contains(answer, `"status":"SUCCESS"`) {
			t.Errorf("%d: %s", status, answer)
		}
		if status, _ := s.request(t, http.MethodGet, "/sim/sandbox/_ledger", ""); status != http.StatusNotFound {
			t.Errorf("the demo plays banks of its own: %d", status)
		}
		elsewhere := &server{url: banks}
		_, ledger := elsewhere.request(t, http.MethodGet, "/sim/sandbox/_ledger", "")
		contains(t, ledger, `"amount":100.50`)
	})
	t.Run("address_that_others_reach_is_refused", func(t *testing.T) {
		t.Parallel()
		c := load(t, t.TempDir(), map[string]string{"listen": "0.0.0.0:0"})
		if err := app.PrepareDemo(t.Context(), c); err == nil || !strings.Contains(err.Error(), "setting listen") {
			t.Errorf("PrepareDemo = %v", err)
		}
	})
	t.Run("production_keyset_is_refused", func(t *testing.T) {
		t.Parallel()
		c := load(t, t.TempDir(), nil)
		if err := app.CreateKeyset(t.Context(), c); err != nil {
			t.Fatal(err)
		}
		if err := app.PrepareDemo(t.Context(), c); err == nil || !strings.Contains(err.Error(), "setting keyset") {
			t.Errorf("PrepareDemo = %v", err)
		}
	})
	t.Run("fixtures_that_are_wrong_are_refused", func(t *testing.T) {
		t.Parallel()
		if _, err := app.LoadDemo("demo_test.go"); err == nil || !strings.Contains(err.Error(), "demo_test.go") {
			t.Errorf("LoadDemo = %v", err)
		}
	})
}

func TestCheckProduction(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		change map[string]string
		demo   bool
		want   string
	}{
		"safe_settings_pass":               {},
		"simulated_banks_are_refused":      {change: map[string]string{"simulator-url": "http://127.0.0.1:9090"}, want: "setting simulator_url"},
		"plain_http_to_outside_is_refused": {change: map[string]string{"public-url": "http://pay.example.com"}, want: "setting public_url"},
		"open_address_needs_a_public_url":  {change: map[string]string{"listen": "0.0.0.0:80"}, want: "setting public_url"},
		"https_passes":                     {change: map[string]string{"listen": "0.0.0.0:80", "public-url": "https://pay.example.com"}},
		"missing_keyset_is_refused":        {change: map[string]string{"keyset": "none.json"}, want: "setting keyset"},
		"unset_keyset_is_refused":          {change: map[string]string{"keyset": ""}, want: "setting keyset"},
		"keyset_of_a_demo_is_refused":      {demo: true, want: "is a demo's"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c := load(t, t.TempDir(), nil)
			if tt.demo {
				if err := app.PrepareDemo(t.Context(), c); err != nil {
					t.Fatal(err)
				}
			} else if err := app.CreateKeyset(t.Context(), c); err != nil {
				t.Fatal(err)
			}
			change := map[string]string{"keyset": c.Keyset}
			maps.Copy(change, tt.change)
			err := app.CheckProduction(t.Context(), load(t, t.TempDir(), change))
			if (tt.want == "") != (err == nil) || (err != nil && !strings.Contains(err.Error(), tt.want)) {
				t.Errorf("CheckProduction = %v, want %q", err, tt.want)
			}
		})
	}
}

func TestServe(t *testing.T) {
	t.Parallel()
	t.Run("serves_from_an_empty_database", func(t *testing.T) {
		t.Parallel()
		c := load(t, t.TempDir(), nil)
		prepareProduction(t, c)
		s := start(t, app.Options{Config: c, Log: quiet()})
		if status, answer := s.request(t, http.MethodGet, "/readyz", ""); status != http.StatusOK {
			t.Errorf("%d: %s", status, answer)
		}
		if status, _ := s.request(t, http.MethodPost, "/api/payment", "{}"); status != http.StatusUnauthorized {
			t.Errorf("the demo's key got %d, want 401", status)
		}
		if status, _ := s.request(t, http.MethodGet, "/sim/sandbox/_ledger", ""); status != http.StatusNotFound {
			t.Errorf("a simulator answers %d, want 404", status)
		}
	})
	t.Run("schema_that_is_not_current_is_refused", func(t *testing.T) {
		t.Parallel()
		c := load(t, t.TempDir(), nil)
		if err := app.CreateKeyset(t.Context(), c); err != nil {
			t.Fatal(err)
		}
		refused(t, c, "")
	})
	t.Run("database_of_a_demo_is_refused", func(t *testing.T) {
		t.Parallel()
		dir := t.TempDir()
		c := load(t, dir, nil)
		s := startDemo(t, c, dir)
		s.stop()
		s.wait(t)
		refused(t, c, `API key "api-key"`)
		refused(t, c, `admin token "demo"`)
	})
	t.Run("address_in_use_is_refused", func(t *testing.T) {
		t.Parallel()
		dir := t.TempDir()
		s := startDemo(t, load(t, dir, nil), dir)
		c := load(t, t.TempDir(), map[string]string{"listen": strings.TrimPrefix(s.url, "http://")})
		prepareProduction(t, c)
		refused(t, c, "listen on")
	})
}

func prepareProduction(t *testing.T, c config.Config) {
	t.Helper()
	if err := app.Migrate(t.Context(), c.Database); err != nil {
		t.Fatal(err)
	}
	if err := app.CreateKeyset(t.Context(), c); err != nil {
		t.Fatal(err)
	}
}

func refused(t *testing.T, c config.Config, want string) {
	t.Helper()
	s, err := app.NewServer(t.Context(), app.Options{Config: c, Log: quiet()})
	if err == nil {
		_ = s.Close()
		t.Fatal("it was built")
	}
	if !strings.Contains(err.Error(), want) {
		t.Errorf("error = %v, want one about %s", err, want)
	}
}
