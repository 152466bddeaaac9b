package app

import (
	"context"
	"log/slog"
	"net/http"
	"time"

	"github.com/vezne/vezne/internal/clock"
)

// NewClockCheck returns one check of a node's clock against a database's.
func NewClockCheck(
	d interface {
		Now(ctx context.Context) (time.Time, error)
	}, c clock.Clock, log *slog.Logger, observe func(time.Duration),
) func(context.Context) error {
	return (&clockCheck{database: d, clock: c, log: log, observe: observe}).check
}

// ReadyHandler returns the handler of /readyz over a check of the test's choice.
func ReadyHandler(check func(context.Context) error, draining bool) http.Handler {
	h := &health{check: check}
	if draining {
		h.drain()
	}
	return probe(h.ready)
}
