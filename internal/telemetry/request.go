package telemetry

import (
	"net/http"
	"strconv"

	"github.com/vezne/vezne/internal/clock"
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
