package app

import (
	"log/slog"
	"net/http"
	"strconv"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/prometheus/client_golang/prometheus/promhttp"

	"github.com/vezne/vezne/internal/clock"
	"github.com/vezne/vezne/internal/pos"
	"github.com/vezne/vezne/internal/storage"
)

// metrics counts what the process does. Labels come from closed sets alone (a
// route's pattern, never a path), so that no caller can make them grow.
type metrics struct {
	registry *prometheus.Registry
	requests *prometheus.HistogramVec
	running  prometheus.Gauge
	// groups and commits count what the database's writers did; their quotient is
	// how many callers shared a commit.
	groups   prometheus.Counter
	commits  prometheus.Counter
	busy     prometheus.Counter
	breakers *prometheus.CounterVec
}

func newMetrics() *metrics {
	m := &metrics{
		registry: prometheus.NewRegistry(),
		requests: prometheus.NewHistogramVec(prometheus.HistogramOpts{
			Name: "vezne_http_request_duration_seconds",
			Help: "Time to answer a request, by route.",
			// From the fastest list to the longest bank time-out.
			Buckets: []float64{.001, .0025, .005, .01, .025, .05, .1, .25, .5, 1, 2.5, 5, 10, 30, 60},
		}, []string{"route", "status"}),
		running: prometheus.NewGauge(prometheus.GaugeOpts{
			Name: "vezne_http_requests_running",
			Help: "Requests being answered now.",
		}),
		groups: prometheus.NewCounter(prometheus.CounterOpts{
			Name: "vezne_storage_groups_total",
			Help: "Groups of commits that the database was asked for.",
		}),
		commits: prometheus.NewCounter(prometheus.CounterOpts{
			Name: "vezne_storage_commits_total",
			Help: "Commits in those groups.",
		}),
		busy: prometheus.NewCounter(prometheus.CounterOpts{
			Name: "vezne_storage_busy_seconds_total",
			Help: "Time that groups took, summed over the writers.",
		}),
		breakers: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "vezne_bank_breaker_changes_total",
			Help: "Changes of banks' circuit breakers, by connector and new state.",
		}, []string{"connector", "state"}),
	}
	m.registry.MustRegister(m.requests, m.running, m.groups, m.commits, m.busy, m.breakers,
		collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))
	return m
}

// handler serves the metrics in Prometheus's text form.
func (m *metrics) handler() http.Handler {
	return promhttp.HandlerFor(m.registry, promhttp.HandlerOpts{})
}

// group counts a group of commits.
func (m *metrics) group(g storage.Group) {
	m.groups.Inc()
	m.commits.Add(float64(g.Commits))
	m.busy.Add(g.Took.Seconds())
}

// breaker counts and logs that a bank began or stopped failing.
func (m *metrics) breaker(log *slog.Logger) func(pos.BreakerChange) {
	return func(c pos.BreakerChange) {
		m.breakers.WithLabelValues(c.Connector, c.To).Inc()
		log.Warn("circuit breaker", "pos", c.POSID, "alias", c.Alias, "from", c.From, "to", c.To)
	}
}

// observe measures every request that next answers.
func (m *metrics) observe(c clock.Clock, next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		m.running.Inc()
		defer m.running.Dec()
		start, status := c.Now(), &statusWriter{ResponseWriter: w, status: http.StatusOK}
		next.ServeHTTP(status, r)
		m.requests.WithLabelValues(route(r), strconv.Itoa(status.status)).Observe(c.Now().Sub(start).Seconds())
	})
}

// named gives a handler that no ServeMux chose the name of its route.
func named(pattern string, next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		r.Pattern = pattern
		next.ServeHTTP(w, r)
	})
}

// route is the pattern that matched, which ServeMux leaves in the request.
func route(r *http.Request) string {
	if r.Pattern == "" {
		return "none"
	}
	return r.Pattern
}

type statusWriter struct {
	http.ResponseWriter
	status int
}

// WriteHeader notes the status.
func (w *statusWriter) WriteHeader(status int) {
	w.status = status
	w.ResponseWriter.WriteHeader(status)
}

// Unwrap lets http.ResponseController reach the connection.
func (w *statusWriter) Unwrap() http.ResponseWriter { return w.ResponseWriter }
