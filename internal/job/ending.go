package job

import (
	"context"
	"errors"
	"log/slog"
	"time"

	"github.com/vezne/vezne/internal/fault"
)

// Ending is how a run of a job ended.
type Ending string

// The endings.
const (
	// EndedDone: the job is over.
	EndedDone Ending = "done"
	// EndedPostponed: its handler said Later.
	EndedPostponed Ending = "postponed"
	// EndedFailed: it is tried again after a pause.
	EndedFailed Ending = "failed"
	// EndedHandedBack: the node is being stopped.
	EndedHandedBack Ending = "handed_back"
	// EndedDead: it failed too often and was set aside.
	EndedDead Ending = "dead"
)

func endingOf(j Job, failure error, stopping bool) Ending {
	_, postponed := errors.AsType[postponement](failure)
	_, panicked := errors.AsType[*fault.Panic](failure)
	switch {
	case failure == nil:
		return EndedDone
	case postponed:
		return EndedPostponed
	case stopping && !panicked:
		return EndedHandedBack
	case j.Failures+1 >= maxFailures:
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
		j.Failures++
		r.report(ctx, slog.LevelError, "job is dead", j, slog.Any("error", failure))
		return r.queue.Bury(ctx, j, r.node, now, failure.Error())
	case EndedFailed:
	}
	j.Failures++
	return r.queue.Retry(ctx, j, r.node, now.Add(Pause(j.Failures)), failure.Error())
}

// Pause returns how long a job waits that has failed as often as given, at least
// once.
func Pause(failures int) time.Duration {
	p := firstPause
	for range min(failures-1, 20) {
		p = min(2*p, maxPause)
	}
	return p
}
