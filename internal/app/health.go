package app

import (
	"context"
	"io"
	"net/http"
	"sync/atomic"
	"time"
)

// readyTimeout bounds one check, so that a load balancer gets its answer before
// it gives up on us.
const readyTimeout = 2 * time.Second

// health answers whether the process lives and whether it wants work.
type health struct {
	stopping atomic.Bool
	// check reports why the node cannot work; nil when it can.
	check func(context.Context) error
}

// drain makes the node ask for no more work.
func (h *health) drain() { h.stopping.Store(true) }

// alive says that the process answers at all.
func (*health) alive(w http.ResponseWriter, _ *http.Request) {
	respond(w, http.StatusOK, "ok")
}

// ready says whether new work may be sent here. Causes are for our log, not for
// strangers, so it only names the sort of trouble.
func (h *health) ready(w http.ResponseWriter, r *http.Request) {
	if h.stopping.Load() {
		respond(w, http.StatusServiceUnavailable, "draining")
		return
	}
	ctx, cancel := context.WithTimeout(r.Context(), readyTimeout)
	defer cancel()
	if err := h.check(ctx); err != nil {
		respond(w, http.StatusServiceUnavailable, "database not ready")
		return
	}
	respond(w, http.StatusOK, "ready")
}

func respond(w http.ResponseWriter, status int, text string) {
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	w.Header().Set("Cache-Control", "no-store")
	w.WriteHeader(status)
	_, _ = io.WriteString(w, text+"\n") // a caller that hung up needs no answer
}

// probe answers GET and HEAD alone.
func probe(h http.HandlerFunc) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Method != http.MethodGet && r.Method != http.MethodHead {
			w.Header().Set("Allow", "GET, HEAD")
			http.Error(w, http.StatusText(http.StatusMethodNotAllowed), http.StatusMethodNotAllowed)
			return
		}
		h(w, r)
	})
}
