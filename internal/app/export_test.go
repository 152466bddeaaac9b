package app

import (
	"context"
	"log/slog"
	"net/http"
	"time"

	"github.com/vezne/vezne/internal/clock"
	"github.com/vezne/vezne/internal/config"
	"github.com/vezne/vezne/internal/job"
	"github.com/vezne/vezne/internal/storage"
	"github.com/vezne/vezne/internal/webhook"
)

// NewClockCheck returns one check of a node's clock against a database's.
func NewClockCheck(
	d interface {
		Now(ctx context.Context) (time.Time, error)
	}, c clock.Clock, log *slog.Logger, observe func(time.Duration),
) func(context.Context) error {
	return (&clockCheck{database: d, clock: c, log: log, observe: observe}).check
}

// SealAudit seals the audit log as a server does at a time.
func SealAudit(ctx context.Context, c config.Config, at time.Time) error {
	db, err := storage.Open(ctx, c.Database.Reveal(), storage.Options{})
	if err != nil {
		return err
	}
	defer func() { _ = db.Close() }() // what it wrote is committed
	sealer, err := loneAuditSealer(ctx, db, c, clock.NewManual(at))
	if err != nil {
		return err
	}
	return sealer.Seal(ctx)
}

// Events is the table of events with nothing to tell but their facts.
func Events() map[job.Kind]webhook.Describer { return events(nil) }

// ReadyHandler returns the handler of /readyz over a check of the test's choice.
func ReadyHandler(check func(context.Context) error, draining bool, c clock.Clock) http.Handler {
	h := newHealth(check, c, slog.New(slog.DiscardHandler))
	if draining {
		h.drain()
	}
	return probe(h.ready)
}
