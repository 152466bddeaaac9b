package job_test

import (
	"context"
	"log/slog"
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/vezne/vezne/internal/clock"
	"github.com/vezne/vezne/internal/job"
)

func nothing(context.Context, job.Job) error { return nil }

func TestNewRunners(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		handlers []job.Handlers
		refused  string
	}{
		"kind_without_a_class":     {[]job.Handlers{{"work": {Do: nothing}}}, "work has no class"},
		"kind_of_an_unknown_class": {[]job.Handlers{{"work": {Class: "leisure", Do: nothing}}}, `"leisure"`},
		"kind_without_a_handler":   {[]job.Handlers{{"work": {Class: job.Money}}}, "work has no handler"},
		"kind_with_two_handlers": {
			[]job.Handlers{{"work": {Class: job.Money, Do: nothing}}, {"work": {Class: job.Event, Do: nothing}}},
			"work has two handlers",
		},
	} {
		t.Run(name+"_is_refused", func(t *testing.T) {
			t.Parallel()
			log := slog.New(slog.DiscardHandler)
			runners, err := job.NewRunners(&endless{}, "node", clock.System{}, log, c.handlers...)
			if err == nil || !strings.Contains(err.Error(), c.refused) || runners != nil {
				t.Errorf("%d runners, error %v", len(runners), err)
			}
		})
	}
	t.Run("each_class_has_a_runner_for_all_of_its_kinds", func(t *testing.T) {
		t.Parallel()
		runners, err := job.NewRunners(&endless{}, "node", clock.System{}, slog.New(slog.DiscardHandler), job.Handlers{
			"check": {Class: job.Money, Do: nothing}, "call": {Class: job.Callback, Do: nothing},
		}, job.Handlers{"expire": {Class: job.Money, Do: nothing}})
		if err != nil {
			t.Fatal(err)
		}
		got := make(map[job.Class][]job.Kind)
		for _, r := range runners {
			got[r.Class()] = r.Kinds()
		}
		want := map[job.Class][]job.Kind{job.Money: {"check", "expire"}, job.Callback: {"call"}}
		if len(runners) != 2 || !maps.EqualFunc(got, want, slices.Equal) {
			t.Errorf("runners do %v", got)
		}
	})
}
