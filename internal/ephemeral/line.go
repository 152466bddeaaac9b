package ephemeral

import (
	"context"
	"errors"
	"sync"
	"time"

	"github.com/redis/rueidis"
)

const (
	// coolDown is how long a server that did not answer is left alone before it is
	// tried again, by nobody who waits.
	coolDown = 250 * time.Millisecond
	// redisDial bounds a connection, and a first command over it.
	redisDial = 2 * time.Second
)

// errAway is the answer of a server that did not answer lately.
var errAway = errors.New("the Redis server is away")

// line sends commands to a server, none of which is waited for beyond a bound.
// After one that was in vain all are refused at once, until the server has
// answered in time to a background that reconnects and waits in their place. It
// is safe for concurrent use.
type line struct {
	client rueidis.Client

	mu     sync.Mutex
	away   bool
	closed bool
	end    context.CancelFunc // of the search for a server that is away
	work   sync.WaitGroup
}

func newLine(c rueidis.Client) *line { return &line{client: c, end: func() {}} }

// close refuses what comes later and waits for what is under way.
func (l *line) close() {
	l.mu.Lock()
	l.closed = true
	l.end()
	l.mu.Unlock()
	l.work.Wait()
}

// do sends a command and waits for its answer as long as given. The client alone
// would not keep to that: whoever needs a connection that another caller is about
// to dial waits for that one's dial.
func (l *line) do(ctx context.Context, bound time.Duration, send func(context.Context) rueidis.RedisResult) rueidis.RedisResult {
	if !l.enter() {
		return rueidis.NewErrorResult(errAway)
	}
	bounded, cancel := context.WithTimeout(ctx, bound)
	defer cancel()
	answered := make(chan rueidis.RedisResult, 1)
	go func() {
		defer l.work.Done()
		answered <- send(bounded)
	}()
	var r rueidis.RedisResult
	select {
	case r = <-answered:
	case <-bounded.Done():
		r = rueidis.NewErrorResult(bounded.Err())
	}
	if r.NonRedisError() != nil && ctx.Err() == nil {
		l.lost(ctx, bound)
	}
	return r
}

func (l *line) enter() bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.away || l.closed {
		return false
	}
	l.work.Add(1)
	return true
}

// lost has the server looked for, by one goroutine at a time.
func (l *line) lost(ctx context.Context, bound time.Duration) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.away || l.closed {
		return
	}
	l.away = true
	seeking, end := context.WithCancel(context.WithoutCancel(ctx)) // nobody's request
	l.end = end
	l.work.Go(func() { l.seek(seeking, bound) })
}

// seek tries until the server answers within the bound.
func (l *line) seek(ctx context.Context, bound time.Duration) {
	pause := time.NewTicker(coolDown)
	defer pause.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-pause.C:
		}
		// The first brings a new connection about, the second shows how fast it is.
		if l.ping(ctx, redisDial) && l.ping(ctx, bound) {
			l.mu.Lock()
			l.away = false
			l.end()
			l.mu.Unlock()
			return
		}
	}
}

func (l *line) ping(ctx context.Context, within time.Duration) bool {
	ctx, cancel := context.WithTimeout(ctx, within)
	defer cancel()
	return l.client.Do(ctx, l.client.B().Ping().Build()).Error() == nil
}
