package webhook_test

import (
	"context"
	"net/http"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/vezne/vezne/internal/payment"
	"github.com/vezne/vezne/internal/storage"
	"github.com/vezne/vezne/internal/storage/storetest"
	"github.com/vezne/vezne/internal/webhook"
)

// BenchmarkBacklog has a node work off events of as many payments that wait for one
// endpoint, fanning out included. An operation is one event.
func BenchmarkBacklog(b *testing.B) {
	for _, engine := range storetest.Engines {
		for name, pause := range map[string]time.Duration{"quick_endpoint": 0, "endpoint_of_50_ms": 50 * time.Millisecond} {
			b.Run(string(engine)+"/"+name, func(b *testing.B) { workOff(b, engine, pause) })
		}
	}
}

func workOff(b *testing.B, engine storage.Engine, pause time.Duration) {
	b.Helper()
	var delivered atomic.Int64
	all := make(chan struct{})
	poster := posterFunc(func(context.Context, string, map[string]string, []byte) (int, []byte, error) {
		time.Sleep(pause) //nolint:forbidigo // this is the endpoint at work
		if delivered.Add(1) == int64(b.N) {
			close(all)
		}
		return http.StatusOK, nil, nil
	})
	w := newWorld(b, storetest.Open(b, engine), poster)
	w.endpoint(b, "http://127.0.0.1:1/hooks")
	for range b.N {
		w.happen(b, payment.EventCaptured, w.pay(b))
	}
	w.with(func(d *webhook.Dependencies) { d.Clock = later{} }) // jobs that find no room are put off
	runners := w.newRunners(b, "later")
	ctx, stop := context.WithCancel(b.Context())
	var running sync.WaitGroup
	b.ResetTimer()
	for _, r := range runners {
		running.Go(func() { r.Run(ctx) })
	}
	<-all
	b.StopTimer()
	stop()
	running.Wait()
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "events/s")
}
