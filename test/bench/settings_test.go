package bench_test

import (
	"os"
	"path/filepath"
	"testing"
	"time"
)

// scale is how long everything is measured.
type scale struct {
	rounds  int
	warm    time.Duration // before the first round
	floor   time.Duration // bare statements, a round
	closed  time.Duration // as many payments as possible, a round
	open    time.Duration // payments at a fixed pace, a round
	pgbench time.Duration // a round
	options time.Duration // a round
	profile time.Duration
	starts  int
	against int           // rounds of four turns beside another build
	turn    time.Duration // of one build in such a round
}

// scaleOf returns the scale that the environment asks for: BENCH_QUICK=1 takes two
// minutes and is good for finding mistakes, not for publishing.
func scaleOf() scale {
	if os.Getenv("BENCH_QUICK") != "" {
		return scale{
			rounds: 2, warm: 2 * time.Second, floor: 2 * time.Second, closed: 4 * time.Second, open: 5 * time.Second,
			pgbench: 3 * time.Second, options: 2 * time.Second, profile: 4 * time.Second, starts: 5,
			against: 3, turn: 4 * time.Second,
		}
	}
	return scale{
		rounds: 5, warm: 5 * time.Second, floor: 4 * time.Second, closed: 10 * time.Second, open: 12 * time.Second,
		pgbench: 5 * time.Second, options: 4 * time.Second, profile: 15 * time.Second, starts: 9,
		against: 8, turn: 6 * time.Second,
	}
}

// write writes a file of a report where BENCH_REPORT says, or into the test's own
// directory, so that trying a harness out does not touch what is published.
func write(b *testing.B, name, text string) {
	b.Helper()
	dir := os.Getenv("BENCH_REPORT")
	if dir == "" {
		dir = b.TempDir()
	}
	path := filepath.Join(dir, name)
	if err := os.WriteFile(path, []byte(text), 0o644); err != nil { //nolint:gosec // a report is for everybody
		b.Fatal(err)
	}
}
