package telemetry_test

import (
	"context"
	"errors"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/vezne/vezne/internal/clock"
	"github.com/vezne/vezne/internal/job"
	"github.com/vezne/vezne/internal/pos"
	"github.com/vezne/vezne/internal/telemetry"
	"github.com/vezne/vezne/internal/webhook"
)

var noon = time.Date(2026, 11, 20, 12, 0, 0, 0, time.UTC)

// stored is a database of which the test says what it holds.
type stored struct {
	unknown int64
	oldest  time.Time
	err     error
	wait    bool // for the reader to lose patience
}

func (s *stored) Unknown(ctx context.Context, _ time.Time) (int64, time.Time, error) {
	if s.wait {
		<-ctx.Done()
		return 0, time.Time{}, ctx.Err()
	}
	return s.unknown, s.oldest, s.err
}

func (*stored) Due(_ context.Context, k job.Kind, now time.Time) (int64, time.Time, error) {
	if k == "idle" {
		return 0, time.Time{}, nil
	}
	return 7, now.Add(-90 * time.Second), nil
}

func (*stored) Dead(context.Context) (map[job.Kind]int64, error) {
	return map[job.Kind]int64{"work": 2, "of.an.older.version": 1}, nil
}

func (*stored) Endpoints(context.Context) (map[webhook.State]int64, error) {
	return map[webhook.State]int64{webhook.Failing: 1}, nil
}

func scrape(t *testing.T, m *telemetry.Metrics) string {
	t.Helper()
	answer := httptest.NewRecorder()
	m.Handler().ServeHTTP(answer, httptest.NewRequestWithContext(t.Context(), http.MethodGet, "/metrics", http.NoBody))
	return answer.Body.String()
}

func newGauges(s *stored, c clock.Clock, log *slog.Logger) (*telemetry.Gauges, *telemetry.Metrics) {
	m := telemetry.NewMetrics("v1")
	return telemetry.NewGauges(m, telemetry.Sources{
		Readings: s, Kinds: []job.Kind{"work", "idle"}, Clock: c, Log: log,
		Breakers: func() map[string]pos.Breakers { return map[string]pos.Breakers{"bank": {Closed: 3, Open: 1}} },
	}), m
}

func TestGauges(t *testing.T) {
	t.Parallel()
	t.Run("show_what_was_read", func(t *testing.T) {
		t.Parallel()
		g, m := newGauges(&stored{unknown: 4, oldest: noon.Add(-time.Hour)}, clock.NewManual(noon), slog.New(slog.DiscardHandler))
		g.Read(t.Context())
		text := scrape(t, m)
		for _, line := range []string{
			"vezne_operations_unknown 4\n", "vezne_operations_unknown_oldest_seconds 3600\n",
			`vezne_jobs_due{kind="work"} 7`, `vezne_jobs_lag_seconds{kind="work"} 90`, `vezne_jobs_dead{kind="work"} 2`,
			`vezne_jobs_due{kind="idle"} 0`, `vezne_jobs_lag_seconds{kind="idle"} 0`, `vezne_jobs_dead{kind="idle"} 0`,
			`vezne_webhook_endpoints{state="failing"} 1`, `vezne_webhook_endpoints{state="active"} 0`,
			`vezne_bank_breakers{connector="bank",state="closed"} 3`, `vezne_bank_breakers{connector="bank",state="open"} 1`,
			`vezne_bank_breakers{connector="bank",state="half-open"} 0`,
			"vezne_readings_timestamp_seconds 1.795176e+09\n", `vezne_build_info{go_version="go`,
		} {
			if !strings.Contains(text, line) {
				t.Errorf("%s is missing", line)
			}
		}
		if strings.Contains(text, "older") {
			t.Error("a kind of job that this binary does not know became a label")
		}
	})
	t.Run("keep_the_last_value_while_the_database_is_away", func(t *testing.T) {
		t.Parallel()
		var log strings.Builder
		s, c := &stored{unknown: 4, oldest: noon}, clock.NewManual(noon)
		g, m := newGauges(s, c, slog.New(slog.NewTextHandler(&log, nil)))
		g.Read(t.Context())
		c.Advance(time.Minute)
		s.unknown, s.err = 0, errors.New("away")
		g.Read(t.Context())
		text := scrape(t, m)
		if !strings.Contains(text, "vezne_operations_unknown 4\n") ||
			!strings.Contains(text, "vezne_readings_timestamp_seconds 1.795176e+09\n") {
			t.Error("a reading that failed changed the gauges")
		}
		if !strings.Contains(log.String(), "read gauges") {
			t.Error("nobody was told")
		}
	})
	t.Run("end_with_their_context_and_say_nothing", func(t *testing.T) {
		t.Parallel()
		var log strings.Builder
		g, _ := newGauges(&stored{wait: true}, clock.NewManual(noon), slog.New(slog.NewTextHandler(&log, nil)))
		ctx, stop := context.WithCancel(t.Context())
		over := make(chan struct{})
		go func() {
			defer close(over)
			g.Run(ctx)
		}()
		stop()
		<-over
		if log.Len() > 0 {
			t.Errorf("a stop was called a failure: %s", log.String())
		}
	})
}
