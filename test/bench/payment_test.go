// Package bench measures whole payments over HTTP, with the load generator, the
// bank's simulator and the database on the same machine, beside the floor that
// the hardware sets: the same statements through storage and nothing else. Every
// commit is on disk before it is answered, so TMPDIR must be a real disk for the
// figures to mean anything.
package bench_test

import (
	"context"
	"fmt"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/vezne/vezne/internal/storage"
	"github.com/vezne/vezne/internal/storage/storetest"
	"github.com/vezne/vezne/test/servertest"
)

// floorTime is how long a floor is measured.
const floorTime = 2 * time.Second

// BenchmarkPayment makes payments: HTTP in, JSON, authentication, vault, routing,
// a call of the bank over HTTP, two durable commits, and the answer. Floor is the
// two commits alone, measured in the same run; share is what of it is reached.
func BenchmarkPayment(b *testing.B) {
	for _, engine := range storetest.Engines {
		for _, callers := range []int{1, 64} {
			floor := 0.0
			b.Run(fmt.Sprintf("%s/%d_callers", engine, callers), func(b *testing.B) {
				if floor == 0 { // the function runs with growing b.N
					floor = measureFloor(b, engine, callers, 0)
				}
				s, _ := start(b, engine)
				took := payMany(b, s, callers)
				rate := float64(len(took)) / b.Elapsed().Seconds()
				b.ReportMetric(rate, "payments/s")
				b.ReportMetric(floor, "floor/s")
				b.ReportMetric(100*rate/floor, "%share")
				b.ReportMetric(milliseconds(percentile(took, 50)), "p50-ms")
				b.ReportMetric(milliseconds(percentile(took, 99)), "p99-ms")
				b.ReportMetric(0, "ns/op")
			})
		}
	}
}

// BenchmarkGroupCommit measures what committing many callers together gains: the
// floor with it and without it.
func BenchmarkGroupCommit(b *testing.B) {
	for _, engine := range storetest.Engines {
		b.Run(string(engine)+"/64_callers", func(b *testing.B) {
			alone, grouped := measureFloor(b, engine, 64, 1), measureFloor(b, engine, 64, 0)
			b.ReportMetric(alone, "alone/s")
			b.ReportMetric(grouped, "grouped/s")
			b.ReportMetric(grouped/alone, "gain")
			b.ReportMetric(0, "ns/op")
		})
	}
}

// start starts a demo on durable storage, which logs as a server in production
// does, and its bank, whose address it returns as well. The bank keeps its ledger
// in memory: its disk is not ours, and would be shared with us here.
func start(b *testing.B, engine storage.Engine) (*servertest.Server, string) {
	b.Helper()
	bank := servertest.StartSimulator(b)
	o := servertest.Options{Engine: engine, LogLevel: "info", Args: []string{"--simulator-url", bank}}
	if engine == storage.PostgreSQL {
		o.DSN = storetest.DurableDSN(b, engine)
	}
	return servertest.Start(b, o), bank
}

// payMany has callers make b.N payments and returns how long each took.
func payMany(b *testing.B, s *servertest.Server, callers int) []time.Duration {
	b.Helper()
	lines := make([]*caller, callers)
	var o orders
	for i := range lines {
		var err error
		if lines[i], err = dial(s.URL); err != nil {
			b.Fatal(err)
		}
		defer lines[i].close()
		if err := lines[i].pay(&o); err != nil { // warms caches up
			b.Fatal(err)
		}
	}
	took := make([]time.Duration, b.N)
	var next atomic.Int64
	var all sync.WaitGroup
	b.ResetTimer()
	for _, c := range lines {
		all.Go(func() {
			for i := next.Add(1) - 1; i < int64(b.N); i = next.Add(1) - 1 {
				began := time.Now()
				if err := c.pay(&o); err != nil {
					b.Error(err)
					return
				}
				took[i] = time.Since(began)
			}
		})
	}
	all.Wait()
	b.StopTimer()
	return took
}

// measureFloor returns how many payments per second the two commits alone allow.
// groupLimit is storage's: 0 for group commit, 1 for none.
func measureFloor(b *testing.B, engine storage.Engine, callers, groupLimit int) float64 {
	b.Helper()
	dsn := storetest.DurableDSN(b, engine)
	ctx, cancel := context.WithTimeout(b.Context(), answerLimit)
	defer cancel()
	db, err := storage.Open(ctx, dsn, storage.Options{GroupLimit: groupLimit})
	if err != nil {
		b.Fatal(err)
	}
	defer func() { _ = db.Close() }() // what it holds is thrown away
	take := storetest.Taker(storetest.NewStores(db))
	var all sync.WaitGroup
	var taken atomic.Int64
	began := time.Now()
	for range callers {
		all.Go(func() {
			for time.Since(began) < floorTime {
				if err := take(ctx); err != nil {
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

func percentile(took []time.Duration, p int) time.Duration {
	sorted := slices.Sorted(slices.Values(took))
	return sorted[min(len(sorted)*p/100, len(sorted)-1)]
}

func milliseconds(d time.Duration) float64 { return float64(d.Microseconds()) / 1000 }
