package chaos_test

import (
	"testing"
	"time"

	"github.com/vezne/vezne/internal/storage"
	"github.com/vezne/vezne/test/chaos"
)

// mutantDuration is long enough for every disturbance to hit a mutant.
const mutantDuration = 8 * time.Second

// TestMutants proves the proof: a Vezne that was broken on purpose must be found
// out. Each tag breaks one thing, see the files mutant_*.go.
func TestMutants(t *testing.T) { //nolint:paralleltest // each run needs the machine
	for _, m := range []struct{ tag, name string }{
		{"chaos_skip_commit1", "charge_not_stored_before_the_bank_hears_of_it"},
		{"chaos_no_cas", "rows_saved_without_compare_and_set"},
		{"chaos_unknown_is_failed", "silence_taken_for_a_no"},
	} {
		t.Run(m.name, func(t *testing.T) { //nolint:paralleltest // as above
			if r := hurried(t, m.tag); len(r.Violations) == 0 {
				t.Errorf("nothing was found in %d payments", r.Payments)
			}
		})
	}
	t.Run("nothing_is_found_when_nothing_is_broken", func(t *testing.T) { //nolint:paralleltest // as above
		// Not in a hurry: what is unfinished while it is read contradicts itself.
		o := options(t, storage.SQLite)
		o.Duration = mutantDuration
		for _, v := range run(t, o).Violations {
			t.Error(v)
		}
	})
}

func hurried(t *testing.T, tags ...string) *chaos.Report {
	t.Helper()
	o := options(t, storage.SQLite, tags...)
	o.Duration, o.Quiet, o.Hurry = mutantDuration, 3*time.Second, true
	r := run(t, o)
	for _, v := range r.Violations[:min(3, len(r.Violations))] {
		t.Logf("found: %s", v)
	}
	t.Logf("%d violations in %d payments", len(r.Violations), r.Payments)
	return r
}
