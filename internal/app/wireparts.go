package app

import (
	"context"
	"fmt"
	"log/slog"

	"github.com/vezne/vezne/internal/cache"
	"github.com/vezne/vezne/internal/clock"
	"github.com/vezne/vezne/internal/connector"
	"github.com/vezne/vezne/internal/connector/all"
	"github.com/vezne/vezne/internal/connector/wire"
	"github.com/vezne/vezne/internal/ephemeral"
	"github.com/vezne/vezne/internal/id"
	"github.com/vezne/vezne/internal/job"
	"github.com/vezne/vezne/internal/limit"
	"github.com/vezne/vezne/internal/operation"
	"github.com/vezne/vezne/internal/pos"
	"github.com/vezne/vezne/internal/retention"
	"github.com/vezne/vezne/internal/secret"
	"github.com/vezne/vezne/internal/storage"
	"github.com/vezne/vezne/internal/storage/sqlstore"
	"github.com/vezne/vezne/internal/telemetry"
	"github.com/vezne/vezne/internal/vault"
)

// serverKeys are secrets of the servers themselves, the same on every node.
type serverKeys struct {
	request secret.Bytes // under which requests are remembered by idempotency keys
	form    secret.Bytes // under which hosted pages sign their forms
}

// openVault opens the keyset and makes sure that it opens what is sealed in the
// database. Data keys that were opened are kept while the watcher vouches for
// them, so that a rotation reaches this node; the rotator is this node's part in
// one.
func openVault(
	ctx context.Context, o Options, db *storage.DB, ids *id.Generator, w *cache.Watcher,
) (*vault.Vault, serverKeys, *vault.Rotator, error) {
	keyset, err := loadKeyset(ctx, o.Config)
	if err != nil {
		return nil, serverKeys{}, nil, err
	}
	safe := vault.New(vault.Options{
		Keyset: keyset, Store: sqlstore.NewVault(db), IDs: ids, Clock: clock.System{},
		Cache: func(load func(context.Context, id.Merchant) (*vault.Ring, error)) vault.RingCache {
			return cache.New(w, cache.Bounds{Values: vault.MaxRings}, load)
		},
	})
	if err := safe.CheckKeyset(ctx, sqlstore.NewSealed(db), keyset); err != nil {
		return nil, serverKeys{}, nil, fmt.Errorf("setting keyset: %s: %w", o.Config.Keyset, err)
	}
	var keys serverKeys
	if keys.request, err = safe.HouseKey(ctx, "request hash"); err != nil {
		return nil, serverKeys{}, nil, err
	}
	if keys.form, err = safe.HouseKey(ctx, "checkout form"); err != nil {
		return nil, serverKeys{}, nil, err
	}
	rotator, err := newRotator(o, db, safe, w)
	return safe, keys, rotator, err
}

// openBanks registers every protocol that a POS may speak.
func (s *Server) openBanks(o Options, sealer vault.Sealer, metrics *telemetry.Metrics) (*pos.Registry, error) {
	banks, err := pos.NewRegistry(pos.Options{
		Registrations: all.Registrations(),
		Environment: connector.Environment{
			HTTP: wire.NewClient(wire.Options{}), Clock: clock.System{}, SimulatorURL: s.simulatorURL, TestMode: o.Demo != nil,
		},
		Opener:    settingsOpener(sealer),
		OnRequest: metrics.Request,
		OnBreakerChange: func(c pos.BreakerChange) {
			metrics.Breaker(c)
			o.Log.Warn("circuit breaker", "pos", c.POSID, "alias", c.Alias, "from", c.From, "to", c.To)
		},
	})
	if err != nil {
		return nil, fmt.Errorf("register banks: %w", err)
	}
	return banks, nil
}

// newWatcher polls the configuration version, and on PostgreSQL hears of it too.
func newWatcher(version *sqlstore.Config, db *storage.DB, log *slog.Logger) *cache.Watcher {
	w := cache.NewWatcher(version, clock.System{}, cache.Interval)
	if db.Engine() == storage.SQLite {
		return w
	}
	w.Listener = version
	w.OnListening = func(lost error) {
		if lost != nil {
			log.Warn("configuration changes are polled for until notifications come again", "error", lost)
			return
		}
		log.Info("listening for configuration changes")
	}
	return w
}

// newRunners runs the jobs of all the handlers, and the forgetting of what is old,
// under a node name of its own.
func newRunners(ctx context.Context, o Options, db *storage.DB, handlers ...job.Handlers) ([]*job.Runner, error) {
	keeper := retention.NewKeeper(sqlstore.NewRetention(db), clock.System{}, o.Log)
	if err := keeper.Schedule(ctx); err != nil {
		return nil, err
	}
	handlers = append(handlers, keeper.JobHandlers())
	return job.NewRunners(sqlstore.NewJobs(db), id.NewUUID().String(), clock.System{}, o.Log, handlers...)
}

func tasksOf(runners []*job.Runner) []task {
	var all []task
	for _, r := range runners {
		all = append(all, r.Run)
	}
	return all
}

// newGauges reads what the metrics show of the database and the banks, and has
// the runners tell of their jobs.
func newGauges(
	m *telemetry.Metrics, db *storage.DB, banks *pos.Registry, log *slog.Logger, runners ...*job.Runner,
) *telemetry.Gauges {
	var kinds []job.Kind
	for _, r := range runners {
		kinds, r.OnRun = append(kinds, r.Kinds()...), m.Ran
	}
	return telemetry.NewGauges(m, telemetry.Sources{
		Readings: sqlstore.NewReadings(db), Breakers: banks.Breakers, Kinds: kinds,
		Pool: db.Pool, Waiting: func() int { return db.Stats().Waiting }, Clock: clock.System{}, Log: log,
	})
}

// newResolver knows that one process alone holds a SQLite file, so that what is
// open at the start was left by a crash.
func newResolver(service *operation.Service, db *storage.DB) *operation.Resolver {
	r := operation.NewResolver(service)
	r.Exclusive = db.Engine() == storage.SQLite
	return r
}

// openEphemeral keeps what is forgotten within minutes in Redis, where all nodes
// find it, or in this process, which then shares no limits: they are nil.
func (s *Server) openEphemeral(
	ctx context.Context, o Options, safe *vault.Vault,
) (*ephemeral.Secrets, limit.Shared, error) {
	if o.Config.Redis.IsZero() {
		return ephemeral.New(ephemeral.NewMemory(clock.System{}), safe, clock.System{}), nil, nil
	}
	store, err := ephemeral.OpenRedis(o.Config.Redis.Reveal())
	if err != nil {
		return nil, nil, fmt.Errorf("open store of short-lived secrets: %w", err)
	}
	s.closing(store.Close)
	key, err := safe.HouseKey(ctx, "shared limits")
	if err != nil {
		return nil, nil, err
	}
	limits := ephemeral.NewBuckets(store, key)
	limits.OnAway = func(reason error) {
		if reason != nil {
			o.Log.Warn("limits are counted by this node alone until Redis answers again", "error", reason)
			return
		}
		o.Log.Info("limits are shared by the nodes again")
	}
	return ephemeral.New(store, safe, clock.System{}), limits, nil
}
