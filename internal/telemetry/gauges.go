package telemetry

import (
	"context"
	"errors"
	"log/slog"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/vezne/vezne/internal/clock"
	"github.com/vezne/vezne/internal/job"
	"github.com/vezne/vezne/internal/pos"
	"github.com/vezne/vezne/internal/storage"
	"github.com/vezne/vezne/internal/webhook"
)

const (
	// pollInterval is how old a gauge that is read from the database may be: as
	// fresh as the usual scrape interval can show.
	pollInterval = 15 * time.Second
	// pollLimit bounds one reading, so that a busy database is not asked again
	// while it still works on the last one.
	pollLimit = 5 * time.Second
)

// Readings counts what is stored, over all merchants.
type Readings interface {
	// Unknown returns how many operations have an unknown outcome, and since when
	// the oldest has.
	Unknown(ctx context.Context, now time.Time) (int64, time.Time, error)
	// Due returns how many jobs of a kind are due, and since when the oldest that
	// could run is.
	Due(ctx context.Context, k job.Kind, now time.Time) (int64, time.Time, error)
	Dead(ctx context.Context) (map[job.Kind]int64, error)
	Endpoints(ctx context.Context) (map[webhook.State]int64, error)
}

// Sources are what Gauges read.
type Sources struct {
	Readings Readings
	Breakers func() map[string]pos.Breakers
	// Kinds are the kinds of job that this binary runs.
	Kinds []job.Kind
	// Pool and Waiting are of the database; they are read at each scrape and must
	// cost nothing.
	Pool    func() storage.Pool
	Waiting func() int
	Clock   clock.Clock
	Log     *slog.Logger
}

// Gauges keeps what must be read to be known. Run reads it every 15 seconds, so
// that a scrape costs the database nothing, however often it comes.
type Gauges struct {
	sources Sources

	unknown       prometheus.Gauge
	unknownOldest prometheus.Gauge
	due           *prometheus.GaugeVec
	lag           *prometheus.GaugeVec
	dead          *prometheus.GaugeVec
	endpoints     *prometheus.GaugeVec
	breakers      *prometheus.GaugeVec
	read          prometheus.Gauge
}

// NewGauges registers the gauges with m.
func NewGauges(m *Metrics, s Sources) *Gauges {
	g := &Gauges{
		sources:       s,
		unknown:       gauge("vezne_operations_unknown", "Requests to banks whose outcome is not known."),
		unknownOldest: gauge("vezne_operations_unknown_oldest_seconds", "Age of the oldest of them."),
		due:           gauges("vezne_jobs_due", "Jobs that are due, those that are running included.", "kind"),
		lag:           gauges("vezne_jobs_lag_seconds", "How long the oldest job that could run has been due.", "kind"),
		dead:          gauges("vezne_jobs_dead", "Jobs that were set aside because they never succeeded.", "kind"),
		endpoints:     gauges("vezne_webhook_endpoints", "Webhook endpoints.", "state"),
		breakers: gauges("vezne_bank_breakers", "Circuit breakers of this node, one for each POS that it has used.",
			"connector", "state"),
		read: gauge("vezne_readings_timestamp_seconds",
			"When the gauges that come from the database were last read."),
	}
	m.registry.MustRegister(g.unknown, g.unknownOldest, g.due, g.lag, g.dead, g.endpoints, g.breakers, g.read)
	if s.Pool != nil {
		m.registry.MustRegister(poolCollectors(s)...)
	}
	return g
}

func gauge(name, help string) prometheus.Gauge {
	return prometheus.NewGauge(prometheus.GaugeOpts{Name: name, Help: help})
}

func gauges(name, help string, labels ...string) *prometheus.GaugeVec {
	return prometheus.NewGaugeVec(prometheus.GaugeOpts{Name: name, Help: help}, labels)
}

