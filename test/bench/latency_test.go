package bench_test

import (
	"context"
	"fmt"
	"strconv"
	"sync"
	"testing"
	"time"

	"github.com/vezne/vezne/internal/card"
	"github.com/vezne/vezne/internal/clock"
	"github.com/vezne/vezne/internal/connector"
	"github.com/vezne/vezne/internal/connector/sandbox"
	"github.com/vezne/vezne/internal/connector/wire"
	"github.com/vezne/vezne/internal/money"
	"github.com/vezne/vezne/internal/storage/storetest"
	"github.com/vezne/vezne/test/servertest"
)

// pace is how many requests per second are begun, whether or not earlier ones
// have ended: a queue that grows must show in the figures.
const pace = 200

// BenchmarkAddedLatency measures what a payment takes beyond the bank's own time:
// whole payments at a steady pace, less bare calls of the same simulator at the
// same pace.
func BenchmarkAddedLatency(b *testing.B) {
	for _, engine := range storetest.Engines {
		b.Run(fmt.Sprintf("%s/%d_per_second", engine, pace), func(b *testing.B) {
			s, bank := start(b, engine)
			bare := bareCalls(b, bank)
			whole := wholePayments(b, s)
			b.ResetTimer()
			alone := openLoop(b, bare)
			all := openLoop(b, whole)
			b.StopTimer()
			b.ReportMetric(milliseconds(percentile(all, 50)-percentile(alone, 50)), "added-p50-ms")
			b.ReportMetric(milliseconds(percentile(all, 99)-percentile(alone, 99)), "added-p99-ms")
			b.ReportMetric(milliseconds(percentile(alone, 50)), "bank-p50-ms")
			b.ReportMetric(milliseconds(percentile(alone, 99)), "bank-p99-ms")
			b.ReportMetric(0, "ns/op")
		})
	}
}

// openLoop begins b.N requests at the pace and returns how long each took.
func openLoop(b *testing.B, request func() error) []time.Duration {
	b.Helper()
	took := make([]time.Duration, b.N)
	var all sync.WaitGroup
	due := time.NewTicker(time.Second / pace)
	defer due.Stop()
	for i := range took {
		<-due.C
		all.Go(func() {
			began := time.Now()
			if err := request(); err != nil {
				b.Error(err)
			}
			took[i] = time.Since(began)
		})
	}
	all.Wait()
	return took
}

// wholePayments pays over connections that are kept.
func wholePayments(b *testing.B, s *servertest.Server) func() error {
	b.Helper()
	const lines = 32
	free := make(chan *caller, lines)
	var o orders
	for range lines {
		c, err := dial(s.URL)
		if err == nil {
			err = c.pay(&o)
		}
		if err != nil {
			b.Fatal(err)
		}
		b.Cleanup(c.close)
		free <- c
	}
	return func() error {
		c := <-free
		defer func() { free <- c }()
		return c.pay(&o)
	}
}

// bareCalls asks the bank's simulator with nothing around it.
func bareCalls(b *testing.B, url string) func() error {
	b.Helper()
	client := wire.NewClient(wire.Options{})
	b.Cleanup(client.CloseIdleConnections)
	bank, err := sandbox.Registration.Open(map[string]string{"terminal": "BENCH"}, connector.Environment{
		HTTP: client, Clock: clock.System{}, SimulatorURL: url + "/sim", TestMode: true,
	})
	if err != nil {
		b.Fatal(err)
	}
	pan, err := card.ParsePAN("5421190122090656")
	if err != nil {
		b.Fatal(err)
	}
	cvv, err := card.ParseCVV("916")
	if err != nil {
		b.Fatal(err)
	}
	expiry, err := card.ParseExpiry("04", "28")
	if err != nil {
		b.Fatal(err)
	}
	var o orders
	return func() error {
		a, err := bank.Authorize(context.Background(), connector.Charge{
			Kind: connector.Sale, Reference: "BARE" + strconv.FormatInt(o.last.Add(1), 10), Installments: 1,
			Amount: money.FromMinor(10050, money.TRY), Card: card.Card{PAN: pan, CVV: cvv, Expiry: expiry, Holder: "John Doe"},
		})
		if err == nil && a.Outcome != connector.Approved {
			err = fmt.Errorf("outcome %d", a.Outcome)
		}
		return err
	}
}
