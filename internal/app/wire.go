package app

import (
	"context"
	"fmt"
	"log/slog"
	"net/http"
	"strings"

	"github.com/vezne/vezne/api"
	"github.com/vezne/vezne/internal/checkout"
	"github.com/vezne/vezne/internal/clock"
	"github.com/vezne/vezne/internal/config"
	"github.com/vezne/vezne/internal/egress"
	"github.com/vezne/vezne/internal/fixture"
	"github.com/vezne/vezne/internal/httpapi/admin"
	"github.com/vezne/vezne/internal/httpapi/event"
	"github.com/vezne/vezne/internal/httpapi/gateway"
	"github.com/vezne/vezne/internal/httpapi/kit"
	"github.com/vezne/vezne/internal/httpapi/pages"
	"github.com/vezne/vezne/internal/id"
	"github.com/vezne/vezne/internal/merchant"
	"github.com/vezne/vezne/internal/secret"
	"github.com/vezne/vezne/internal/storage"
	"github.com/vezne/vezne/internal/storage/sqlstore"
	"github.com/vezne/vezne/internal/telemetry"
	"github.com/vezne/vezne/internal/webhook"
)

// Options are what a Server is built from.
type Options struct {
	Config config.Config
	Log    *slog.Logger
	// Demo is set for a demo: demo data, simulated banks, this machine alone.
	Demo *Demo
}

// build reads from the ground up: storage, secrets, caches, banks, domain,
// doors. There is no other place where these meet.
func (s *Server) build(ctx context.Context, o Options) error {
	system, metrics := clock.System{}, telemetry.NewMetrics(Version())

	// Storage.
	db, err := storage.Open(ctx, o.Config.Database.Reveal(), storage.Options{
		Clock: system, OnGroup: metrics.Group, OnCommit: metrics.Commit,
	})
	if err != nil {
		return err
	}
	s.closing(db.Close)
	payments, merchants, routes := sqlstore.NewPayments(db), sqlstore.NewMerchants(db), sqlstore.NewRouting(db)
	binRows, version, hookRows := sqlstore.NewBINs(db), sqlstore.NewConfig(db), sqlstore.NewWebhooks(db)
	ids := id.NewGenerator(sqlstore.NewSequences(db))

	// Secrets.
	watcher := newWatcher(version, db, o.Log)
	safe, keys, rotator, err := openVault(ctx, o, db, ids, watcher)
	if err != nil {
		return err
	}
	inFlight, limits, err := s.openEphemeral(ctx, o, safe)
	if err != nil {
		return err
	}
	team := newTeam(db, safe, ids, limits)

	// Demo data, or the proof that there is none.
	simulators, err := s.prepare(ctx, o, fixture.Target{
		Merchants: merchants, Routing: routes, BINs: binRows, Team: team, Sealer: safe, IDs: ids, Clock: system,
	})
	if err != nil {
		return err
	}

	// What is kept in memory.
	sealer, err := newAuditSealer(ctx, db, safe, system, o.Log)
	if err != nil {
		return err
	}
	uses, accounts := merchant.NewUses(merchants, o.Log), merchant.NewLoader(merchants, safe, system)
	directory := newDirectory(watcher, accounts, system, uses)

	// Banks.
	banks, err := s.openBanks(o, safe, metrics)
	if err != nil {
		return err
	}

	// Domain.
	cards, tables := newBINs(watcher, binRows), newTables(watcher, routes)
	urls, browsers := s.policies(o)
	rooms := s.newRooms(o, metrics, roomParts{
		store: payments, tables: tables, bins: cards, banks: banks, safe: safe, merchants: merchants,
		addresses: addresses(browsers), inFlight: inFlight, audience: newAudience(watcher, hookRows), ids: ids, limits: limits,
	})
	checkouts, hosted := s.hosted(o, checkout.Dependencies{
		Store: sqlstore.NewCheckouts(db), Payments: rooms.charges, ThreeDS: rooms.threeDS, Records: payments, Tables: tables, Merchants: merchants,
		Cards: safe, IDs: ids, Clock: system,
	}, merchants, urls, keys.form)
	hooks, err := s.webhooks(ctx, o, urls, webhook.Dependencies{
		Store: hookRows, Events: events(event.NewPayment(payments)), Sealer: safe, IDs: ids, Clock: system, Log: o.Log, Caches: watcher,
		OnAttempt: metrics.Attempt,
	})
	if err != nil {
		return err
	}
	runners, err := newRunners(ctx, o, db, rooms.operations.JobHandlers(), rooms.threeDS.JobHandlers(),
		checkouts.JobHandlers(), hooks.JobHandlers())
	if err != nil {
		return err
	}
	gauges := newGauges(metrics, db, banks, o.Log, runners...)
	clocks := &clockCheck{database: version, clock: system, log: o.Log, observe: metrics.ClockAhead}
	tasks := append(tasksOf(runners), newResolver(rooms.operations, db).Run, rotator.Run)
	s.tasks = s.recorded(append(tasks, clocks.Run, uses.Run, sealer.Run, watcher.Run, gauges.Run))
	staff := admin.Services{
		Callers: directory, Payments: rooms.charges, Unknowns: rooms.operations, Audit: sqlstore.NewAudit(db), Users: team, Banks: banks, BINs: cards, Webhooks: hooks,
		Merchants: merchant.NewService(merchant.Options{Store: merchants, Sealer: safe, IDs: ids, Clock: system, Caches: watcher}),
		POSes:     newPOSEditor(db, safe, ids, watcher), Editor: newEditor(routes, binRows, ids, watcher),
		Secure: strings.HasPrefix(s.url, "https://"),
	}
	return s.open(interior{
		log: o.Log, clock: system, metrics: metrics, requestKey: keys.request,
		limits: kit.Limits{Requests: o.Config.RateLimit, Shared: limits},
		rooms:  rooms, checkouts: checkouts, hosted: hosted, callers: directory, staff: staff, urls: urls, browsers: browsers, simulators: simulators,
		health: &health{check: func(ctx context.Context) error { _, err := version.ConfigVersion(ctx); return err }},
	})
}

