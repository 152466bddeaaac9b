package webhook

import (
	"context"
	"log/slog"
	"strconv"
	"time"

	"github.com/vezne/vezne/internal/audit"
	"github.com/vezne/vezne/internal/clock"
	"github.com/vezne/vezne/internal/fault"
	"github.com/vezne/vezne/internal/id"
	"github.com/vezne/vezne/internal/job"
	"github.com/vezne/vezne/internal/vault"
)

// Poster sends a body to an address that a merchant chose, without becoming a
// way into the network that it stands in.
type Poster interface {
	// Post sends body. Redirects are answers like any other. The answer is its status
	// and at least its first MaxAnswer bytes; an error means that there was none, and
	// its text is safe to show to the merchant.
	Post(ctx context.Context, url string, header map[string]string, body []byte) (status int, head []byte, err error)
}

// Addresses judges the addresses that merchants give.
type Addresses interface {
	// Check returns why an address may not be used, nil if it may. The error's text is
	// safe to show to the merchant.
	Check(url string) error
}

// Invalidator is what this node's caches belong to; cache.Watcher is one.
type Invalidator interface {
	// Invalidate makes the caches load again.
	Invalidate()
}

// Dependencies is what a Service works with. All but Caches and OnAttempt are
// required.
type Dependencies struct {
	Store Store
	// Events are the types that endpoints can ask for. One whose facts tell everything
	// has a nil Describer.
	Events    map[job.Kind]Describer
	Poster    Poster
	Addresses Addresses
	Sealer    vault.Sealer
	IDs       *id.Generator
	Clock     clock.Clock
	Log       *slog.Logger
	// Caches, if set, forget who listens whenever endpoints change.
	Caches Invalidator
	// OnAttempt, if set, hears of every attempt to deliver and what the delivery is
	// afterwards: Delivered, Pending if it is tried again, or Failed. It is called by
	// the goroutine that sent it and must not wait.
	OnAttempt func(Status, time.Duration)
}

// Service manages endpoints and delivers events to them. It is safe for
// concurrent use, by any number of nodes on one store.
type Service struct {
	store     Store
	events    map[job.Kind]Describer
	poster    Poster
	addresses Addresses
	sealer    vault.Sealer
	ids       *id.Generator
	clock     clock.Clock
	log       *slog.Logger
	caches    Invalidator
	onAttempt func(Status, time.Duration)
	// lanes bounds how many deliveries run to one endpoint.
	lanes *job.Lanes[id.Endpoint]
}

// NewService returns a Service.
func NewService(d Dependencies) *Service {
	return &Service{
		store: d.Store, events: d.Events, poster: d.Poster, addresses: d.Addresses, sealer: d.Sealer,
		ids: d.IDs, clock: d.Clock, log: d.Log, caches: d.Caches, onAttempt: d.OnAttempt, lanes: job.NewLanes[id.Endpoint](),
	}
}

// JobHandlers returns the handlers of the events, each of which turns one into its
// deliveries, and of the deliveries.
func (s *Service) JobHandlers() job.Handlers {
	all := job.Handlers{jobDeliver: {Class: job.Callback, Do: s.deliver}}
	for t := range s.events {
		all[t] = job.Work{Class: job.Event, Do: s.fanOut}
	}
	return all
}

// record queues an audit record about an endpoint. facts must hold no secrets.
func (s *Service) record(ctx context.Context, e Endpoint, actor, action string, facts any) (func(Tx), error) {
	r, err := audit.NewRecord(ctx, s.ids, s.clock, audit.Deed{
		MerchantID: e.MerchantID, Actor: actor, Action: "webhook_endpoint." + action,
		Subject: "webhook_endpoint:" + strconv.FormatInt(int64(e.ID), 10), Facts: facts,
	})
	if err != nil {
		return nil, err
	}
	return func(tx Tx) { tx.Record(r) }, nil
}

// facts are what an audit record tells of an endpoint.
func (e *Endpoint) facts() map[string]any {
	return map[string]any{"url": e.URL, "description": e.Description, "events": e.Events, "state": string(e.State)}
}

// changed turns a lost compare-and-set into what its caller can understand.
func changed(err error) error {
	if fault.CodeOf(err) == fault.StaleVersion {
		return fault.Wrap(fault.PreconditionFailed, fault.VersionMismatch, "the endpoint was changed since it was read", err)
	}
	return err
}
