package telemetry

import (
	"errors"
	"net/http"
	"slices"
	"strconv"
	"strings"

	"go.opentelemetry.io/otel/propagation"

	"github.com/vezne/vezne/internal/clock"
	"github.com/vezne/vezne/internal/id"
	"github.com/vezne/vezne/internal/trace"
)

// Observe measures every request that next answers, by the pattern of its route:
// never by its path, which callers choose.
func (m *Metrics) Observe(c clock.Clock, next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		m.running.Inc()
		defer m.running.Dec()
		start, status := c.Elapsed(), &statusWriter{ResponseWriter: w, status: http.StatusOK}
		next.ServeHTTP(status, r)
		m.requests.WithLabelValues(route(r), strconv.Itoa(status.status)).Observe((c.Elapsed() - start).Seconds())
	})
}

// Observe has the steps of every request that next answers recorded. Probes and
// simulated banks are left out.
func (t *Traces) Observe(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if unrecorded(r.URL.Path) {
			next.ServeHTTP(w, r)
			return
		}
		ctx := t.incoming.Extract(r.Context(), propagation.HeaderCarrier(r.Header))
		ctx, span := trace.Start(trace.With(ctx, t), trace.StepRequest)
		defer span.End()
		status := &statusWriter{ResponseWriter: w, status: http.StatusOK}
		inner := r.WithContext(ctx)
		next.ServeHTTP(status, inner)
		r.Pattern = inner.Pattern // for the metrics
		describe(span, inner, status)
	})
}

func describe(span trace.Span, r *http.Request, w *statusWriter) {
	if m := r.Method; slices.Contains([]string{
		http.MethodGet, http.MethodHead, http.MethodPost, http.MethodPut, http.MethodPatch, http.MethodDelete,
		http.MethodOptions,
	}, m) {
		span.Set(trace.Method(m)) // another one is the caller's own word
	}
	span.Set(trace.Route(route(r)))
	span.Set(trace.Status(w.status))
	if u, err := id.ParseUUID(w.Header().Get("X-Request-Id")); err == nil {
		span.Set(trace.Request(u))
	}
	if w.status >= http.StatusInternalServerError {
		span.Fail(errStatus)
	}
}

// errStatus marks a span whose status says it all.
var errStatus = errors.New("the answer is a server error")

func unrecorded(path string) bool {
	return path == "/healthz" || path == "/readyz" || path == "/metrics" || strings.HasPrefix(path, "/sim/")
}

// Named gives a handler that no ServeMux chose the name of its route.
func Named(pattern string, next http.Handler) http.Handler {
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
