// Package telemetry tells what the process does: metrics for Prometheus, traces
// over OTLP, and Go's own profiles for whoever sits on the machine. Nothing that
// it exports holds card data, and metrics hold no ids either: every label comes
// from a closed set, which docs/metrics.md lists.
package telemetry

import (
	"net/http"
	"runtime"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/prometheus/client_golang/prometheus/promhttp"

	"github.com/vezne/vezne/internal/charge"
	"github.com/vezne/vezne/internal/connector"
	"github.com/vezne/vezne/internal/fault"
	"github.com/vezne/vezne/internal/job"
	"github.com/vezne/vezne/internal/operation"
	"github.com/vezne/vezne/internal/pos"
	"github.com/vezne/vezne/internal/storage"
	"github.com/vezne/vezne/internal/webhook"
)

// Metrics counts and measures. Its methods are called from the places where
// things happen; they never wait and are safe for concurrent use.
//
// Payments are counted by connector and not by POS: a POS's alias is the
// merchant's to choose, and there may be as many POSes as merchants times banks.
// One POS's numbers are in the admin API.
type Metrics struct {
	registry *prometheus.Registry

	requests *prometheus.HistogramVec
	running  prometheus.Gauge

	commands    *prometheus.CounterVec
	bankTimes   *prometheus.HistogramVec
	bankAnswers *prometheus.CounterVec
	breakers    *prometheus.CounterVec
	resolutions *prometheus.CounterVec

	commits    *prometheus.HistogramVec
	groupTimes prometheus.Histogram
	groupSizes prometheus.Histogram

	jobs         *prometheus.CounterVec
	attempts     *prometheus.CounterVec
	attemptTimes prometheus.Histogram

	clockAhead prometheus.Gauge
}

// Buckets of the histograms, in seconds.
func fromListToBank() []float64 { // from the fastest list to the longest bank time-out
	return []float64{.001, .0025, .005, .01, .025, .05, .1, .25, .5, 1, 2.5, 5, 10, 30, 60}
}

func ofDisk() []float64 { // from a fast disk's flush to the time-out of a group
	return []float64{.00025, .0005, .001, .0025, .005, .01, .025, .05, .1, .25, .5, 1, 5, 30}
}

// NewMetrics returns Metrics of a process of the version given.
func NewMetrics(version string) *Metrics {
	m := &Metrics{
		registry: prometheus.NewRegistry(),
		requests: histograms("vezne_http_request_duration_seconds", "Time to answer a request.",
			fromListToBank(), "route", "status"),
		running: prometheus.NewGauge(prometheus.GaugeOpts{
			Name: "vezne_http_requests_running", Help: "Requests being answered now.",
		}),
		commands: counters("vezne_payment_commands_total", "Commands about payments that were answered.",
			"surface", "command", "connector", "outcome"),
		bankTimes: histograms("vezne_bank_request_duration_seconds", "Time until a bank answered or was given up.",
			fromListToBank(), "connector", "kind"),
		bankAnswers: counters("vezne_bank_requests_total", "Requests to banks.", "connector", "kind", "outcome"),
		breakers: counters("vezne_bank_breaker_changes_total", "Changes of banks' circuit breakers, by new state.",
			"connector", "state"),
		resolutions: counters("vezne_resolver_results_total", "Inquiries of the resolver.", "connector", "result"),
		commits: histograms("vezne_storage_commit_duration_seconds",
			"Time that a commit took its caller, the wait for its group included.", ofDisk(), "result"),
		groupTimes: prometheus.NewHistogram(prometheus.HistogramOpts{
			Name: "vezne_storage_group_duration_seconds", Help: "Time that a group of commits took its writer.",
			Buckets: ofDisk(),
		}),
		groupSizes: prometheus.NewHistogram(prometheus.HistogramOpts{
			Name: "vezne_storage_group_size", Help: "Commits that shared a group.",
			Buckets: []float64{1, 2, 4, 8, 16, 32, 64, 128},
		}),
		jobs:     counters("vezne_job_runs_total", "Runs of jobs.", "kind", "result"),
		attempts: counters("vezne_webhook_attempts_total", "Attempts to deliver an event.", "result"),
		attemptTimes: prometheus.NewHistogram(prometheus.HistogramOpts{
			Name: "vezne_webhook_attempt_duration_seconds", Help: "Time that an endpoint took for an attempt.",
			Buckets: fromListToBank(),
		}),
	}
	build := prometheus.NewGaugeVec(prometheus.GaugeOpts{
		Name: "vezne_build_info", Help: "1, with the version that is running.",
	}, []string{"version", "go_version"})
	m.clockAhead = gauge("vezne_clock_ahead_seconds",
		"How far this node's clock is ahead of the database's, negative if it is behind.")
	build.WithLabelValues(version, runtime.Version()).Set(1)
	m.registry.MustRegister(build, m.requests, m.running, m.commands, m.bankTimes, m.bankAnswers, m.breakers, m.resolutions,
		m.commits, m.groupTimes, m.groupSizes, m.jobs, m.attempts, m.attemptTimes, m.clockAhead,
		collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))
	return m
}

