package ephemeral

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"strconv"
	"sync/atomic"
	"time"

	"github.com/redis/rueidis"

	"github.com/vezne/vezne/internal/limit"
	"github.com/vezne/vezne/internal/secret"
)

const (
	bucketPrefix = "vezne:limit:"
	// bucketCall is how long a request may wait for a limit; a server in the same
	// network commonly answers in less than a millisecond.
	bucketCall = 20 * time.Millisecond
)

// bucketScript is limit.Buckets in the server: when a bucket will be full again, in
// microseconds of the server's clock, which a float64 holds exactly until 2255.
// It returns how long there is no token, and takes one if there is and ARGV[3] is 1. If
// that is -1 it puts one back.
var bucketScript = rueidis.NewLuaScript(`
local clock = redis.call('TIME')
local now = clock[1] * 1000000 + clock[2]
local every, burst = tonumber(ARGV[1]), tonumber(ARGV[2])
local full = tonumber(redis.call('GET', KEYS[1]) or '0')
if full < now or full - now > burst * every then full = now end
if ARGV[3] == '-1' then
  full = full - every
  if full <= now then
    redis.call('DEL', KEYS[1])
  else
    redis.call('SET', KEYS[1], string.format('%.0f', full), 'PX', math.ceil((full - now) / 1000))
  end
  return 0
end
local wait = full - now - (burst - 1) * every
if wait > 0 then return wait end
if ARGV[3] == '1' then
  full = full + every
  redis.call('SET', KEYS[1], string.format('%.0f', full), 'PX', math.ceil((full - now) / 1000))
end
return 0`)

// Buckets are the buckets of limits that several nodes share, in a Redis or Valkey
// server and by its clock. They implement limit.Shared.
type Buckets struct {
	client  rueidis.Client
	breaker *breaker
	key     secret.Bytes
	away    atomic.Bool
	// Timeout bounds one count; 20 milliseconds unless set before the first.
	Timeout time.Duration
	// OnAway, if set, hears that the server does not answer, with the reason, and
	// with nil that it does again. It must not wait.
	OnAway func(reason error)
}

// NewBuckets returns Buckets over the connections of r. The server sees hashes
// under the key alone, which must be the same on every node: addresses and cards
// are too few for a hash without one. It is called before r is used by others.
func NewBuckets(r *Redis, key secret.Bytes) *Buckets {
	return &Buckets{client: r.client, breaker: r.newBreaker(), key: key, Timeout: bucketCall}
}

// Take implements limit.Shared.
func (b *Buckets) Take(ctx context.Context, key string, r limit.Rate) (time.Duration, error) {
	return b.run(ctx, key, r, "1")
}

// Check implements limit.Shared.
func (b *Buckets) Check(ctx context.Context, key string, r limit.Rate) (time.Duration, error) {
	return b.run(ctx, key, r, "0")
}

// Give implements limit.Shared.
func (b *Buckets) Give(ctx context.Context, key string, r limit.Rate) error {
	_, err := b.run(ctx, key, r, "-1")
	return err
}

// Forget implements limit.Shared.
func (b *Buckets) Forget(ctx context.Context, key string) error {
	err := b.breaker.do(context.WithoutCancel(ctx), b.Timeout, func(ctx context.Context) rueidis.RedisResult {
		return b.client.Do(ctx, b.client.B().Del().Key(b.name(key)).Build())
	}).Error()
	b.note(err)
	if err != nil {
		return fmt.Errorf("forget in Redis: %w", err)
	}
	return nil
}

// run goes on if the caller hangs up, who must not be able to make a node count
// alone, and ends in time by itself.
func (b *Buckets) run(ctx context.Context, key string, r limit.Rate, change string) (time.Duration, error) {
	every := max(r.Every.Microseconds(), 1)
	args := []string{strconv.FormatInt(every, 10), strconv.Itoa(r.Burst), change}
	wait, err := b.breaker.do(context.WithoutCancel(ctx), b.Timeout, func(ctx context.Context) rueidis.RedisResult {
		return bucketScript.Exec(ctx, b.client, []string{b.name(key)}, args)
	}).AsInt64()
	b.note(err)
	if err != nil {
		return 0, fmt.Errorf("count in Redis: %w", err)
	}
	return time.Duration(wait) * time.Microsecond, nil
}

func (b *Buckets) name(key string) string {
	h := hmac.New(sha256.New, b.key.Reveal())
	h.Write([]byte(key))
	return bucketPrefix + base64.RawURLEncoding.EncodeToString(h.Sum(nil))
}

func (b *Buckets) note(err error) {
	if b.away.CompareAndSwap(err == nil, err != nil) && b.OnAway != nil {
		b.OnAway(err)
	}
}
