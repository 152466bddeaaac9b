package bench_test

import (
	"os"
	"runtime"
	"strings"
	"sync"
	"testing"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"

	"github.com/vezne/vezne/test/servertest"
)

// The budget is held over many payments of several callers, so that what a server
// does by the clock (a thousand allocations a second) is little beside them even on
// a busy machine; of several rounds the cheapest counts, because another process
// can only make a payment dearer.
const (
	budgetFile    = "testdata/budget.json"
	budgetCallers = 8
	budgetRounds  = 4
	budgetCount   = 50 // payments of each caller in a round
	budgetPercent = 10 // by which a payment may exceed what was written down
)

// spent is what a payment allocates, and the budget of it.
type spent struct {
	Allocations int64 `json:"allocations"`
	Bytes       int64 `json:"bytes"`
}

// TestBudget/a_payment_allocates_no_more_than_was_written_down holds what a whole
// payment allocates, from the request to the answer with the jobs that it leaves,
// against testdata/budget.json. The bank is another process. A change that makes a
// payment cheaper, or dearer for a reason, writes the file anew with
// BENCH_BUDGET=write.
func TestBudget(t *testing.T) { //nolint:paralleltest // it counts what the whole process allocates
	t.Run("a_payment_allocates_no_more_than_was_written_down", func(t *testing.T) {
		got, key := spentOnPayment(t), "plain"
		if raceDetector {
			key = "race" // which allocates for itself
		}
		budgets := readBudgets(t)
		t.Logf("a payment: %d allocations of %d bytes; budget: %d of %d",
			got.Allocations, got.Bytes, budgets[key].Allocations, budgets[key].Bytes)
		if os.Getenv("BENCH_BUDGET") == "write" {
			budgets[key] = got
			writeBudgets(t, budgets)
			return
		}
		for _, over := range got.over(budgets[key]) {
			t.Error(over)
		}
	})
	t.Run("what_is_over_by_more_than_a_tenth_is_found", func(t *testing.T) {
		budget := spent{Allocations: 1000, Bytes: 50_000}
		for _, c := range []struct {
			got  spent
			want int
		}{
			{spent{1000, 50_000}, 0}, {spent{1100, 55_000}, 0}, {spent{1101, 50_000}, 1}, {spent{1000, 55_001}, 1}, {spent{2000, 99_000}, 2},
		} {
			if n := len(c.got.over(budget)); n != c.want {
				t.Errorf("%+v: %d excesses, want %d", c.got, n, c.want)
			}
		}
	})
}

// over says what exceeds the budget.
func (s spent) over(budget spent) []string {
	var all []string
	for _, c := range []struct {
		what      string
		got, most int64
	}{{"allocations", s.Allocations, budget.Allocations}, {"bytes", s.Bytes, budget.Bytes}} {
		if c.got*100 > c.most*(100+budgetPercent) {
			all = append(all, "a payment takes "+thousands(c.got)+" "+c.what+", its budget is "+thousands(c.most)+
				"; if that is meant, BENCH_BUDGET=write go test [-race] -run TestBudget ./test/bench")
		}
	}
	return all
}

func spentOnPayment(t *testing.T) spent {
	t.Helper()
	bank := servertest.StartSimulatorBinary(t, servertest.Build(t))
	s := servertest.Start(t, servertest.Options{
		LogLevel: "info", Args: []string{"--simulator-url", bank}, Environ: []string{"VEZNE_RATE_LIMIT=1000000"},
	})
	callers := lines(t, s.URL, budgetCallers)
	var numbers orders
	pay := func() {
		var all sync.WaitGroup
		for _, c := range callers {
			all.Go(func() {
				for range budgetCount {
					if err := c.pay(&numbers); err != nil {
						t.Error(err)
						return
					}
				}
			})
		}
		all.Wait()
	}
	pay() // prepares statements and fills caches
	var least spent
	for i := range budgetRounds {
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		pay()
		runtime.ReadMemStats(&after)
		round := spent{
			Allocations: int64(after.Mallocs-before.Mallocs) / (budgetCallers * budgetCount), //nolint:gosec // a difference of counters
			Bytes:       int64(after.TotalAlloc-before.TotalAlloc) / (budgetCallers * budgetCount),
		}
		t.Logf("round %d: %+v", i, round)
		if i == 0 {
			least = round
		}
		least.Allocations, least.Bytes = min(least.Allocations, round.Allocations), min(least.Bytes, round.Bytes)
	}
	return least
}

func readBudgets(t *testing.T) map[string]spent {
	t.Helper()
	text, err := os.ReadFile(budgetFile)
	if err != nil {
		t.Fatal(err)
	}
	var budgets map[string]spent
	if err := json.Unmarshal(text, &budgets, json.RejectUnknownMembers(true)); err != nil {
		t.Fatal(err)
	}
	return budgets
}

func writeBudgets(t *testing.T, budgets map[string]spent) {
	t.Helper()
	var s strings.Builder
	if err := json.MarshalWrite(&s, budgets, json.Deterministic(true), jsontext.WithIndent("  ")); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(budgetFile, []byte(s.String()+"\n"), 0o644); err != nil { //nolint:gosec // it belongs to the source
		t.Fatal(err)
	}
}
