package kit

import (
	"log/slog"
	"net/http"
	"strings"
	"time"

	"github.com/vezne/vezne/internal/fault"
)

// Time limits of the server. A payment is answered within 60 seconds, however
// slow the bank is, so its work ends a little earlier and its connection later.
const (
	workTime       = 55 * time.Second
	headerTime     = 10 * time.Second
	readTime       = 30 * time.Second
	writeTime      = 90 * time.Second
	idleTime       = 2 * time.Minute
	maxHeaderBytes = 16 << 10
)

// NewServer returns an http.Server whose limits no slow or greedy caller can
// stretch. Its address, or listener, is the caller's to choose.
func (k *Kit) NewServer(h http.Handler) *http.Server {
	return &http.Server{
		Handler:           framed(h),
		ReadHeaderTimeout: headerTime,
		ReadTimeout:       readTime,
		WriteTimeout:      writeTime,
		IdleTimeout:       idleTime,
		MaxHeaderBytes:    maxHeaderBytes,
		ErrorLog:          slog.NewLogLogger(k.log.Handler(), slog.LevelWarn),
	}
}

// framed closes the connection after the answer to a request whose end another
// reader may see elsewhere: what follows there is a request to one of us and the
// rest of a body to the other. A request with both Transfer-Encoding and
// Content-Length has two ends (RFC 9112, section 6.3), and so has one of HTTP/1.0
// with Transfer-Encoding (section 6.1). net/http reads the first as chunked and
// the second by its length, and drops the other header before anybody sees it, so
// every chunked request and every one of HTTP/1.0 is taken for such.
func framed(h http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.ProtoMajor == 1 && (len(r.TransferEncoding) > 0 || r.ProtoMinor == 0) {
			w.Header().Set("Connection", "close")
		}
		h.ServeHTTP(w, r)
	})
}

// Plain gives a handler that is no surface, such as a page or a probe, what
// every answer must have: a request id, a log line, and no panic on the wire.
func (k *Kit) Plain(route string, h http.Handler) http.Handler {
	return k.Fallible(route, func(w http.ResponseWriter, r *http.Request) error {
		h.ServeHTTP(w, r)
		return nil
	})
}

// Fallible is Plain for what may fail: an error is answered by its status alone,
// if nothing was written before, and logged. A page that has told of the error
// itself may return it too.
func (k *Kit) Fallible(route string, serve func(http.ResponseWriter, *http.Request) error) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		x := k.begin(w, r, "plain")
		x.route = route
		_, err := x.guard(func() (Response, error) { return Response{}, serve(x.w, r) })
		if err == nil {
			x.log(r.Context(), nil, nil)
			return
		}
		f := public(err)
		if x.w.status == 0 {
			status := StatusOf(x.w.Header(), err)
			http.Error(x.w, http.StatusText(status), status)
		}
		x.log(r.Context(), f, nil)
	})
}

// Site sends a request to the handler with the longest prefix of its path. It
// exists because http.ServeMux redirects paths that it wants to tidy, and a
// redirected POST loses its body. The zero value knows no prefix.
type Site struct {
	mounts []mount
	kit    *Kit
}

type mount struct {
	prefix  string
	handler http.Handler
}

// NewSite returns a Site without mounts.
func (k *Kit) NewSite() *Site { return &Site{kit: k} }

// Mount adds a handler: for everything below the prefix if it ends with a slash
// (and for the prefix without it), else for that path alone. All mounts come
// before the first request.
func (s *Site) Mount(prefix string, h http.Handler) {
	s.mounts = append(s.mounts, mount{prefix: prefix, handler: h})
}

// ServeHTTP serves by the longest prefix, or 404.
func (s *Site) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	var best mount
	for _, m := range s.mounts {
		if m.matches(r.URL.Path) && len(m.prefix) > len(best.prefix) {
			best = m
		}
	}
	if best.handler == nil {
		best.handler = s.kit.Plain("unmatched", http.HandlerFunc(notFound))
	}
	best.handler.ServeHTTP(w, r)
}

func (m mount) matches(path string) bool {
	if !strings.HasSuffix(m.prefix, "/") {
		return path == m.prefix
	}
	return strings.HasPrefix(path, m.prefix) || path+"/" == m.prefix
}

func notFound(w http.ResponseWriter, _ *http.Request) {
	http.Error(w, string(fault.NoSuchThing), http.StatusNotFound)
}
