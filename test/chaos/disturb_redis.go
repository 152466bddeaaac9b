package chaos

import (
	"context"
	"math/rand/v2"
	"time"
)

// killRedis kills the Redis server, and with it every card that was kept for a
// payer who is at the bank, and starts it again.
type killRedis struct{}

func (killRedis) Name() string        { return "kill -9 of Redis" }
func (killRedis) Suits(w *World) bool { return w.redis != nil }
func (killRedis) Pause(time.Duration) (time.Duration, time.Duration) {
	return 3 * time.Second, 10 * time.Second
}

func (killRedis) Act(ctx context.Context, w *World, rng *rand.Rand) error {
	w.redis.kill()
	wait(ctx, between(rng, 0, 1500*time.Millisecond))
	return w.redis.start(ctx)
}