func counters(name, help string, labels ...string) *prometheus.CounterVec {
	return prometheus.NewCounterVec(prometheus.CounterOpts{Name: name, Help: help}, labels)
}

func histograms(name, help string, buckets []float64, labels ...string) *prometheus.HistogramVec {
	return prometheus.NewHistogramVec(prometheus.HistogramOpts{Name: name, Help: help, Buckets: buckets}, labels)
}

// Handler serves the metrics in Prometheus's text form.
func (m *Metrics) Handler() http.Handler {
	return promhttp.HandlerFor(m.registry, promhttp.HandlerOpts{})
}

// Answered counts a command. It is made for charge.Dependencies.
func (m *Metrics) Answered(a charge.Answered) {
	m.commands.WithLabelValues(string(a.Surface), string(a.Command), a.Connector, string(a.Ending)).Inc()
}

// Resolved counts an inquiry of the resolver. It is made for operation.Dependencies.
func (m *Metrics) Resolved(r operation.Resolved) {
	m.resolutions.WithLabelValues(r.Connector, string(r.Resolution)).Inc()
}

// Request counts a request to a bank, and measures it if it was sent. It is made
// for pos.Options.
func (m *Metrics) Request(r pos.Request) {
	m.bankAnswers.WithLabelValues(r.Connector, string(r.Kind), pos.OutcomeName(r.Outcome)).Inc()
	if r.Outcome != connector.Unsent {
		m.bankTimes.WithLabelValues(r.Connector, string(r.Kind)).Observe(r.Took.Seconds())
	}
}

// Breaker counts that a bank began or stopped failing. It is made for pos.Options.
func (m *Metrics) Breaker(c pos.BreakerChange) {
	m.breakers.WithLabelValues(c.Connector, c.To).Inc()
}

// ClockAhead shows how far this node's clock is ahead of the database's.
func (m *Metrics) ClockAhead(by time.Duration) { m.clockAhead.Set(by.Seconds()) }

// Group measures a group of commits. It is made for storage.Options.
func (m *Metrics) Group(g storage.Group) {
	m.groupTimes.Observe(g.Took.Seconds())
	m.groupSizes.Observe(float64(g.Commits))
}

// Commit measures a commit. A broken rule, such as a lost compare-and-set, is not
// a failure of the database. It is made for storage.Options.
func (m *Metrics) Commit(took time.Duration, err error) {
	result := "done"
	switch {
	case err != nil && fault.KindOf(err) == fault.Conflict:
		result = "conflict"
	case err != nil:
		result = "failed"
	}
	m.commits.WithLabelValues(result).Observe(took.Seconds())
}

// Ran counts a run of a job. It is made for job.Runner.
func (m *Metrics) Ran(k job.Kind, e job.Ending) {
	m.jobs.WithLabelValues(string(k), string(e)).Inc()
}

// Attempt counts and measures an attempt to deliver an event. It is made for
// webhook.Dependencies.
func (m *Metrics) Attempt(s webhook.Status, took time.Duration) {
	m.attempts.WithLabelValues(attemptResult(s)).Inc()
	m.attemptTimes.Observe(took.Seconds())
}

func attemptResult(s webhook.Status) string {
	switch s {
	case webhook.Delivered:
		return "delivered"
	case webhook.Failed:
		return "given_up"
	case webhook.Pending, webhook.Cancelled:
	}
	return "to_be_retried"
}
