package job

import (
	"context"
	"fmt"
	"log/slog"
	"maps"
	"slices"
	"sync"
	"time"

	"github.com/vezne/vezne/internal/clock"
	"github.com/vezne/vezne/internal/fault"
	"github.com/vezne/vezne/internal/trace"
)

// Handler does a job. It may be called more than once for the same job and must
// bear that. A nil error ends the job, Later puts it off without counting as a
// failure, any other error counts as one, and so does a panic.
type Handler func(ctx context.Context, j Job) error

// postponement is the error with which a handler asks to be called again.
type postponement struct{ until time.Time }

// Error says when to call again.
func (p postponement) Error() string { return "again at " + p.until.Format(time.RFC3339) }

// Later returns the error that puts a job off until the time given.
func Later(until time.Time) error { return postponement{until} }

const (
	// pollInterval is how often a runner looks for jobs that are due.
	pollInterval = 250 * time.Millisecond
	// batch is how many jobs Round leases at once, workers how many a runner of no
	// class does.
	batch   = 64
	workers = 8
	// lease is how long a job belongs to a node that does not finish it; a
	// handler is stopped before that.
	lease        = time.Minute
	handlerLimit = 45 * time.Second
	// endLimit bounds the storing of a job's end: later the lease is over, and a
	// node that is being stopped has 30 seconds in all.
	endLimit = lease - handlerLimit
	// Pauses after failures double from firstPause to maxPause; after maxFailures,
	// about three days, a job is dead.
	firstPause  = 5 * time.Second
	maxPause    = 2 * time.Hour
	maxFailures = 45
)

// Runner leases jobs of the kinds that have a handler and runs them, on as many
// nodes as have one. Jobs of one subject run in order.
type Runner struct {
	// Workers is how many jobs run at once. It is set before Run.
	Workers int
	// OnRun, if set, hears how each run of a job ended. It is set before Run, and
	// called by the goroutine that ran the job.
	OnRun func(Kind, Ending)

	class    Class
	poll     time.Duration
	queue    Queue
	handlers Handlers
	kinds    []Kind
	node     string
	clock    clock.Clock
	log      *slog.Logger
}

// NewRunner returns a Runner of its own for all kinds given, whatever their class.
// It works under a node name that no other process uses. A node has those of
// NewRunners.
func NewRunner(q Queue, handlers Handlers, node string, c clock.Clock, log *slog.Logger) *Runner {
	return &Runner{
		Workers: workers, poll: pollInterval, queue: q, handlers: handlers, kinds: slices.Sorted(maps.Keys(handlers)),
		node: node, clock: c, log: log,
	}
}

// Class is the class of the jobs that the runner does, empty for one of NewRunner.
func (r *Runner) Class() Class { return r.class }

// Kinds returns the kinds of job that the runner does, sorted.
func (r *Runner) Kinds() []Kind { return slices.Clone(r.kinds) }

// Run runs jobs until the context ends. It returns when those it had leased have
// ended or were handed back. It leases no job before a worker is free for it: a
// job that waits behind slow ones would lose its lease, and run on two nodes at
// once.
func (r *Runner) Run(ctx context.Context) {
	var wg sync.WaitGroup
	defer wg.Wait()
	t := time.NewTicker(r.poll)
	defer t.Stop()
	places, ended := make(chan struct{}, r.Workers), make(chan struct{}, 1)
	work := func(d deadline, j Job) {
		r.run(ctx, d, j)
		<-places
		select {
		case ended <- struct{}{}:
		default: // the loop was told already
		}
	}
	for ctx.Err() == nil {
		room := cap(places) - len(places)
		until := r.newDeadline()
		jobs := r.lease(ctx, room)
		for _, j := range jobs {
			places <- struct{}{} // there is room: this loop alone fills it
			wg.Go(func() { work(until, j) })
		}
		// A full house may mean that more is due: look again once there is room.
		next, freed := t.C, (<-chan struct{})(nil)
		if len(jobs) == room {
			next, freed = nil, ended
		}
		select {
		case <-ctx.Done():
		case <-next:
		case <-freed:
		}
	}
}

// deadline is by when the handlers of the jobs of one lease must end.
type deadline struct {
	clock clock.Clock
	began time.Duration // elapsed, before the lease was asked for
}

func (r *Runner) newDeadline() deadline { return deadline{r.clock, r.clock.Elapsed()} }

// left is how long a handler may still take. An answer of the queue that was long
// on its way has used up some of the lease.
func (d deadline) left() time.Duration { return handlerLimit - (d.clock.Elapsed() - d.began) }

// lease leases up to limit jobs that are due.
func (r *Runner) lease(ctx context.Context, limit int) []Job {
	if len(r.kinds) == 0 || limit == 0 {
		return nil
	}
	jobs, err := r.queue.Lease(ctx, r.kinds, r.node, r.clock.Now(), lease, limit)
	if err != nil && ctx.Err() == nil {
		r.log.LogAttrs(ctx, slog.LevelWarn, "lease jobs", slog.Any("error", err))
	}
	return jobs
}

// Round leases one batch of jobs that are due, runs them and returns how many
// there were.
func (r *Runner) Round(ctx context.Context) (int, error) {
	if len(r.kinds) == 0 {
		return 0, nil
	}
	until := r.newDeadline()
	jobs, err := r.queue.Lease(ctx, r.kinds, r.node, r.clock.Now(), lease, batch)
	if err != nil {
		return 0, fmt.Errorf("lease jobs: %w", err)
	}
	var wg sync.WaitGroup
	places := make(chan struct{}, r.Workers)
	for _, j := range jobs {
		places <- struct{}{}
		wg.Go(func() {
			defer func() { <-places }()
			r.run(ctx, until, j)
		})
	}
	wg.Wait()
	return len(jobs), nil
}

func (r *Runner) run(ctx context.Context, d deadline, j Job) {
	ctx, span := trace.Start(ctx, trace.StepJob)
	defer span.End()
	err := ctx.Err()
	if err == nil {
		err = r.call(ctx, d, j)
	}
	// The end of a job is stored even when the runner is being stopped.
	storing, cancel := context.WithTimeout(context.WithoutCancel(ctx), endLimit)
	defer cancel()
	ending := endingOf(j, err, ctx.Err() != nil)
	span.Set(trace.Kind(j.Kind))
	span.Set(trace.Attempt(j.Leases))
	span.Set(trace.Outcome(ending))
	if r.OnRun != nil {
		r.OnRun(j.Kind, ending)
	}
	if err := r.end(storing, j, err, ending); err != nil {
		r.report(ctx, slog.LevelWarn, "end job", j, slog.Any("error", err))
	}
}

// call has the handler do the job. A panic is a failure like any other, but one
// whose place somebody must learn.
func (r *Runner) call(ctx context.Context, d deadline, j Job) (err error) {
	ctx, cancel := context.WithTimeout(ctx, d.left())
	defer cancel()
	defer func() {
		if v := recover(); v != nil {
			p := fault.Recovered(v)
			r.report(ctx, slog.LevelError, "job panicked", j, slog.Any("error", p), slog.String("stack", p.Stack()))
			err = p
		}
	}()
	return r.handlers[j.Kind].Do(ctx, j)
}

func (r *Runner) report(ctx context.Context, level slog.Level, what string, j Job, more ...slog.Attr) {
	r.log.LogAttrs(ctx, level, what, append([]slog.Attr{
		slog.Int64("job", int64(j.ID)), slog.String("kind", string(j.Kind)),
	}, more...)...)
}
