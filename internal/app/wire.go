package app

import (
	"context"
	"fmt"
	"log/slog"
	"net/http"
	"strings"

	"github.com/vezne/vezne/api"
	"github.com/vezne/vezne/internal/bin"
	"github.com/vezne/vezne/internal/checkout"
	"github.com/vezne/vezne/internal/clock"
	"github.com/vezne/vezne/internal/config"
	"github.com/vezne/vezne/internal/egress"
	"github.com/vezne/vezne/internal/fixture"
	"github.com/vezne/vezne/internal/httpapi/admin"
	"github.com/vezne/vezne/internal/httpapi/gateway"
	"github.com/vezne/vezne/internal/httpapi/kit"
	"github.com/vezne/vezne/internal/httpapi/pages"
	"github.com/vezne/vezne/internal/id"
	"github.com/vezne/vezne/internal/merchant"
	"github.com/vezne/vezne/internal/secret"
	"github.com/vezne/vezne/internal/storage/sqlstore"
	"github.com/vezne/vezne/internal/telemetry"
)

// Options are what a Server is built from.
type Options struct {
	Config config.Config
	Log    *slog.Logger
	// Demo is set for a demo: demo data, simulated banks, this machine alone.
	Demo *Demo
}

// build reads from the ground up: storage and secrets, demo data, banks, domain, what
// runs beside the doors, doors. There is no other place where these meet.
func (s *Server) build(ctx context.Context, o Options) error {
	g, err := s.openGround(ctx, o)
	if err != nil {
		return err
	}
	simulators, err := s.prepare(ctx, o, fixture.Target{
		Merchants: g.merchants, Routing: g.routes, BINs: g.bins, Team: g.team, Sealer: g.safe, IDs: g.ids, Clock: g.clock,
	})
	if err != nil {
		return err
	}
	banks, err := s.openBanks(o, g.safe, g.metrics)
	if err != nil {
		return err
	}
	urls, browsers := s.policies(o)
	d, err := s.newDomain(ctx, o, g, domainParts{banks: banks, urls: urls, browsers: browsers})
	if err != nil {
		return err
	}
	if err := s.runBeside(ctx, o, g, d); err != nil {
		return err
	}
	return s.open(interior{
		log: o.Log, clock: g.clock, metrics: g.metrics, requestKey: g.keys.request,
		limits: kit.Limits{Requests: o.Config.RateLimit, Shared: g.limits},
		rooms:  d.rooms, checkouts: d.checkouts, hosted: d.hosted, callers: d.callers, staff: s.staff(g, d),
		urls: urls, browsers: browsers, simulators: simulators,
		health: newHealth(databaseCheck(g.version, id.NewUUID().String()), g.clock, o.Log),
	})
}

// runBeside gathers what works without being asked.
func (s *Server) runBeside(ctx context.Context, o Options, g *ground, d *domain) error {
	sealer, err := newAuditSealer(ctx, g.db, g.safe, g.clock, o.Log)
	if err != nil {
		return err
	}
	runners, err := newRunners(ctx, o, g.db, d.rooms.operations.JobHandlers(), d.rooms.threeDS.JobHandlers(),
		d.checkouts.JobHandlers(), d.hooks.JobHandlers())
	if err != nil {
		return err
	}
	gauges := newGauges(g.metrics, g.db, d.banks, o.Log, runners...)
	clocks := &clockCheck{database: g.version, clock: g.clock, log: o.Log, observe: g.metrics.ClockAhead}
	tasks := append(tasksOf(runners), newResolver(d.rooms.operations, g.db).Run, g.rotator.Run)
	tasks = append(tasks, recordRefusals(g.team, o.Log))
	s.tasks = s.recorded(append(tasks, clocks.Run, d.uses.Run, sealer.Run, g.watcher.Run, gauges.Run))
	return nil
}

// staff is what the merchant's own people reach.
func (s *Server) staff(g *ground, d *domain) admin.Services {
	return admin.Services{
		Callers: d.callers, Payments: d.rooms.charges, Unknowns: d.rooms.operations, Audit: sqlstore.NewAudit(g.db),
		Merchants: merchant.NewService(merchant.Options{
			Store: g.merchants, Sealer: g.safe, IDs: g.ids, Clock: g.clock, Caches: g.watcher,
		}),
		Users: g.team, POSes: newPOSEditor(g.db, g.safe, g.ids, g.watcher),
		Editor: newEditor(g.routes, g.ids, g.watcher), Banks: d.banks, Webhooks: d.hooks,
		BINs: d.cards,
		Cards: bin.NewEditor(bin.Dependencies{
			Store: g.bins, IDs: g.ids, Clock: g.clock, Invalidate: g.watcher.Invalidate,
		}),
		Secure: strings.HasPrefix(s.url, "https://"),
	}
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
	doors, err := kit.New(kit.Config{
		Log: in.log, Clock: in.clock, HashKey: in.requestKey, Proxies: in.hosted.Proxies, Limits: in.limits,
	})
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
		"/healthz": probe(in.health.alive), "/readyz": probe(in.health.ready),
		"/metrics": probe(in.metrics.Handler().ServeHTTP),
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
