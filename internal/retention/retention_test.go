package retention_test

import (
	"context"
	"errors"
	"log/slog"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/vezne/vezne/internal/clock"
	"github.com/vezne/vezne/internal/job"
	"github.com/vezne/vezne/internal/retention"
)

var epoch = time.Date(2026, 11, 20, 12, 0, 0, 0, time.UTC)

// shelf is a store with so many old rows of each sort.
type shelf struct {
	old      map[retention.Sort]int
	lines    map[retention.Sort]time.Duration // before the time of the run
	failure  error
	commits  int
	onForget func()
}

func (s *shelf) Schedule(context.Context, job.Job) error { return nil }

func (s *shelf) Forget(_ context.Context, sort retention.Sort, before time.Time, limit int) (int, error) {
	if s.onForget != nil {
		s.onForget()
	}
	if s.failure != nil {
		return 0, s.failure
	}
	n := min(s.old[sort], limit)
	s.old[sort] -= n
	s.commits++
	s.lines[sort] = epoch.Sub(before)
	return n, nil
}

func newShelf(old map[retention.Sort]int) *shelf {
	return &shelf{old: old, lines: map[retention.Sort]time.Duration{}}
}

// run runs the job once.
func run(ctx context.Context, s *shelf) error {
	keeper := retention.NewKeeper(s, clock.NewManual(epoch), slog.New(slog.DiscardHandler))
	return keeper.JobHandlers()[retention.JobForget].Do(ctx, job.Job{Kind: retention.JobForget})
}

func putOff(t *testing.T, err error, want time.Duration) {
	t.Helper()
	if want := job.Later(epoch.Add(want)); !errors.Is(err, want) {
		t.Errorf("run ended with %v, want %v", err, want)
	}
}

func TestKeeper(t *testing.T) {
	t.Parallel()
	t.Run("each_sort_is_kept_as_long_as_documented", func(t *testing.T) {
		t.Parallel()
		s := newShelf(map[retention.Sort]int{})
		putOff(t, run(t.Context(), s), 10*time.Minute)
		want := map[retention.Sort]time.Duration{
			retention.Keys: 25 * time.Hour, retention.Logins: 24 * time.Hour, retention.Sources: 91 * 24 * time.Hour,
			retention.Secrets: 48 * time.Hour, retention.Deliveries: 720 * time.Hour,
		}
		if diff := cmp.Diff(want, s.lines); diff != "" {
			t.Errorf("kept (-want +got):\n%s", diff)
		}
	})
	t.Run("a_run_is_bounded_and_the_next_goes_on_at_once", func(t *testing.T) {
		t.Parallel()
		s := newShelf(map[retention.Sort]int{retention.Keys: 10_100, retention.Deliveries: 300})
		putOff(t, run(t.Context(), s), time.Second)
		if s.commits != 50 || s.old[retention.Keys] != 100 {
			t.Errorf("%d commits, %d keys left", s.commits, s.old[retention.Keys])
		}
		putOff(t, run(t.Context(), s), 10*time.Minute)
		if s.old[retention.Keys]+s.old[retention.Deliveries] != 0 {
			t.Errorf("left: %v", s.old)
		}
	})
	t.Run("failure_is_tried_again_and_never_kills_the_job", func(t *testing.T) {
		t.Parallel()
		s := newShelf(map[retention.Sort]int{})
		s.failure = errors.New("disk full")
		putOff(t, run(t.Context(), s), time.Minute)
	})
	t.Run("node_that_is_stopped_hands_the_job_back", func(t *testing.T) {
		t.Parallel()
		ctx, stop := context.WithCancel(t.Context())
		s := newShelf(map[retention.Sort]int{retention.Keys: 1000})
		s.onForget = stop
		if err := run(ctx, s); !errors.Is(err, context.Canceled) || s.commits != 1 {
			t.Errorf("run ended with %v after %d commits", err, s.commits)
		}
	})
}