// interior is what the doors open to.
type interior struct {
	log        *slog.Logger
	clock      clock.Clock
	metrics    *telemetry.Metrics
	requestKey secret.Bytes
	limits     kit.Limits
	rooms      rooms
	checkouts  *checkout.Service
	hosted     pages.CheckoutOptions
	callers    *merchant.Directory
	staff      admin.Services
	urls       egress.Policy // what merchants' addresses may be
	browsers   egress.Policy // where payers' browsers may be sent
	simulators http.Handler  // nil if no bank is played here
	health     *health
}

// open hangs the doors.
func (s *Server) open(in interior) error {
	doors, err := kit.New(kit.Config{Log: in.log, Clock: in.clock, HashKey: in.requestKey, Proxies: in.hosted.Proxies, Limits: in.limits})
	if err != nil {
		return fmt.Errorf("open doors: %w", err)
	}
	returns, err := pages.Returns(doors, in.rooms.threeDS, in.browsers)
	if err != nil {
		return fmt.Errorf("open doors: %w", err)
	}
	in.hosted.Limits = in.limits.Shared
	hosted, assets, err := pages.Checkout(doors, in.hosted)
	if err != nil {
		return fmt.Errorf("open doors: %w", err)
	}
	site := doors.NewSite()
	site.Mount(gateway.Prefix, gateway.Handler(doors, gateway.Services{
		Payments: in.rooms.charges, ThreeDS: in.rooms.threeDS, Checkouts: in.checkouts, Callers: in.callers, URLs: in.urls,
	}))
	site.Mount(admin.Prefix, admin.Handler(doors, in.staff))
	site.Mount(pages.DocsPrefix, pages.Docs(doors, api.Documents, s.url))
	site.Mount(pages.ReturnsPrefix, returns)
	site.Mount(checkout.LinkPrefix, hosted)
	site.Mount(pages.AssetsPrefix, assets)
	for path, h := range map[string]http.Handler{
		"/healthz": probe(in.health.alive), "/readyz": probe(in.health.ready), "/metrics": probe(in.metrics.Handler().ServeHTTP),
	} {
		site.Mount(path, doors.Plain(path, telemetry.Named(path, h)))
	}
	if s.demo {
		site.Mount(demoReceiver, doors.Plain(demoReceiver, http.HandlerFunc(receiveDemo)))
	}
	if in.simulators != nil {
		site.Mount("/sim/", in.simulators)
	}
	s.drain = in.health.drain
	s.server = doors.NewServer(in.metrics.Observe(in.clock, s.traced(site)))
	return nil
}
