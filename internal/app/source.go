package app

import (
	"context"
	"fmt"
	"time"

	"github.com/vezne/vezne/internal/bin"
	"github.com/vezne/vezne/internal/cache"
	"github.com/vezne/vezne/internal/clock"
	"github.com/vezne/vezne/internal/id"
	"github.com/vezne/vezne/internal/job"
	"github.com/vezne/vezne/internal/merchant"
	"github.com/vezne/vezne/internal/routing"
	"github.com/vezne/vezne/internal/webhook"
)

// What a node keeps in memory: the tables of busy merchants and the accounts of
// their callers, a few hundred bytes to a few kilobytes each. Unknown API keys
// are remembered shortly, so that guessing costs the database nothing.
const (
	cachedTables   = 1_000
	cachedAccounts = 10_000
	cachedMisses   = 10_000
	missAge        = 10 * time.Second
)

// tables serves routing tables from memory.
type tables struct {
	cache *cache.Cache[id.Merchant, *routing.Table]
}

func newTables(w *cache.Watcher, s routing.Store) tables {
	return tables{cache.New(w, cache.Bounds{Values: cachedTables},
		func(ctx context.Context, m id.Merchant) (*routing.Table, error) {
			t, err := s.Table(ctx, m)
			return &t, err
		})}
}

// Table implements operation.Tables.
func (t tables) Table(ctx context.Context, m id.Merchant) (*routing.Table, error) {
	return t.cache.Get(ctx, m)
}

// audience knows from memory who listens to events.
type audience struct {
	cache *cache.Cache[id.Merchant, webhook.Audience]
}

func newAudience(w *cache.Watcher, s webhook.Store) audience {
	return audience{cache.New(w, cache.Bounds{Values: cachedTables},
		func(ctx context.Context, m id.Merchant) (webhook.Audience, error) {
			endpoints, err := s.Endpoints(ctx, m)
			return webhook.NewAudience(endpoints), err
		})}
}

// Hears implements operation.Audience.
func (a audience) Hears(ctx context.Context, m id.Merchant, kind job.Kind) (bool, error) {
	who, err := a.cache.Get(ctx, m)
	return who.Hears(kind), err
}

// bins looks cards up in the BIN table that all merchants share, and in what each
// has of its own. They are kept apart, so that busy merchants without rows of their
// own never push the large table out.
type bins struct {
	shared, own *cache.Cache[id.Merchant, *bin.Table]
}

func newBINs(w *cache.Watcher, s bin.Store) bins {
	load := func(ctx context.Context, owner id.Merchant) (*bin.Table, error) {
		rows, err := s.BINs(ctx, owner)
		if err != nil {
			return nil, err
		}
		return bin.NewTable(rows)
	}
	return bins{
		shared: cache.New(w, cache.Bounds{Values: 1}, load),
		own:    cache.New(w, cache.Bounds{Values: cachedTables}, load),
	}
}

// Lookup implements charge.BINs; an unknown BIN is nil and no error.
func (b bins) Lookup(ctx context.Context, m id.Merchant, digits string) (*bin.Info, error) {
	shared, err := b.shared.Get(ctx, bin.Shared)
	if err != nil {
		return nil, fmt.Errorf("load BIN table: %w", err)
	}
	own, err := b.own.Get(ctx, m)
	if err != nil {
		return nil, fmt.Errorf("load BINs of merchant %d: %w", m, err)
	}
	info, _ := bin.Lookup(own, shared, digits)
	return info, nil
}

// newDirectory proves callers from memory.
func newDirectory(w *cache.Watcher, l *merchant.Loader, c clock.Clock, uses *merchant.Uses) *merchant.Directory {
	bounds := cache.Bounds{Values: cachedAccounts, Misses: cachedMisses, MissAge: missAge}
	return merchant.NewDirectory(
		cache.New(w, bounds, l.Account),
		cache.New(w, bounds, l.AdminAccount), c, uses,
	)
}
