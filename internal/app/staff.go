package app

import (
	"context"
	"log/slog"

	"github.com/vezne/vezne/internal/cache"
	"github.com/vezne/vezne/internal/clock"
	"github.com/vezne/vezne/internal/connector/all"
	"github.com/vezne/vezne/internal/id"
	"github.com/vezne/vezne/internal/limit"
	"github.com/vezne/vezne/internal/pos"
	"github.com/vezne/vezne/internal/routing"
	"github.com/vezne/vezne/internal/storage"
	"github.com/vezne/vezne/internal/storage/sqlstore"
	"github.com/vezne/vezne/internal/user"
	"github.com/vezne/vezne/internal/vault"
)

// newTeam keeps the people who log in.
func newTeam(db *storage.DB, v *vault.Vault, ids *id.Generator, limits limit.Shared) *user.Service {
	return user.NewService(user.Options{
		Store: sqlstore.NewUsers(db), Sealer: v, Hasher: user.NewHasher(), IDs: ids, Clock: clock.System{}, Limits: limits,
	})
}

// recordRefusals writes wrong logins into the audit log by the way.
func recordRefusals(team *user.Service, log *slog.Logger) task {
	return func(ctx context.Context) {
		team.Run(ctx, func(err error) { log.WarnContext(ctx, "wrong logins not written", "error", err.Error()) })
	}
}

// newPOSEditor changes what the caches of routing hold of POSes.
func newPOSEditor(db *storage.DB, v *vault.Vault, ids *id.Generator, w *cache.Watcher) *pos.Editor {
	return pos.NewEditor(pos.Dependencies{
		Store: sqlstore.NewPOSes(db), Sealer: v, IDs: ids, Clock: clock.System{},
		Protocols: all.Registrations(), Invalidate: w.Invalidate,
	})
}

// newEditor changes what they hold besides.
func newEditor(s routing.Store, ids *id.Generator, w *cache.Watcher) *routing.Editor {
	return routing.NewEditor(routing.Dependencies{
		Store: s, IDs: ids, Clock: clock.System{}, Invalidate: w.Invalidate,
	})
}
