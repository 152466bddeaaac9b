package bench_test

import (
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/vezne/vezne/internal/storage"
	"github.com/vezne/vezne/internal/storage/storetest"
	"github.com/vezne/vezne/test/servertest"
)

// longRun is a server at half load for a long time, looked at again and again.
type longRun struct {
	engine   storage.Engine
	rig      *rig
	database *storage.DB // the server's, for counting
	began    time.Time
	pace     int
	// start are the size of the database and the payments in it when the run began.
	startSize, startPaid int64

	at     []time.Duration // when each sample was taken, from the beginning
	values [][]float64     // of each measure, by sample
	took   []time.Duration // of each payment
}

// BenchmarkLong pays on both engines at once, so that the machine is at half load:
// each gets its part of half of the rate that it can sustain alone, or BENCH_RATE
// payments a second, for an hour or as long as BENCH_LONG says. A webhook endpoint
// takes every event. It fails when something that should stand still grows.
// `make bench-long` runs it.
func BenchmarkLong(b *testing.B) {
	duration, began := longDuration(b), time.Now()
	binary := servertest.Build(b)
	var runs []*longRun
	for _, engine := range storetest.Engines {
		runs = append(runs, newLongRun(b, binary, engine))
	}
	payTogether(b, runs, duration)
	for _, r := range runs {
		for _, v := range r.verdicts() {
			b.Log(nameOf(r.engine), v.row())
			if v.grew {
				b.Errorf("%s, %s grew: %s", r.engine, v.measure.name, v.row())
			}
		}
	}
	reportLong(b, runs, duration, time.Since(began))
}

func longDuration(b *testing.B) time.Duration {
	b.Helper()
	text := os.Getenv("BENCH_LONG")
	if text == "" {
		return time.Hour
	}
	d, err := time.ParseDuration(text)
	if err != nil || d < time.Minute {
		b.Fatalf("BENCH_LONG: %q is no duration of a minute or more", text)
	}
	return d
}

func newLongRun(b *testing.B, binary string, engine storage.Engine) *longRun {
	b.Helper()
	r := &longRun{engine: engine, rig: newRig(b, binary, engine), values: make([][]float64, len(measures))}
	db, err := storage.Open(b.Context(), r.rig.server.DSN, storage.Options{ReadOnly: true, Readers: 1})
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { _ = db.Close() }) // it was only read
	r.database = db
	r.listen(b)
	r.pace = max(1, int(r.sustained(b))/2/len(storetest.Engines))
	if text := os.Getenv("BENCH_RATE"); text != "" {
		n, err := strconv.Atoi(text)
		if err != nil || n < 1 {
			b.Fatalf("BENCH_RATE: %q is no number of payments a second", text)
		}
		r.pace = n
	}
	return r
}

// listen has an endpoint of the demo take every event of a payment, so that jobs
// have something to do.
func (r *longRun) listen(b *testing.B) {
	b.Helper()
	added, ok := r.rig.server.Send(b, servertest.Request{
		As: servertest.Admin(), Method: http.MethodPost, Path: "/admin/v1/webhook-endpoints",
		Body: fmt.Sprintf(`{"url":"%s/demo/webhook-receiver","events":["payment.*"]}`, r.rig.server.URL),
	})
	if !ok || added.Status != http.StatusCreated {
		b.Fatal("no endpoint could be added")
	}
}

// sustained returns how many payments a second the server makes alone and tells
// everybody about: 64 callers make more events than are taken meanwhile, so the time
// until the last one was taken counts too.
func (r *longRun) sustained(b *testing.B) float64 {
	b.Helper()
	callers, scale := lines(b, r.rig.server.URL, crowd), scaleOf()
	closedLoop(b, callers, scale.warm, r.rig.pay)
	r.rest(b)
	began := time.Now()
	_, answers := closedLoop(b, callers, scale.closed, r.rig.pay)
	for _, c := range callers {
		c.close()
	}
	r.rest(b)
	return float64(len(answers)) / time.Since(began).Seconds()
}

// rest waits until no job is due.
func (r *longRun) rest(b *testing.B) {
	b.Helper()
	const limit = 5 * time.Minute
	tick := time.NewTicker(500 * time.Millisecond)
	defer tick.Stop()
	for began := time.Now(); time.Since(began) < limit; <-tick.C {
		if r.count(b, `SELECT count(*) FROM job WHERE state = 'ready' AND run_at <= $1`, time.Now().UnixMicro()) == 0 {
			return
		}
	}
	b.Fatalf("%s: the events of the closed loop were not told within %s", r.engine, limit)
}

