package app

import (
	"context"
	"io"
	"log/slog"
	"net/http"
	"sync"
	"sync/atomic"
	"time"

	"github.com/vezne/vezne/internal/clock"
	"github.com/vezne/vezne/internal/storage/sqlstore"
)

const (
	// readyTimeout bounds one check, so that a load balancer gets its answer before
	// it gives up on us.
	readyTimeout = 2 * time.Second
	// readyFresh is how long a check answers for: however many ask, the database is
	// written to no more often.
	readyFresh = time.Second
)

// health answers whether the process lives and whether it wants work.
type health struct {
	stopping atomic.Bool
	// check reports why the node cannot work; nil when it can.
	check func(context.Context) error
	clock clock.Clock
	log   *slog.Logger

	mu      sync.Mutex // held while the database is asked, so that one asks for all
	asked   bool
	askedAt time.Duration
	last    error
}

func newHealth(check func(context.Context) error, c clock.Clock, log *slog.Logger) *health {
	return &health{check: check, clock: c, log: log}
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
	if err := h.look(r.Context()); err != nil {
		respond(w, http.StatusServiceUnavailable, "database not ready")
		return
	}
	respond(w, http.StatusOK, "ready")
}

// look returns what the last check said, or checks again when that is old. One
// asker's hanging up does not end the check of all.
func (h *health) look(ctx context.Context) error {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.asked && h.clock.Elapsed()-h.askedAt < readyFresh {
		return h.last
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), readyTimeout)
	defer cancel()
	err := h.check(ctx)
	switch {
	case err != nil && h.last == nil:
		h.log.LogAttrs(ctx, slog.LevelError, "not ready for work", slog.Any("error", err))
	case err == nil && h.last != nil:
		h.log.LogAttrs(ctx, slog.LevelInfo, "ready for work again")
	}
	h.asked, h.askedAt, h.last = true, h.clock.Elapsed(), err
	return err
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

// databaseCheck tries to read and to write as a payment would: a disk that is full
// is read from all the same.
func databaseCheck(c *sqlstore.Config, node string) func(context.Context) error {
	return func(ctx context.Context) error {
		if _, err := c.ConfigVersion(ctx); err != nil {
			return err
		}
		return c.Probe(ctx, node)
	}
}
