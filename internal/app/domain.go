package app

import (
	"context"

	"github.com/vezne/vezne/internal/checkout"
	"github.com/vezne/vezne/internal/egress"
	"github.com/vezne/vezne/internal/httpapi/event"
	"github.com/vezne/vezne/internal/httpapi/pages"
	"github.com/vezne/vezne/internal/merchant"
	"github.com/vezne/vezne/internal/pos"
	"github.com/vezne/vezne/internal/storage/sqlstore"
	"github.com/vezne/vezne/internal/webhook"
)

// domainParts is what the domain needs besides the ground.
type domainParts struct {
	banks *pos.Registry
	// urls says what merchants' addresses may be, browsers where payers' browsers may be
	// sent.
	urls, browsers egress.Policy
}

// domain is what the doors open to and what works beside them.
type domain struct {
	banks   *pos.Registry
	uses    *merchant.Uses
	callers *merchant.Directory
	cards   bins

	rooms     rooms
	checkouts *checkout.Service
	hosted    pages.CheckoutOptions
	hooks     *webhook.Service
}

// newDomain builds what is kept in memory, the rooms of a payment on that, and what
// sells on those.
func (s *Server) newDomain(ctx context.Context, o Options, g *ground, p domainParts) (*domain, error) {
	accounts := merchant.NewLoader(g.merchants, g.safe, g.clock)
	d := &domain{banks: p.banks, uses: merchant.NewUses(g.merchants, o.Log), cards: newBINs(g.watcher, g.bins)}
	d.callers = newDirectory(g.watcher, accounts, g.clock, d.uses)
	tables := newTables(g.watcher, g.routes)

	d.rooms = s.newRooms(o, g.metrics, roomParts{
		store: g.payments, tables: tables, bins: d.cards, banks: p.banks, safe: g.safe, merchants: g.merchants,
		addresses: addresses(p.browsers), inFlight: g.inFlight, audience: newAudience(g.watcher, g.hooks),
		ids: g.ids, limits: g.limits,
	})

	d.checkouts, d.hosted = s.hosted(o, checkout.Dependencies{
		Store: sqlstore.NewCheckouts(g.db), Payments: d.rooms.charges, ThreeDS: d.rooms.threeDS, Records: g.payments,
		Tables: tables, Merchants: g.merchants, Cards: g.safe, IDs: g.ids, Clock: g.clock,
	}, g.merchants, p.urls, g.keys.form)
	var err error
	d.hooks, err = s.webhooks(ctx, o, p.urls, webhook.Dependencies{
		Store: g.hooks, Events: events(event.NewPayment(g.payments)), Sealer: g.safe, IDs: g.ids, Clock: g.clock,
		Log: o.Log, Caches: g.watcher, OnAttempt: g.metrics.Attempt,
	})
	return d, err
}
