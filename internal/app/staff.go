package app

import (
	"github.com/vezne/vezne/internal/bin"
	"github.com/vezne/vezne/internal/cache"
	"github.com/vezne/vezne/internal/clock"
	"github.com/vezne/vezne/internal/connector/all"
	"github.com/vezne/vezne/internal/id"
	"github.com/vezne/vezne/internal/limit"
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

// newEditor changes what the caches of routing hold.
func newEditor(s routing.Store, b bin.Store, v *vault.Vault, ids *id.Generator, w *cache.Watcher) *routing.Editor {
	return routing.NewEditor(routing.EditorOptions{
		Store: s, BINs: b, Sealer: v, IDs: ids, Clock: clock.System{},
		Protocols: all.Registrations(), Invalidate: w.Invalidate,
	})
}
