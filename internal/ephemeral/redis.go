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
	// redisDial bounds the connection, redisCall one request: a payer is waiting.
	redisDial = 2 * time.Second
	redisCall = 2 * time.Second
)

// Redis is a Store in a Redis or Valkey server, which several nodes may share and
// which outlives them. Values end there by the server's own clock.
type Redis struct{ client rueidis.Client }

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
	o.ConnWriteTimeout = redisCall
	client, err := rueidis.NewClient(o)
	if err != nil {
		return nil, fmt.Errorf("connect to Redis: %w", err)
	}
	return &Redis{client: client}, nil
}

// Close ends the connections.
func (r *Redis) Close() error {
	r.client.Close()
	return nil
}

// Put implements Store.
func (r *Redis) Put(ctx context.Context, key string, value []byte, life time.Duration) error {
	ctx, cancel := context.WithTimeout(ctx, redisCall)
	defer cancel()
	set := r.client.B().Set().Key(redisPrefix + key).Value(rueidis.BinaryString(value)).Px(life).Build()
	if err := r.client.Do(ctx, set).Error(); err != nil {
		return fmt.Errorf("put into Redis: %w", err)
	}
	return nil
}

// Get implements Store.
func (r *Redis) Get(ctx context.Context, key string) ([]byte, error) {
	ctx, cancel := context.WithTimeout(ctx, redisCall)
	defer cancel()
	value, err := r.client.Do(ctx, r.client.B().Get().Key(redisPrefix+key).Build()).AsBytes()
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
	ctx, cancel := context.WithTimeout(ctx, redisCall)
	defer cancel()
	if err := r.client.Do(ctx, r.client.B().Del().Key(redisPrefix+key).Build()).Error(); err != nil {
		return fmt.Errorf("delete from Redis: %w", err)
	}
	return nil
}
