package bench_test

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"runtime"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/vezne/vezne/internal/card"
	"github.com/vezne/vezne/internal/clock"
	"github.com/vezne/vezne/internal/connector"
	"github.com/vezne/vezne/internal/connector/sandbox"
	"github.com/vezne/vezne/internal/connector/wire"
	"github.com/vezne/vezne/internal/money"
	"github.com/vezne/vezne/internal/storage"
	"github.com/vezne/vezne/internal/storage/storetest"
	"github.com/vezne/vezne/test/servertest"
)

// rig is a server and its bank, each a process of its own, with durable storage.
// The bank keeps its ledger in memory: its disk is not ours, and would be shared
// with us here.
type rig struct {
	engine storage.Engine
	dsn    string // of PostgreSQL
	bank   string
	server *servertest.Server
	orders orders
}

func newRig(b *testing.B, binary string, engine storage.Engine) *rig {
	b.Helper()
	return newRigOn(b, binary, engine, "", "")
}

// newRigOn is newRig on a database and in a directory that there are already.
func newRigOn(b *testing.B, binary string, engine storage.Engine, dsn, dir string) *rig { //nolint:revive // each is needed
	b.Helper()
	r := &rig{engine: engine, bank: servertest.StartSimulatorBinary(b, binary)}
	o := r.options(b, binary, dsn, dir)
	r.dsn, r.server = o.DSN, servertest.Start(b, o)
	return r
}

// options are those of a server that logs as one in production does, and holds
// nobody back.
func (r *rig) options(b *testing.B, binary, dsn, dir string) servertest.Options {
	b.Helper()
	o := servertest.Options{
		Engine: r.engine, Binary: binary, LogLevel: "info", DSN: dsn, Dir: dir, Args: []string{"--simulator-url", r.bank},
		Environ: []string{"VEZNE_RATE_LIMIT=1000000"},
	}
	if r.engine == storage.PostgreSQL && dsn == "" {
		o.DSN = storetest.DurableDSN(b, r.engine)
	}
	return o
}

// recycle gives PostgreSQL's write-ahead log files to write again, as a checkpoint
// does every few minutes on a server that has run for a while. A new cluster has
// none, and making one stops every commit for a tenth of a second.
func (r *rig) recycle(b *testing.B) {
	b.Helper()
	if r.engine != storage.PostgreSQL {
		return
	}
	conn, err := pgx.Connect(b.Context(), r.dsn)
	if err != nil {
		b.Fatal(err)
	}
	defer func() { _ = conn.Close(b.Context()) }() // what was asked is answered
	if _, err := conn.Exec(b.Context(), "CHECKPOINT"); err != nil {
		b.Fatal(err)
	}
}

func (r *rig) pay(c *caller) error { return c.pay(&r.orders) }

// bareCall returns a function that asks the bank with nothing around it.
func (r *rig) bareCall(b *testing.B) func() error {
	b.Helper()
	client := wire.NewClient(wire.Options{})
	b.Cleanup(client.CloseIdleConnections)
	bank, err := sandbox.Registration.Open(map[string]string{"terminal": "BENCH"}, connector.Environment{
		HTTP: client, Clock: clock.System{}, SimulatorURL: r.bank + "/sim", TestMode: true,
	})
	if err != nil {
		b.Fatal(err)
	}
	typed := benchCard(b)
	var o orders
	return func() error {
		a, err := bank.Authorize(context.Background(), connector.Charge{
			Kind: connector.Sale, Reference: "BARE" + strconv.FormatInt(o.last.Add(1), 10), Installments: 1,
			Amount: money.FromMinor(10050, money.TRY), Card: typed,
		})
		if err == nil && a.Outcome != connector.Approved {
			err = fmt.Errorf("outcome %d", a.Outcome)
		}
		return err
	}
}

func benchCard(b *testing.B) card.Card {
	b.Helper()
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
	return card.Card{PAN: pan, CVV: cvv, Expiry: expiry, Holder: "John Doe"}
}

// cpuTime returns the processor time that a process has used.
func cpuTime(b *testing.B, pid int) time.Duration {
	b.Helper()
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		b.Fatal(err)
	}
	fields := strings.Fields(string(text[bytes.LastIndexByte(text, ')')+1:]))
	var ticks int64
	for _, f := range fields[11:13] { // utime and stime, proc(5)
		n, err := strconv.ParseInt(f, 10, 64)
		if err != nil {
			b.Fatal(err)
		}
		ticks += n
	}
	const ticksPerSecond = 100 // USER_HZ on every platform of Linux
	return time.Duration(ticks) * time.Second / ticksPerSecond
}

// resident returns the memory of a process that is in use, in bytes.
func resident(b *testing.B, pid int) int64 {
	b.Helper()
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
	if err != nil {
		b.Fatal(err)
	}
	for line := range strings.Lines(string(text)) {
		if rest, ok := strings.CutPrefix(line, "VmRSS:"); ok {
			n, err := strconv.ParseInt(strings.Fields(rest)[0], 10, 64)
			if err != nil {
				b.Fatal(err)
			}
			return n << 10
		}
	}
	b.Fatalf("process %d has no memory", pid)
	return 0
}

// peak calls f and returns the most memory that the process had meanwhile.
func peak(b *testing.B, pid int, f func()) int64 {
	b.Helper()
	done := make(chan struct{})
	var most int64
	var watching sync.WaitGroup
	watching.Go(func() {
		tick := time.NewTicker(100 * time.Millisecond)
		defer tick.Stop()
		for {
			most = max(most, resident(b, pid))
			select {
			case <-tick.C:
			case <-done:
				return
			}
		}
	})
	f()
	close(done)
	watching.Wait()
	return most
}

// machine describes what was measured on, without saying whose it is.
func machine() []string {
	lines := []string{fmt.Sprintf("%s, %d cores", cpuModel(), runtime.NumCPU())}
	if memory := field("/proc/meminfo", "MemTotal"); memory != "" {
		if kib, err := strconv.ParseInt(strings.Fields(memory)[0], 10, 64); err == nil {
			lines = append(lines, fmt.Sprintf("%.0f GiB of memory", float64(kib)/(1<<20)))
		}
	}
	if release, err := os.ReadFile("/proc/sys/kernel/osrelease"); err == nil {
		version, _, _ := strings.Cut(strings.TrimSpace(string(release)), "-")
		lines = append(lines, "Linux "+version)
	}
	return append(lines, runtime.Version())
}

func cpuModel() string {
	if model := field("/proc/cpuinfo", "model name"); model != "" {
		return model
	}
	return runtime.GOARCH
}

// field returns the first value of a name in a file of "name: value" lines.
func field(path, name string) string {
	text, err := os.ReadFile(path)
	if err != nil {
		return ""
	}
	for line := range strings.Lines(string(text)) {
		if key, value, ok := strings.Cut(line, ":"); ok && strings.TrimSpace(key) == name {
			return strings.TrimSpace(value)
		}
	}
	return ""
}
