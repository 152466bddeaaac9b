package bench_test

import (
	"context"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/vezne/vezne/internal/storage"
	"github.com/vezne/vezne/internal/storage/storetest"
)

// floor is the two commits of a payment through storage and nothing else.
type floor struct {
	take func(context.Context) error
}

// newFloor opens a database of its own. groupLimit is storage's: 0 for group
// commit, 1 for none.
func newFloor(b *testing.B, engine storage.Engine, groupLimit int) floor {
	b.Helper()
	db := storetest.OpenWith(b, storetest.DurableDSN(b, engine), storage.Options{GroupLimit: groupLimit})
	return floor{take: storetest.Taker(storetest.NewStores(db))}
}

// run returns how many payments a second the callers committed.
func (f floor) run(b *testing.B, callers int, d time.Duration) float64 {
	b.Helper()
	ctx, cancel := context.WithTimeout(b.Context(), d+answerLimit)
	defer cancel()
	var all sync.WaitGroup
	var taken atomic.Int64
	began := time.Now()
	for range callers {
		all.Go(func() {
			for time.Since(began) < d {
				if err := f.take(ctx); err != nil {
					b.Error(err)
					return
				}
				taken.Add(1)
			}
		})
	}
	all.Wait()
	return float64(taken.Load()) / time.Since(began).Seconds()
}

// BenchmarkGroupCommit measures what committing many callers together gains: the
// floor with it and without it.
func BenchmarkGroupCommit(b *testing.B) {
	for _, engine := range storetest.Engines {
		b.Run(string(engine)+"/64_callers", func(b *testing.B) {
			const round = 2 * time.Second
			alone := newFloor(b, engine, 1).run(b, crowd, round)
			grouped := newFloor(b, engine, 0).run(b, crowd, round)
			b.ReportMetric(alone, "alone/s")
			b.ReportMetric(grouped, "grouped/s")
			b.ReportMetric(grouped/alone, "gain")
			b.ReportMetric(0, "ns/op")
		})
	}
}
