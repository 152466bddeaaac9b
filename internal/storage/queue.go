package storage

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/vezne/vezne/internal/clock"
)

// member is one caller's place in a group.
type member struct {
	batch Batch
	// alone, when set, is run by itself instead of the batch.
	alone func() error
	// done takes the one answer; it has room for it, so that a writer never
	// waits for a caller who has left.
	done chan error
}

// queue hands commits to the writers.
type queue struct {
	members chan *member
	limit   int
	clock   clock.Clock
	stats   *stats
	onGroup func(Group)
	running sync.WaitGroup

	mu     sync.RWMutex // guards closed against senders
	closed bool
}

var (
	errQueueFull = errors.New("too many commits are waiting")
	errClosed    = errors.New("the database is closed")
)

func newQueue(o Options, s *stats) *queue {
	return &queue{
		members: make(chan *member, o.QueueLimit),
		limit:   o.GroupLimit,
		clock:   o.Clock,
		stats:   s,
		onGroup: o.OnGroup,
	}
}

func (q *queue) start(writers []writer) {
	for _, w := range writers {
		q.running.Go(func() { q.run(w) })
	}
}

// stop lets the writers empty the queue and waits for them.
func (q *queue) stop() {
	q.mu.Lock()
	if !q.closed {
		q.closed = true
		close(q.members)
	}
	q.mu.Unlock()
	q.running.Wait()
}

func (q *queue) do(ctx context.Context, m *member) error {
	if err := ctx.Err(); err != nil {
		return fmt.Errorf("commit: %w", err)
	}
	if err := q.push(m); err != nil {
		return err
	}
	select {
	case err := <-m.done:
		return err
	case <-ctx.Done():
		return unavailable(fmt.Errorf("commit: %w", ctx.Err()))
	}
}

func (q *queue) push(m *member) error {
	q.mu.RLock()
	defer q.mu.RUnlock()
	if q.closed {
		return unavailable(errClosed)
	}
	select {
	case q.members <- m:
		return nil
	default:
		return unavailable(errQueueFull)
	}
}

// run commits group after group until the queue is closed and empty.
func (q *queue) run(w writer) {
	group := make([]*member, 0, q.limit)
	for m := range q.members {
		if m.alone != nil {
			m.done <- m.alone()
			continue
		}
		var last *member
		group, last = q.fill(append(group[:0], m))
		q.commit(w, group)
		if last != nil {
			last.done <- last.alone()
		}
	}
}

// fill takes what is queued right now, up to the limit. A member that wants to
// be alone ends the group and is returned beside it.
func (q *queue) fill(group []*member) ([]*member, *member) {
	for len(group) < q.limit {
		select {
		case m, ok := <-q.members:
			if !ok {
				return group, nil
			}
			if m.alone != nil {
				return group, m
			}
			group = append(group, m)
		default:
			return group, nil
		}
	}
	return group, nil
}

func (q *queue) commit(w writer, group []*member) {
	size, start := len(group), q.clock.Elapsed()
	w.commit(group)
	g := Group{Commits: size, Took: q.clock.Elapsed() - start}
	q.stats.add(g)
	if q.onGroup != nil {
		q.onGroup(g)
	}
}

// answer gives every member of the group the same answer.
func answer(group []*member, err error) {
	for _, m := range group {
		m.done <- err
	}
}

// Group is one group that was committed.
type Group struct {
	Commits int // callers that shared it
	Took    time.Duration
}