// payTogether pays on all servers for the duration and looks every ten seconds,
// more often in a short run.
func payTogether(b *testing.B, runs []*longRun, d time.Duration) {
	b.Helper()
	var paying sync.WaitGroup
	for _, r := range runs {
		ask := shared(lines(b, r.rig.server.URL, crowd), r.rig.pay)
		r.began, r.startSize, r.startPaid = time.Now(), r.size(b), r.rig.orders.last.Load()
		paying.Go(func() { r.took = openLoop(b, r.pace, d, ask) })
	}
	done := make(chan struct{})
	go func() {
		defer close(done)
		paying.Wait()
	}()
	tick := time.NewTicker(min(10*time.Second, d/24))
	defer tick.Stop()
	for {
		select {
		case <-tick.C:
			for _, r := range runs {
				r.sample(b)
			}
		case <-done:
			return
		}
	}
}

// sample takes one value of each measure.
func (r *longRun) sample(b *testing.B) {
	b.Helper()
	m := scrapeMetrics(b, r.rig.server.URL,
		"go_memstats_heap_inuse_bytes", "go_goroutines", "vezne_jobs_lag_seconds", "vezne_storage_pool_idle")
	paid := max(1, r.rig.orders.last.Load()-r.startPaid)
	now := map[string]float64{
		"resident": float64(resident(b, r.rig.server.PID)) / 1e6, "heap": m["go_memstats_heap_inuse_bytes"] / 1e6,
		"goroutines": m["go_goroutines"], "files": float64(openFiles(b, r.rig.server.PID)), "lag": m["vezne_jobs_lag_seconds"],
		"connections": m["vezne_storage_pool_used"] + m["vezne_storage_pool_idle"],
		"database":    float64(r.size(b)-r.startSize) / float64(paid),
	}
	if r.engine == storage.PostgreSQL {
		now["connections"] = r.count(b, `SELECT count(*) FROM pg_stat_activity WHERE datname = current_database()`)
	} else {
		now["wal"] = float64(fileSize(b, r.file()+"-wal")) / 1e6
	}
	r.at = append(r.at, time.Since(r.began))
	for i, measure := range measures {
		r.values[i] = append(r.values[i], now[measure.key])
	}
}

func (r *longRun) file() string { return strings.TrimPrefix(r.rig.server.DSN, "sqlite:") }

// size returns how many bytes the database takes, without its write-ahead log.
func (r *longRun) size(b *testing.B) int64 {
	b.Helper()
	if r.engine == storage.PostgreSQL {
		return int64(r.count(b, `SELECT pg_database_size(current_database())`))
	}
	return fileSize(b, r.file())
}

func (r *longRun) count(b *testing.B, query string, args ...any) float64 {
	b.Helper()
	var n int64
	if err := r.database.Query(b.Context(), query, args, func(s storage.Scanner) error { return s.Scan(&n) }); err != nil {
		b.Fatal(err)
	}
	return float64(n)
}

func fileSize(b *testing.B, path string) int64 {
	b.Helper()
	info, err := os.Stat(path)
	if err != nil {
		b.Fatal(err)
	}
	return info.Size()
}

func openFiles(b *testing.B, pid int) int {
	b.Helper()
	files, err := os.ReadDir(filepath.Join("/proc", strconv.Itoa(pid), "fd"))
	if err != nil {
		b.Fatal(err)
	}
	return len(files)
}

// reportLong writes docs/benchmarks/long-run.md and its picture.
func reportLong(b *testing.B, runs []*longRun, d, took time.Duration) {
	b.Helper()
	var s strings.Builder
	s.WriteString("# Long run\n\nWritten by `make bench-long` on " + time.Now().UTC().Format(time.DateOnly) + " in " + took.Round(time.Second).String() + ".\n")
	s.WriteString("Measured on " + strings.Join(append(machine(), postgresVersion(b)), ", ") + ".\n\n")
	s.WriteString("Two servers, one on each engine, are paid at for " + d.String() + " at once, each at a fixed pace. That is a quarter of what it\n" +
		"can sustain alone unless BENCH_RATE said otherwise, so that the machine is at half load. A webhook endpoint takes every event.\n" +
		"The growth is that of a straight line through the samples of the second half (the median of the slopes between them, so\n" +
		"that a peak does not count), over that half. The run fails when it is above the limit.\n")
	for _, r := range runs {
		ordered := sorted(r.took)
		fmt.Fprintf(&s, "\n## %s\n\n%s payments at %s a second; answers took %.2f ms (p50), %.2f ms (p99).\n\n", nameOf(r.engine),
			thousands(int64(len(r.took))), thousands(int64(r.pace)), milliseconds(percentile(ordered, 50)), milliseconds(percentile(ordered, 99)))
		s.WriteString("| | median of the second half | grew by | limit | |\n|---|---:|---:|---:|---|\n")
		for _, v := range r.verdicts() {
			s.WriteString(v.row() + "\n")
		}
	}
	s.WriteString("\n![what was measured over time](long-run.svg)\n")
	write(b, "long-run.md", s.String())
	write(b, "long-run.svg", longChart(runs))
}
