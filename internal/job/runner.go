package job

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"sync"
	"time"

	"github.com/vezne/vezne/internal/clock"
	"github.com/vezne/vezne/internal/trace"
)

// Handler does a job. It may be called more than once for the same job and must
// bear that. A nil error ends the job, Later puts it off without counting as a
// failure, any other error counts as one.
type Handler func(ctx context.Context, j Job) error

// postponement is the error with which a handler asks to be called again.
type postponement struct{ until time.Time }

func (p postponement) Error() string { return "again at " + p.until.Format(time.RFC3339) }

// Later returns the error that puts a job off until the time given.
func Later(until time.Time) error { return postponement{until} }

const (
	// tick is how often a runner looks for jobs that are due.
	tick = 250 * time.Millisecond
	// batch is how many jobs Round leases at once, workers how many a runner does
	// unless it is told otherwise.
	batch   = 64
	workers = 8
	// lease is how long a job belongs to a node that does not finish it; a
	// handler is stopped before that.
	lease        = time.Minute
	handlerLimit = 45 * time.Second
	// endLimit bounds the storing of a job's end: later the lease is over, and a
	// node that is being stopped has 30 seconds in all.
	endLimit = lease - handlerLimit
	// Pauses after failures double from firstPause to maxPause; after maxAttempts,
	// about three days, a job is dead.
	firstPause  = 5 * time.Second
	maxPause    = 2 * time.Hour
	maxAttempts = 45
)

// Runner leases jobs of the kinds that have a handler and runs them, on as many
// nodes as have one. Jobs of one subject run in order.
type Runner struct {
	// Workers is how many jobs run at once. It is set before Run.
	Workers int
	// OnRun, if set, hears how each run of a job ended. It is set before Run, and
	// called by the goroutine that ran the job.
	OnRun func(Kind, Ending)

	queue    Queue
	handlers map[Kind]Handler
	kinds    []Kind
	node     string
	clock    clock.Clock
	log      *slog.Logger
}

// NewRunner returns a Runner that works under a node name that no other process
// uses.
func NewRunner(q Queue, handlers map[Kind]Handler, node string, c clock.Clock, log *slog.Logger) *Runner {
	r := &Runner{Workers: workers, queue: q, handlers: handlers, node: node, clock: c, log: log}
	for k := range handlers {
		r.kinds = append(r.kinds, k)
	}
	slices.Sort(r.kinds)
	return r
}

// Kinds returns the kinds of job that the runner does, sorted.
func (r *Runner) Kinds() []Kind { return slices.Clone(r.kinds) }

// Run runs jobs until the context ends. It returns when those it had leased have
// ended or were handed back. It leases no job before a worker is free for it: a
// job that waits behind slow ones would lose its lease, and run on two nodes at
// once.
func (r *Runner) Run(ctx context.Context) {
	var wg sync.WaitGroup
	defer wg.Wait()
	t := time.NewTicker(tick)
	defer t.Stop()
	places, ended := make(chan struct{}, r.Workers), make(chan struct{}, 1)
	work := func(s stint, j Job) {
		r.run(ctx, s, j)
		<-places
		select {
		case ended <- struct{}{}:
		default: // the loop was told already
		}
	}
	for ctx.Err() == nil {
		room := cap(places) - len(places)
		held := r.begin()
		jobs := r.lease(ctx, room)
		for _, j := range jobs {
			places <- struct{}{} // there is room: this loop alone fills it
			wg.Go(func() { work(held, j) })
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

// stint is the time in which the jobs of one lease must end.
type stint struct {
	clock clock.Clock
	began time.Duration // elapsed, before the lease was asked for
}

func (r *Runner) begin() stint { return stint{r.clock, r.clock.Elapsed()} }

// left is how long a handler may still take. An answer of the queue that was long
// on its way has used up some of the lease.
func (s stint) left() time.Duration { return handlerLimit - (s.clock.Elapsed() - s.began) }

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
	held := r.begin()
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
			r.run(ctx, held, j)
		})
	}
	wg.Wait()
	return len(jobs), nil
}

func (r *Runner) run(ctx context.Context, s stint, j Job) {
	ctx, span := trace.Start(ctx, trace.StepJob)
	defer span.End()
	err := ctx.Err()
	if err == nil {
		err = r.call(ctx, s, j)
	}
	// The end of a job is stored even when the runner is being stopped.
	storing, cancel := context.WithTimeout(context.WithoutCancel(ctx), endLimit)
	defer cancel()
	ending := endingOf(j, err, ctx.Err() != nil)
	span.Set(trace.Kind(j.Kind))
	span.Set(trace.Attempt(j.Attempt))
	span.Set(trace.Outcome(ending))
	if r.OnRun != nil {
		r.OnRun(j.Kind, ending)
	}
	if err := r.end(storing, j, err, ending); err != nil {
		r.log.LogAttrs(ctx, slog.LevelWarn, "end job", slog.Int64("job", int64(j.ID)), slog.String("kind", string(j.Kind)), slog.Any("error", err))
	}
}

func (r *Runner) call(ctx context.Context, s stint, j Job) (err error) {
	ctx, cancel := context.WithTimeout(ctx, s.left())
	defer cancel()
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("panic in handler of %s", j.Kind)
		}
	}()
	return r.handlers[j.Kind](ctx, j)
}

// Ending is how a run of a job ended.
type Ending string

// The endings.
const (
	EndedDone      Ending = "done"
	EndedPostponed Ending = "postponed"
	EndedFailed    Ending = "failed"
	// EndedHandedBack: the node is being stopped.
	EndedHandedBack Ending = "handed_back"
	// EndedDead: it failed too often and was set aside.
	EndedDead Ending = "dead"
)

func endingOf(j Job, failure error, stopping bool) Ending {
	_, postponed := errors.AsType[postponement](failure)
	switch {
	case failure == nil:
		return EndedDone
	case postponed:
		return EndedPostponed
	case stopping:
		return EndedHandedBack
	case j.Attempt+1 >= maxAttempts:
		return EndedDead
	}
	return EndedFailed
}

func (r *Runner) end(ctx context.Context, j Job, failure error, ending Ending) error {
	now := r.clock.Now()
	switch ending {
	case EndedDone:
		return r.queue.Finish(ctx, j, r.node, now)
	case EndedPostponed:
		later, _ := errors.AsType[postponement](failure)
		return r.queue.Retry(ctx, j, r.node, later.until, "")
	case EndedHandedBack:
		return r.queue.Retry(ctx, j, r.node, now, "handed back")
	case EndedDead:
		r.log.LogAttrs(ctx, slog.LevelError, "job is dead", slog.Int64("job", int64(j.ID)), slog.String("kind", string(j.Kind)), slog.Any("error", failure))
		return r.queue.Bury(ctx, j, r.node, now, failure.Error())
	case EndedFailed:
	}
	return r.queue.Retry(ctx, j, r.node, now.Add(Pause(j.Attempt)), failure.Error())
}

// Pause returns how long a job waits after its failure number attempt+1.
func Pause(attempt int) time.Duration {
	p := firstPause
	for range min(attempt, 20) {
		p = min(2*p, maxPause)
	}
	return p
}
