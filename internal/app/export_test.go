package app

import (
	"context"
	"net/http"
)

// ReadyHandler returns the handler of /readyz over a check of the test's choice.
func ReadyHandler(check func(context.Context) error, draining bool) http.Handler {
	h := &health{check: check}
	if draining {
		h.drain()
	}
	return probe(h.ready)
}
