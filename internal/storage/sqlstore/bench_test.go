package sqlstore_test

import (
	"context"
	"fmt"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/vezne/vezne/internal/storage"
	"github.com/vezne/vezne/internal/storage/storetest"
)

// BenchmarkCommit takes whole payments, each of two durable commits and nothing
// else: the floor under whatever the server does around them.
func BenchmarkCommit(b *testing.B) {
	for _, engine := range storetest.Engines {
		for _, callers := range []int{1, 64} {
			for name, limit := range map[string]int{"grouped": 0, "one_by_one": 1} {
				b.Run(fmt.Sprintf("%s/%d_callers/%s", engine, callers, name), func(b *testing.B) {
					db := storetest.OpenWith(b, storetest.DurableDSN(b, engine), storage.Options{GroupLimit: limit})
					take := storetest.Taker(storetest.NewStores(db))
					var all sync.WaitGroup
					var taken atomic.Int64
					b.ResetTimer()
					for range callers {
						all.Go(func() {
							for taken.Add(1) <= int64(b.N) {
								if err := take(context.Background()); err != nil {
									b.Error(err)
									return
								}
							}
						})
					}
					all.Wait()
					b.StopTimer()
					stats := db.Stats()
					b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "payments/s")
					b.ReportMetric(float64(stats.Commits)/float64(stats.Groups), "commits/group")
				})
			}
		}
	}
}
