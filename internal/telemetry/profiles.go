package telemetry

import (
	"net"
	"net/http"
	"net/http/pprof"
	"time"
)

// profileHeaderTime bounds the reading of a request's header. A profile itself
// may take as long as its caller wants.
const profileHeaderTime = 5 * time.Second

// NewProfiles returns the server of Go's own profiles under /debug/pprof/. A heap
// profile shows no values, but names and times of everything; it is for a
// listener that this machine alone reaches. Browsers that were led here under a
// name of somebody else's are refused.
func NewProfiles() *http.Server {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /debug/pprof/", pprof.Index)
	mux.HandleFunc("GET /debug/pprof/profile", pprof.Profile)
	mux.HandleFunc("GET /debug/pprof/symbol", pprof.Symbol)
	mux.HandleFunc("GET /debug/pprof/trace", pprof.Trace)
	return &http.Server{Handler: onlyLocal(mux), ReadHeaderTimeout: profileHeaderTime}
}

func onlyLocal(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		host, _, err := net.SplitHostPort(r.Host)
		if err != nil {
			host = r.Host
		}
		if ip := net.ParseIP(host); host != "localhost" && (ip == nil || !ip.IsLoopback()) {
			http.Error(w, http.StatusText(http.StatusForbidden), http.StatusForbidden)
			return
		}
		next.ServeHTTP(w, r)
	})
}
