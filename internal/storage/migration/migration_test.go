package migration_test

import (
	"fmt"
	"io/fs"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/vezne/vezne/internal/storage/migration"
)

func names(t *testing.T, steps fs.FS) []string {
	t.Helper()
	all, err := fs.Glob(steps, "*.sql")
	if err != nil || len(all) == 0 {
		t.Fatal(all, err)
	}
	return all
}

func TestSteps_are_the_same_for_both_engines_and_numbered_without_gaps(t *testing.T) {
	t.Parallel()
	all := names(t, migration.SQLite())
	if diff := cmp.Diff(all, names(t, migration.PostgreSQL())); diff != "" {
		t.Error(diff)
	}
	for i, name := range all {
		if !strings.HasPrefix(name, fmt.Sprintf("%05d_", i+1)) {
			t.Errorf("%s is step %d", name, i+1)
		}
	}
}

func TestMissing_names_every_step_that_was_not_applied(t *testing.T) {
	t.Parallel()
	all := names(t, migration.SQLite())
	applied := []int64{0} // goose's own first row
	for i := range all {
		applied = append(applied, int64(i+1))
	}
	ahead := append(slices.Clone(applied), int64(len(all)+1))
	for name, c := range map[string]struct {
		applied []int64
		want    []string
	}{
		"none_of_all":           {applied, nil},
		"none_of_more_than_all": {ahead, nil},
		"all_of_none":           {nil, all},
		"the_newest":            {applied[:len(applied)-1], all[len(all)-1:]},
		"one_in_a_gap":          {slices.Delete(slices.Clone(applied), 3, 4), all[2:3]},
	} {
		got, err := migration.Missing(migration.SQLite(), c.applied)
		if diff := cmp.Diff(got, c.want); err != nil || diff != "" {
			t.Errorf("%s: %v, %s", name, err, diff)
		}
	}
}
