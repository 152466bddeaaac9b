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

// breaker sends commands to a server, none of which is waited for beyond a bound.
// After one that was in vain all are refused at once, until the server has
// answered in time to a background that reconnects and waits in their place. It
// is safe for concurrent use.
type breaker struct {
	client rueidis.Client

	mu     sync.Mutex
	away   bool
	closed bool
	end    context.CancelFunc // of the probe of a server that is away
	work   sync.WaitGroup
}

func newBreaker(c rueidis.Client) *breaker { return &breaker{client: c, end: func() {}} }

// close refuses what comes later and waits for what is under way.
func (b *breaker) close() {
	b.mu.Lock()
	b.closed = true
	b.end()
	b.mu.Unlock()
	b.work.Wait()
}

// do sends a command and waits for its answer as long as given. The client alone
// would not keep to that: whoever needs a connection that another caller is about
// to dial waits for that one's dial.
func (b *breaker) do(
	ctx context.Context, bound time.Duration, send func(context.Context) rueidis.RedisResult,
) rueidis.RedisResult {
	if !b.begin() {
		return rueidis.NewErrorResult(errAway)
	}
	bounded, cancel := context.WithTimeout(ctx, bound)
	defer cancel()
	answered := make(chan rueidis.RedisResult, 1)
	go func() {
		defer b.work.Done()
		answered <- send(bounded)
	}()
	var r rueidis.RedisResult
	select {
	case r = <-answered:
	case <-bounded.Done():
		r = rueidis.NewErrorResult(bounded.Err())
	}
	if r.NonRedisError() != nil && ctx.Err() == nil {
		b.trip(ctx, bound)
	}
	return r
}

func (b *breaker) begin() bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.away || b.closed {
		return false
	}
	b.work.Add(1)
	return true
}

// trip has the server looked for, by one goroutine at a time.
func (b *breaker) trip(ctx context.Context, bound time.Duration) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.away || b.closed {
		return
	}
	b.away = true
	probing, end := context.WithCancel(context.WithoutCancel(ctx)) // nobody's request
	b.end = end
	b.work.Go(func() { b.probe(probing, bound) })
}

// probe tries until the server answers within the bound.
func (b *breaker) probe(ctx context.Context, bound time.Duration) {
	pause := time.NewTicker(coolDown)
	defer pause.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-pause.C:
		}
		// The first brings a new connection about, the second shows how fast it is.
		if b.ping(ctx, redisDial) && b.ping(ctx, bound) {
			b.mu.Lock()
			b.away = false
			b.end()
			b.mu.Unlock()
			return
		}
	}
}

func (b *breaker) ping(ctx context.Context, within time.Duration) bool {
	ctx, cancel := context.WithTimeout(ctx, within)
	defer cancel()
	return b.client.Do(ctx, b.client.B().Ping().Build()).Error() == nil
}
