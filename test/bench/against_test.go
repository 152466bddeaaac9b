package bench_test

import (
	"context"
	"fmt"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/vezne/vezne/internal/storage"
	"github.com/vezne/vezne/internal/storage/storetest"
	"github.com/vezne/vezne/test/servertest"
)

// BenchmarkAgainst builds the commit that BENCH_AGAINST names and measures it and
// the present build side by side: payments a second and allocations for each, on
// both engines. It fails when the present build is worse than leastRatio. Each
// build runs as its own demo with its own bank, and is asked by nothing but the
// command line, the gateway API and /metrics, so that any commit can be measured.
func BenchmarkAgainst(b *testing.B) {
	commit := os.Getenv("BENCH_AGAINST")
	if commit == "" {
		b.Fatal("BENCH_AGAINST names no commit")
	}
	began := time.Now()
	before := buildCommit(b, commit)
	now := build{name: presentName(b), binary: servertest.Build(b)}
	s := scaleOf()
	var contests []*contest
	for _, engine := range storetest.Engines {
		b.Run(string(engine), func(b *testing.B) {
			contests = append(contests, measureAgainst(b, engine, before, now, s)...)
		})
	}
	for _, c := range contests {
		b.Logf("%-44s %s", c.name, c.spread())
		if !c.reached() {
			b.Errorf("%s: %s of %s, must be %.2f", c.name, c.spread(), before.name, leastRatio)
		}
	}
	reportAgainst(b, before, now, contests, time.Since(began))
}

// side is one build at work.
type side struct {
	rig     *rig
	callers []*caller
}

// measureAgainst lets both builds pay in turns.
func measureAgainst(b *testing.B, engine storage.Engine, before, now build, s scale) []*contest {
	b.Helper()
	sides := map[bool]*side{past: newSide(b, engine, before), present: newSide(b, engine, now)}
	for _, at := range []bool{past, present} {
		closedLoop(b, sides[at].callers, s.warm, sides[at].rig.pay)
	}
	rate := &contest{name: fmt.Sprintf("payments a second, %s, %d callers", nameOf(engine), crowd), unit: "/s"}
	allocations := &contest{name: "allocations for a payment, " + nameOf(engine), least: true}
	for round := range s.against {
		sides[past].rig.recycle(b) // both databases are in one server
		for _, at := range turns(round) {
			mallocs := sides[at].mallocs(b)
			perSecond, answers := closedLoop(b, sides[at].callers, s.turn, sides[at].rig.pay)
			rate.add(at, perSecond)
			allocations.add(at, (sides[at].mallocs(b)-mallocs)/float64(len(answers)))
		}
	}
	return []*contest{rate, allocations}
}

// newSide starts a build on a database of its own, which it migrates itself.
func newSide(b *testing.B, engine storage.Engine, of build) *side {
	b.Helper()
	dsn := ""
	if engine == storage.PostgreSQL {
		dsn = emptied(b, storetest.DurableDSN(b, engine))
	}
	r := newRigOn(b, of.binary, engine, dsn, b.TempDir())
	return &side{rig: r, callers: lines(b, r.server.URL, crowd)}
}

// emptied takes the present schema out of a database: the other build has its own.
func emptied(b *testing.B, dsn string) string {
	b.Helper()
	conn, err := pgx.Connect(b.Context(), dsn)
	if err != nil {
		b.Fatal(err)
	}
	defer func() { _ = conn.Close(context.Background()) }() // what was asked is answered
	if _, err := conn.Exec(b.Context(), "DROP SCHEMA public CASCADE; CREATE SCHEMA public"); err != nil {
		b.Fatal(err)
	}
	return dsn
}

// mallocs returns how many objects the server has allocated since it started.
func (s *side) mallocs(b *testing.B) float64 {
	b.Helper()
	const name = "go_memstats_mallocs_total"
	return scrapeMetrics(b, s.rig.server.URL, name)[name]
}

// reportAgainst writes docs/benchmarks/against.md.
func reportAgainst(b *testing.B, before, now build, contests []*contest, took time.Duration) {
	b.Helper()
	s := scaleOf()
	var t strings.Builder
	t.WriteString("# Beside an earlier build\n\nWritten by `make bench-against BENCH_AGAINST=" + before.name + "` on " +
		time.Now().UTC().Format(time.DateOnly) + " in " + took.Round(time.Second).String() + ", of the build of " + now.name + ".\n")
	t.WriteString("Measured on " + strings.Join(append(machine(), postgresVersion(b)), ", ") + ".\n\n")
	fmt.Fprintf(&t, "%d rounds of four turns of %s, of one build and the other by turns (A B B A, then B A A B). A figure is the median of\n"+
		"its turns with their range; how good the present build is beside the earlier one is the median of the rounds, with\n"+
		"their range, and 1 is as good. [README.md](README.md#how-two-builds-are-compared) says more.\n\n", s.against, s.turn)
	t.WriteString(contestTable(before.name, contests))
	write(b, "against.md", t.String())
}
