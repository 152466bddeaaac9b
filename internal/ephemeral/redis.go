package ephemeral

import (
	"context"
	"errors"
	"fmt"
	"net"
	"time"

	"github.com/redis/rueidis"
)

const (
	// redisPrefix keeps our keys apart from whatever else uses the server.
	redisPrefix = "vezne:ephemeral:"
	// redisCall bounds one request: a payer is waiting. Without its answer a card is
	// not kept, so it is longer than what is waited for a limit.
	redisCall = 100 * time.Millisecond
)

// Redis is a Store in a Redis or Valkey server, which several nodes may share and
// which outlives them. Values end there by the server's own clock. While the
// server does not answer all fails at once.
type Redis struct {
	// Timeout bounds one request; 100 milliseconds unless set before the first.
	Timeout time.Duration

	client   rueidis.Client
	breaker  *breaker
	breakers []*breaker // of all who use the client
}

// errAddress says nothing of the address, which may hold a password.
var errAddress = errors.New("the address of the Redis server is malformed")

// OpenRedis connects to the server that a redis:// or rediss:// address names. It
// fails if the server cannot be reached.
func OpenRedis(address string) (*Redis, error) {
	o, err := rueidis.ParseURL(address)
	if err != nil {
		return nil, errAddress
	}
	o.DisableCache = true // each value is read once or twice
	o.Dialer = net.Dialer{Timeout: redisDial}
	o.ConnWriteTimeout = redisDial
	o.DisableRetry = true // a breaker tries again, and nobody waits for it
	client, err := rueidis.NewClient(o)
	if err != nil {
		return nil, fmt.Errorf("connect to Redis: %w", err)
	}
	r := &Redis{Timeout: redisCall, client: client}
	r.breaker = r.newBreaker()
	return r, nil
}

// newBreaker returns a breaker over the connections of r, which ends with them. It is
// called before r is used by several goroutines.
func (r *Redis) newBreaker() *breaker {
	b := newBreaker(r.client)
	r.breakers = append(r.breakers, b)
	return b
}

// Close waits for what is under way and ends the connections.
func (r *Redis) Close() error {
	for _, b := range r.breakers {
		b.close()
	}
	r.client.Close()
	return nil
}

func (r *Redis) do(ctx context.Context, c rueidis.Completed) rueidis.RedisResult {
	return r.breaker.do(ctx, r.Timeout, func(ctx context.Context) rueidis.RedisResult { return r.client.Do(ctx, c) })
}

// Put implements Store.
func (r *Redis) Put(ctx context.Context, key string, value []byte, life time.Duration) error {
	set := r.client.B().Set().Key(redisPrefix + key).Value(rueidis.BinaryString(value)).Px(life).Build()
	if err := r.do(ctx, set).Error(); err != nil {
		return fmt.Errorf("put into Redis: %w", err)
	}
	return nil
}

// Get implements Store.
func (r *Redis) Get(ctx context.Context, key string) ([]byte, error) {
	value, err := r.do(ctx, r.client.B().Get().Key(redisPrefix+key).Build()).AsBytes()
	if rueidis.IsRedisNil(err) {
		return nil, ErrGone
	}
	if err != nil {
		return nil, fmt.Errorf("get from Redis: %w", err)
	}
	return value, nil
}

// Delete implements Store.
func (r *Redis) Delete(ctx context.Context, key string) error {
	if err := r.do(ctx, r.client.B().Del().Key(redisPrefix+key).Build()).Error(); err != nil {
		return fmt.Errorf("remove from Redis: %w", err)
	}
	return nil
}
