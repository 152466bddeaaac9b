package app

import (
	"context"

	"github.com/vezne/vezne/internal/cache"
	"github.com/vezne/vezne/internal/clock"
	"github.com/vezne/vezne/internal/ephemeral"
	"github.com/vezne/vezne/internal/id"
	"github.com/vezne/vezne/internal/limit"
	"github.com/vezne/vezne/internal/storage"
	"github.com/vezne/vezne/internal/storage/sqlstore"
	"github.com/vezne/vezne/internal/telemetry"
	"github.com/vezne/vezne/internal/user"
	"github.com/vezne/vezne/internal/vault"
)

// ground is what the domain is built on: storage, secrets, and who follows changes of
// the configuration.
type ground struct {
	clock   clock.Clock
	metrics *telemetry.Metrics

	db        *storage.DB
	payments  *sqlstore.Payments
	merchants *sqlstore.Merchants
	routes    *sqlstore.Routing
	bins      *sqlstore.BINs
	hooks     *sqlstore.Webhooks
	version   *sqlstore.Config
	ids       *id.Generator

	watcher  *cache.Watcher
	safe     *vault.Vault
	keys     serverKeys
	rotator  *vault.Rotator
	inFlight *ephemeral.Secrets
	limits   limit.Shared
	team     *user.Service
}

// openGround opens storage first, because the keys to everything else lie there.
func (s *Server) openGround(ctx context.Context, o Options) (*ground, error) {
	g := &ground{clock: clock.System{}, metrics: telemetry.NewMetrics(Version())}
	var err error
	g.db, err = storage.Open(ctx, o.Config.Database.Reveal(), storage.Options{
		Clock: g.clock, OnGroup: g.metrics.Group, OnCommit: g.metrics.Commit,
	})
	if err != nil {
		return nil, err
	}
	s.closing(g.db.Close)
	g.payments, g.merchants, g.routes = sqlstore.NewPayments(g.db), sqlstore.NewMerchants(g.db), sqlstore.NewRouting(g.db)
	g.bins, g.hooks, g.version = sqlstore.NewBINs(g.db), sqlstore.NewWebhooks(g.db), sqlstore.NewConfig(g.db)
	g.ids = id.NewGenerator(sqlstore.NewSequences(g.db))

	g.watcher = newWatcher(g.version, g.db, o.Log)
	if g.safe, g.keys, g.rotator, err = openVault(ctx, o, g.db, g.ids, g.watcher); err != nil {
		return nil, err
	}
	if g.inFlight, g.limits, err = s.openEphemeral(ctx, o, g.safe); err != nil {
		return nil, err
	}
	g.team = newTeam(g.db, g.safe, g.ids, g.limits)
	return g, nil
}
