package bench_test

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/vezne/vezne/internal/storage"
	"github.com/vezne/vezne/internal/storage/storetest"
	"github.com/vezne/vezne/test/servertest"
)

// crowd is how many callers pay at once, and pace how many payments a second are
// begun when time is measured (design.md section 8).
const (
	crowd = 64
	pace  = 200
)

// onlyCommits names the floor of the time that is added: the same bank call in the
// benchmark itself, after the two commits and nothing else.
const onlyCommits = "the two commits alone"

// table gathers what a run measures.
type table struct {
	scale   scale
	binary  string
	figures []figure
	// beside are figures without a bound of their own.
	beside  []figure
	notes   []string
	bars    []bar
	latency []series
	cpu     map[storage.Engine][]string // rows of the split
	flames  map[storage.Engine]string
}

// BenchmarkTable measures the table of design.md section 8 on both engines, but for
// list pages, which BenchmarkGrowth measures, and fails when a figure misses what it
// must reach. `make bench` runs it once.
func BenchmarkTable(b *testing.B) {
	began := time.Now()
	t := &table{scale: scaleOf(), binary: servertest.Build(b), cpu: make(map[storage.Engine][]string), flames: make(map[storage.Engine]string)}
	for _, engine := range storetest.Engines {
		b.Run(string(engine), func(b *testing.B) { t.engine(b, engine) })
	}
	b.Run("starts", t.starts)
	for _, engine := range storetest.Engines {
		b.Run("profile/"+string(engine), func(b *testing.B) { t.profile(b, engine) })
	}
	for i := range t.figures {
		f := &t.figures[i]
		b.Logf("%-58s %-34s %s", f.name, f.text(f.values), f.verdict())
		if f.missed() {
			b.Errorf("%s: %s, must be %s", f.name, f.text(f.values), f.bound(f.must))
		}
	}
	t.report(b, time.Since(began))
}

// engine measures whole payments on one engine, each round beside its floors.
func (t *table) engine(b *testing.B, engine storage.Engine) {
	b.Helper()
	name := nameOf(engine)
	bare := newFloor(b, engine, 0)
	r := newRig(b, t.binary, engine)
	callers := lines(b, r.server.URL, crowd)
	closedLoop(b, callers, t.scale.warm, r.pay)
	bare.run(b, crowd, t.scale.warm/2)
	var play *pgbench
	if engine == storage.PostgreSQL {
		play = newPgbench(b)
	}
	rate := figure{name: fmt.Sprintf("payments a second, %s, %d callers", name, crowd), unit: "/s", must: 1500, want: 3000, floorName: "bare statements, grouped"}
	if engine == storage.PostgreSQL {
		rate.want = 2500
	}
	alone := figure{name: "the same statements in pgbench, one payment at a time", unit: "/s"}
	memory := figure{name: "resident memory at full load, " + name, unit: "MB", must: 150, want: 80, least: true}
	cpu := figure{name: "processor time of the server for a payment, " + name, unit: "µs", least: true}
	for range t.scale.rounds {
		rate.floor = append(rate.floor, bare.run(b, crowd, t.scale.floor))
		if play != nil {
			alone.values = append(alone.values, play.run(b, crowd, t.scale.pgbench))
		}
		used, took := cpuTime(b, r.server.PID), 0
		most := peak(b, r.server.PID, func() {
			perSecond, answers := closedLoop(b, callers, t.scale.closed, r.pay)
			rate.values, took = append(rate.values, perSecond), len(answers)
		})
		memory.values = append(memory.values, float64(most)/1e6)
		used = cpuTime(b, r.server.PID) - used
		cpu.values = append(cpu.values, float64(used.Microseconds())/float64(took))
	}
	t.bars = append(t.bars, bar{name + ": bare statements, grouped", median(rate.floor), "#bdbdbd"})
	if play != nil {
		t.bars = append(t.bars, bar{name + ": pgbench", median(alone.values), "#bdbdbd"})
		t.beside = append(t.beside, alone)
	}
	t.bars = append(t.bars, bar{name + ": whole payments", median(rate.values), "#3182bd"})
	t.figures = append(t.figures, rate, memory)
	t.beside = append(t.beside, cpu)
	t.pace(b, r, bare)
	t.options(b, r)
	if engine == storage.PostgreSQL {
		t.trips(b)
	}
}

