package job

import (
	"cmp"
	"fmt"
	"log/slog"
	"maps"
	"slices"
	"time"

	"github.com/vezne/vezne/internal/clock"
)

// Class says which runner does a kind of job. A class is what its jobs wait for, so
// that those that wait for one thing hold up none that wait for another.
type Class string

// The classes.
const (
	// Money is what becomes of payments and orders: it waits for banks.
	Money Class = "money"
	// Event turns what happened into deliveries: it waits for our own commits.
	Event Class = "event"
	// Callback calls merchants' servers. Strangers may be as slow as they like, so
	// there are many workers, and each handler bounds by Lanes how many of them one
	// receiver can keep.
	Callback Class = "callback"
	// Housekeeping tidies up. Nobody waits for it.
	Housekeeping Class = "housekeeping"
)

// classes returns how each class is run.
func classes() map[Class]effort {
	return map[Class]effort{
		Money: {workers: 16, poll: pollInterval},
		// Each waits for a commit, which those at work at the same time share.
		Event:        {workers: 64, poll: pollInterval},
		Callback:     {workers: CallbackWorkers, poll: pollInterval},
		Housekeeping: {workers: 2, poll: 4 * pollInterval},
	}
}

// CallbackWorkers is how many merchants' servers a node calls at once.
const CallbackWorkers = 256

// effort is how many jobs of a class a node does at once, and how often it looks for
// those that are due.
type effort struct {
	workers int
	poll    time.Duration
}

// Work is what is done about a kind of job.
type Work struct {
	Class Class
	Do    Handler
}

// Handlers is the one place where a package says which kinds of job it does, how,
// and of which class they are.
type Handlers map[Kind]Work

// NewRunners returns a Runner for each class of which there are handlers. They work
// under the name of a node that no other process uses. A kind without a handler, of
// no class or with two handlers is an error.
func NewRunners(q Queue, node string, c clock.Clock, log *slog.Logger, all ...Handlers) ([]*Runner, error) {
	byClass, seen := make(map[Class]Handlers), make(map[Kind]bool)
	for _, handlers := range all {
		for _, k := range slices.Sorted(maps.Keys(handlers)) {
			w := handlers[k]
			switch _, known := classes()[w.Class]; {
			case !known:
				return nil, fmt.Errorf("job: kind %s has no class that there is: %q", k, w.Class)
			case w.Do == nil:
				return nil, fmt.Errorf("job: kind %s has no handler", k)
			case seen[k]:
				return nil, fmt.Errorf("job: kind %s has two handlers", k)
			}
			seen[k] = true
			if byClass[w.Class] == nil {
				byClass[w.Class] = make(Handlers)
			}
			byClass[w.Class][k] = w
		}
	}
	var runners []*Runner
	for class, handlers := range byClass {
		r := NewRunner(q, handlers, node, c, log)
		r.class, r.Workers, r.poll = class, classes()[class].workers, classes()[class].poll
		runners = append(runners, r)
	}
	slices.SortFunc(runners, func(a, b *Runner) int { return cmp.Compare(a.class, b.class) })
	return runners, nil
}
