package job_test

import (
	"context"
	"log/slog"
	"sync"
	"testing"
	"time"

	"github.com/vezne/vezne/internal/clock"
	"github.com/vezne/vezne/internal/id"
	"github.com/vezne/vezne/internal/job"
)

// endless is a queue that always has jobs, and counts those that are leased.
type endless struct {
	mu           sync.Mutex
	last         id.Job
	leased, most int
	ended        chan job.Job
}

func (q *endless) Lease(
	_ context.Context, _ []job.Kind, _ string, _ time.Time, _ time.Duration, limit int,
) ([]job.Job, error) {
	q.mu.Lock()
	defer q.mu.Unlock()
	var all []job.Job
	for range limit {
		q.last++
		all = append(all, job.Job{ID: q.last, Kind: "work", Leases: 1})
	}
	q.leased += limit
	q.most = max(q.most, q.leased)
	return all, nil
}

func (q *endless) Finish(_ context.Context, j job.Job, _ string, _ time.Time) error {
	q.mu.Lock()
	q.leased--
	q.mu.Unlock()
	select {
	case q.ended <- j:
	default: // the test has seen enough
	}
	return nil
}

func (q *endless) Retry(ctx context.Context, j job.Job, node string, at time.Time, _ string) error {
	return q.Finish(ctx, j, node, at)
}

func (q *endless) Bury(ctx context.Context, j job.Job, node string, at time.Time, _ string) error {
	return q.Finish(ctx, j, node, at)
}

// TestRun_a_slow_job_delays_no_other_and_none_waits_with_a_running_lease has one
// job that never ends by itself: the others go on, and no more are ever leased
// than can run.
func TestRun_a_slow_job_delays_no_other_and_none_waits_with_a_running_lease(t *testing.T) {
	t.Parallel()
	q := &endless{ended: make(chan job.Job, 1000)}
	handlers := job.Handlers{"work": {Class: job.Money, Do: func(ctx context.Context, j job.Job) error {
		if j.ID == 1 {
			<-ctx.Done()
		}
		return ctx.Err()
	}}}
	runner := job.NewRunner(q, handlers, "node", clock.System{}, slog.New(slog.DiscardHandler))
	runner.Workers = 4
	ctx, stop := context.WithCancel(t.Context())
	over := make(chan struct{})
	go func() {
		defer close(over)
		runner.Run(ctx)
	}()
	for range 100 {
		if j := <-q.ended; j.ID == 1 {
			t.Error("the slow job ended before it was stopped")
		}
	}
	stop()
	<-over
	q.mu.Lock()
	defer q.mu.Unlock()
	if q.leased != 0 || q.most > runner.Workers {
		t.Errorf("%d jobs were not given back, and %d were leased at once, want %d at most", q.leased, q.most, runner.Workers)
	}
}

// slow is a queue with one job, whose answer is long on its way.
type slow struct {
	endless
	clock *clock.Manual
	takes time.Duration
}

func (q *slow) Lease(
	ctx context.Context, kinds []job.Kind, node string, now time.Time, lease time.Duration, _ int,
) ([]job.Job, error) {
	q.clock.Advance(q.takes)
	return q.endless.Lease(ctx, kinds, node, now, lease, 1)
}

func TestRound_a_lease_that_was_long_on_its_way_leaves_less_time(t *testing.T) {
	t.Parallel()
	const takes = 40 * time.Second
	q := &slow{endless: endless{ended: make(chan job.Job, 1)}, clock: clock.NewManual(time.Unix(1_000_000, 0)), takes: takes}
	var left time.Duration
	handlers := job.Handlers{"work": {Class: job.Money, Do: func(ctx context.Context, _ job.Job) error {
		deadline, _ := ctx.Deadline()
		left = time.Until(deadline)
		return nil
	}}}
	runner := job.NewRunner(q, handlers, "node", q.clock, slog.New(slog.DiscardHandler))
	if n, err := runner.Round(t.Context()); n != 1 || err != nil {
		t.Fatal(n, err)
	}
	if most := time.Minute - takes; left <= 0 || left >= most {
		t.Errorf("the handler has %s, its lease %s", left, most)
	}
}

// stuck is a queue with one job whose end it cannot store.
type stuck struct {
	endless
	given time.Duration
}

func (q *stuck) Finish(ctx context.Context, _ job.Job, _ string, _ time.Time) error {
	deadline, _ := ctx.Deadline()
	q.given = time.Until(deadline)
	return context.DeadlineExceeded
}

func TestRound_the_end_of_a_job_is_stored_within_its_lease_or_not_at_all(t *testing.T) {
	t.Parallel()
	q := &stuck{endless: endless{}}
	handlers := job.Handlers{"work": {Class: job.Money, Do: func(context.Context, job.Job) error { return nil }}}
	runner := job.NewRunner(&single{Queue: q}, handlers, "node", clock.System{}, slog.New(slog.DiscardHandler))
	if n, err := runner.Round(t.Context()); n != 1 || err != nil {
		t.Fatal(n, err)
	}
	if q.given <= 0 || q.given > 15*time.Second {
		t.Errorf("the queue has %s for the end of a job", q.given)
	}
}

// single hands out one job.
type single struct{ job.Queue }

func (s *single) Lease(
	ctx context.Context, kinds []job.Kind, node string, now time.Time, lease time.Duration, _ int,
) ([]job.Job, error) {
	return s.Queue.Lease(ctx, kinds, node, now, lease, 1)
}