// pace measures time at a fixed pace, beside bare calls of the same bank at the
// same pace, without and with the two commits around them.
func (t *table) pace(b *testing.B, r *rig, store floor) {
	b.Helper()
	name := nameOf(r.engine)
	ask, alone := shared(lines(b, r.server.URL, 32), r.pay), r.bareCall(b)
	committed := func() error {
		if err := store.take(b.Context()); err != nil {
			return err
		}
		return alone()
	}
	r.recycle(b)
	openLoop(b, pace, t.scale.warm, ask)
	openLoop(b, pace, t.scale.warm/2, alone)
	openLoop(b, pace, t.scale.warm/2, committed)
	half := figure{name: fmt.Sprintf("time added to the bank's answer at %d a second, %s: p50", pace, name), unit: "ms", must: 2, want: 1, least: true, floorName: onlyCommits}
	tail := figure{name: fmt.Sprintf("time added to the bank's answer at %d a second, %s: p99", pace, name), unit: "ms", must: 10, want: 5, least: true, floorName: onlyCommits}
	bank := figure{name: "the bank's own answer, beside " + name + ": p50", unit: "ms"}
	bankTail := figure{name: "the bank's own answer, beside " + name + ": p99", unit: "ms"}
	var wholes, bares []time.Duration
	for range t.scale.rounds {
		bare := sorted(openLoop(b, pace, t.scale.open, alone))
		whole := sorted(openLoop(b, pace, t.scale.open, ask))
		stored := sorted(openLoop(b, pace, t.scale.open, committed))
		added := func(to []time.Duration, p float64) float64 {
			return milliseconds(max(percentile(to, p)-percentile(bare, p), 10*time.Microsecond))
		}
		half.values, half.floor = append(half.values, added(whole, 50)), append(half.floor, added(stored, 50))
		tail.values, tail.floor = append(tail.values, added(whole, 99)), append(tail.floor, added(stored, 99))
		bank.values = append(bank.values, milliseconds(percentile(bare, 50)))
		bankTail.values = append(bankTail.values, milliseconds(percentile(bare, 99)))
		wholes, bares = append(wholes, whole...), append(bares, bare...)
	}
	t.figures = append(t.figures, half, tail)
	t.beside = append(t.beside, bank, bankTail)
	t.latency = append(t.latency, series{"bank alone, beside " + name, bares}, series{"payment, " + name, wholes})
}

// options measures installment options, by the processor time that they take.
func (t *table) options(b *testing.B, r *rig) {
	b.Helper()
	callers := lines(b, r.server.URL, crowd) // others would have been idle for too long
	perCore := figure{name: "installment options a second and core, " + nameOf(r.engine), unit: "/s", must: 5000, want: 10000}
	closedLoop(b, callers, t.scale.options/2, (*caller).options)
	for range t.scale.rounds {
		used := cpuTime(b, r.server.PID)
		_, answers := closedLoop(b, callers, t.scale.options, (*caller).options)
		used = cpuTime(b, r.server.PID) - used
		perCore.values = append(perCore.values, float64(len(answers))/used.Seconds())
	}
	t.figures = append(t.figures, perCore)
}

// trips counts round trips of a server of its own, one payment after the other,
// so that no payment shares a round trip with another.
func (t *table) trips(b *testing.B) {
	b.Helper()
	w := tap(b, storetest.DurableDSN(b, storage.PostgreSQL))
	r := newRigOn(b, t.binary, storage.PostgreSQL, w.dsn, "")
	one := lines(b, r.server.URL, 1)[0]
	const payments = 500
	for range payments { // prepares statements and reserves ids
		if err := r.pay(one); err != nil {
			b.Fatal(err)
		}
	}
	before := w.counts()
	for range payments {
		if err := r.pay(one); err != nil {
			b.Fatal(err)
		}
	}
	after := w.counts()
	f := figure{name: "round trips to PostgreSQL that a payment waits for", must: 4, want: 2, least: true}
	// Ids come from blocks, so a payment in thousands has one more: rounded away.
	f.values = []float64{float64(int(10*float64(after[forPayment]-before[forPayment])/payments+0.5)) / 10}
	t.figures = append(t.figures, f)
	var others []string
	for _, purpose := range slices.Sorted(maps.Keys(after)) {
		if purpose != forPayment {
			others = append(others, fmt.Sprintf("%s %.2f", purpose, float64(after[purpose]-before[purpose])/payments))
		}
	}
	t.notes = append(t.notes, "Round trips that nobody waits for, per payment in that run: "+strings.Join(others, ", ")+".")
}

// starts measures from the start of the process until /readyz says yes.
func (t *table) starts(b *testing.B) {
	b.Helper()
	for _, engine := range storetest.Engines {
		f := figure{name: "start to ready, demo on a new database, " + nameOf(engine), unit: "s", must: 1, want: 0.3, least: true}
		for range t.scale.starts {
			o := servertest.Options{Engine: engine, Binary: t.binary, LogLevel: "info"}
			if engine == storage.PostgreSQL {
				o.DSN = storetest.EmptyDSN(b, engine)
			}
			o.Dir = b.TempDir()
			began := time.Now()
			s := servertest.Start(b, o)
			f.values = append(f.values, time.Since(began).Seconds())
			s.Stop()
		}
		t.figures = append(t.figures, f)
	}
}

func (t *table) profile(b *testing.B, engine storage.Engine) {
	b.Helper()
	stacks := profile(b, t.binary, engine, t.scale.profile)
	t.flames[engine] = newFlame(stacks).svg("Where a payment's processor time goes, " + nameOf(engine))
	perPayment := 0.0
	for i := range t.beside {
		if strings.HasPrefix(t.beside[i].name, "processor time") && strings.HasSuffix(t.beside[i].name, nameOf(engine)) {
			perPayment = median(t.beside[i].values)
		}
	}
	for _, share := range split(stacks) {
		t.cpu[engine] = append(t.cpu[engine], fmt.Sprintf("%.0f %% (%.0f µs)", 100*share, share*perPayment))
	}
}

func nameOf(e storage.Engine) string {
	if e == storage.PostgreSQL {
		return "PostgreSQL"
	}
	return "SQLite"
}
