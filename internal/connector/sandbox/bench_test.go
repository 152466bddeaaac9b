package sandbox_test

import (
	"runtime"
	"strconv"
	"sync/atomic"
	"testing"

	"github.com/vezne/vezne/internal/connector"
)

// BenchmarkSale measures a sale from connector to simulator over loopback HTTP,
// with 64 callers.
func BenchmarkSale(b *testing.B) {
	for name, durable := range map[string]bool{"memory": false, "durable": true} {
		b.Run(name, func(b *testing.B) {
			env := connector.SimulatorEnvironment{}
			if durable {
				env.DataDir = b.TempDir()
			}
			bank, _ := serve(b, env)
			card := testCard(b, "5421190122090656")
			var n atomic.Int64
			b.ReportAllocs()
			b.SetParallelism(max(1, 64/runtime.GOMAXPROCS(0)))
			b.RunParallel(func(pb *testing.PB) {
				for pb.Next() {
					a, err := bank.Authorize(b.Context(), connector.Charge{
						Kind: connector.Sale, Reference: "B" + strconv.FormatInt(n.Add(1), 10),
						Amount: lira(10050), Installments: 1, Card: card,
					})
					if a.Outcome != connector.Approved {
						b.Errorf("sale = %+v, %v", a, err)
						return
					}
				}
			})
			b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "req/s")
		})
	}
}
