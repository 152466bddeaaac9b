package bench_test

import (
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

// lines opens connections and closes them with the benchmark.
func lines(b testing.TB, url string, n int) []*caller {
	b.Helper()
	all := make([]*caller, n)
	for i := range all {
		var err error
		if all[i], err = dial(url); err != nil {
			b.Fatal(err)
		}
		b.Cleanup(all[i].close)
	}
	return all
}

// closedLoop has every caller ask again as soon as it was answered, and returns
// how many answers a second came and how long each took.
func closedLoop(b *testing.B, callers []*caller, d time.Duration, ask func(*caller) error) (float64, []time.Duration) {
	b.Helper()
	took := make([][]time.Duration, len(callers))
	var all sync.WaitGroup
	began := time.Now()
	for i, c := range callers {
		all.Go(func() {
			for at := time.Now(); at.Sub(began) < d; {
				if err := ask(c); err != nil {
					b.Error(err)
					return
				}
				now := time.Now()
				took[i] = append(took[i], now.Sub(at))
				at = now
			}
		})
	}
	all.Wait()
	elapsed := time.Since(began)
	together := slices.Concat(took...)
	if len(together) == 0 {
		b.Fatal("nothing was answered")
	}
	return float64(len(together)) / elapsed.Seconds(), together
}

// openLoop asks at a fixed pace whether or not earlier requests have been
// answered, and returns how long each took from the moment when it was due: what
// waits behind a slow answer counts as slow (no coordinated omission).
func openLoop(b *testing.B, pace int, d time.Duration, ask func() error) []time.Duration {
	b.Helper()
	n := int(d.Seconds() * float64(pace))
	took := make([]time.Duration, n)
	var all sync.WaitGroup
	var broken atomic.Int64
	began := time.Now()
	timer := time.NewTimer(0)
	defer timer.Stop()
	for i := range took {
		due := began.Add(time.Duration(i) * time.Second / time.Duration(pace))
		if wait := time.Until(due); wait > 0 {
			timer.Reset(wait)
			<-timer.C
		}
		all.Go(func() {
			if err := ask(); err != nil && broken.Add(1) < 5 {
				b.Error(err)
			}
			took[i] = time.Since(due)
		})
	}
	all.Wait()
	return took
}

// shared returns a function that asks over whichever line is free.
func shared(callers []*caller, ask func(*caller) error) func() error {
	free := make(chan *caller, len(callers))
	for _, c := range callers {
		free <- c
	}
	return func() error {
		c := <-free
		defer func() { free <- c }()
		return ask(c)
	}
}

// percentile returns the value below which p percent of the sorted ones are.
func percentile(sorted []time.Duration, p float64) time.Duration {
	return sorted[min(int(float64(len(sorted))*p/100), len(sorted)-1)]
}

func sorted(took []time.Duration) []time.Duration { return slices.Sorted(slices.Values(took)) }

func milliseconds(d time.Duration) float64 { return float64(d.Microseconds()) / 1000 }
