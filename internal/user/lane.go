package user

import (
	"context"
	"sync"
	"time"
)

const (
	// slowCallers is how many logins beyond the limits one source may have waiting,
	// with the one that is looked at.
	slowCallers = 4
	// slowPause is how long a source waits after a wrong one: a person hardly notices,
	// and a program that guesses gets no further.
	slowPause = time.Second
)

// lanes let callers of one source through one by one. They are safe for concurrent
// use, and keep nothing of a source that has no caller.
type lanes struct {
	pause time.Duration
	mu    sync.Mutex
	of    map[string]*lane
}

type lane struct {
	turn    chan struct{}
	callers int
}

func newLanes(pause time.Duration) *lanes { return &lanes{pause: pause, of: make(map[string]*lane)} }

// enter waits for the source's turn and returns how to end it. It returns false if too
// many wait or the caller has gone.
func (l *lanes) enter(ctx context.Context, source string) (leave func(), ok bool) {
	own := l.join(source)
	if own == nil {
		return nil, false
	}
	select {
	case own.turn <- struct{}{}:
		return func() {
			<-own.turn
			l.part(source, own)
		}, true
	case <-ctx.Done():
		l.part(source, own)
		return nil, false
	}
}

func (l *lanes) join(source string) *lane {
	l.mu.Lock()
	defer l.mu.Unlock()
	own := l.of[source]
	if own == nil {
		own = &lane{turn: make(chan struct{}, 1)}
		l.of[source] = own
	}
	if own.callers >= slowCallers {
		return nil
	}
	own.callers++
	return own
}

func (l *lanes) part(source string, own *lane) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if own.callers--; own.callers == 0 {
		delete(l.of, source)
	}
}

// hold keeps the turn for the pause, whether the caller is still there or not: one who
// hangs up must not guess faster.
func (l *lanes) hold() {
	t := time.NewTimer(l.pause)
	defer t.Stop()
	<-t.C
}