func poolCollectors(s Sources) []prometheus.Collector {
	live := func(name, help string, read func() float64) prometheus.Collector {
		return prometheus.NewGaugeFunc(prometheus.GaugeOpts{Name: name, Help: help}, read)
	}
	total := func(name, help string, read func() float64) prometheus.Collector {
		return prometheus.NewCounterFunc(prometheus.CounterOpts{Name: name, Help: help}, read)
	}
	return []prometheus.Collector{
		live("vezne_storage_commits_waiting", "Commits in the queue of the writers.",
			func() float64 { return float64(s.Waiting()) }),
		live("vezne_storage_pool_limit", "Reading connections that there may be.",
			func() float64 { return float64(s.Pool().Limit) }),
		live("vezne_storage_pool_used", "Reading connections at work.", func() float64 { return float64(s.Pool().Used) }),
		live("vezne_storage_pool_idle", "Reading connections at rest.", func() float64 { return float64(s.Pool().Idle) }),
		total("vezne_storage_pool_waits_total", "Queries that had to wait for a connection.",
			func() float64 { return float64(s.Pool().Waits) }),
		total("vezne_storage_pool_wait_seconds_total", "Time that they waited.",
			func() float64 { return s.Pool().Waited.Seconds() }),
	}
}

// Run reads until the context ends.
func (g *Gauges) Run(ctx context.Context) {
	tick := time.NewTicker(pollInterval)
	defer tick.Stop()
	for {
		g.Read(ctx)
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
	}
}

// Read reads everything once. What cannot be read keeps its last value, which
// vezne_readings_timestamp_seconds shows.
func (g *Gauges) Read(ctx context.Context) {
	g.readBreakers()
	ctx, cancel := context.WithTimeout(ctx, pollLimit)
	defer cancel()
	now := g.sources.Clock.Now()
	err := errors.Join(g.readUnknown(ctx, now), g.readJobs(ctx, now), g.readEndpoints(ctx))
	switch {
	case err == nil:
		g.read.Set(seconds(now))
	case !errors.Is(err, context.Canceled): // else the process is being stopped
		g.sources.Log.LogAttrs(ctx, slog.LevelWarn, "read gauges", slog.Any("error", err))
	}
}

func seconds(t time.Time) float64 { return time.Duration(t.UnixNano()).Seconds() }

func (g *Gauges) readBreakers() {
	for name, n := range g.sources.Breakers() {
		g.breakers.WithLabelValues(name, pos.BreakerClosed).Set(float64(n.Closed))
		g.breakers.WithLabelValues(name, pos.BreakerOpen).Set(float64(n.Open))
		g.breakers.WithLabelValues(name, pos.BreakerHalfOpen).Set(float64(n.HalfOpen))
	}
}

func (g *Gauges) readUnknown(ctx context.Context, now time.Time) error {
	n, oldest, err := g.sources.Readings.Unknown(ctx, now)
	if err != nil {
		return err
	}
	g.unknown.Set(float64(n))
	g.unknownOldest.Set(age(now, oldest))
	return nil
}

func (g *Gauges) readJobs(ctx context.Context, now time.Time) error {
	dead, err := g.sources.Readings.Dead(ctx)
	if err != nil {
		return err
	}
	for _, k := range g.sources.Kinds {
		n, oldest, err := g.sources.Readings.Due(ctx, k, now)
		if err != nil {
			return err
		}
		g.due.WithLabelValues(string(k)).Set(float64(n))
		g.lag.WithLabelValues(string(k)).Set(age(now, oldest))
		g.dead.WithLabelValues(string(k)).Set(float64(dead[k]))
	}
	return nil
}

func (g *Gauges) readEndpoints(ctx context.Context) error {
	all, err := g.sources.Readings.Endpoints(ctx)
	if err != nil {
		return err
	}
	for _, state := range []webhook.State{webhook.Active, webhook.Failing, webhook.Disabled} {
		g.endpoints.WithLabelValues(string(state)).Set(float64(all[state]))
	}
	return nil
}

// age is how long ago a time was, 0 for the zero time.
func age(now, t time.Time) float64 {
	if t.IsZero() {
		return 0
	}
	return now.Sub(t).Seconds()
}
