package chaos

import (
	"context"
	"fmt"
	"math/rand/v2"
	"time"
)

// cutDatabase cuts, delays and truncates what goes between a server and
// PostgreSQL.
type cutDatabase struct{}

func (cutDatabase) Name() string        { return "broken line to PostgreSQL" }
func (cutDatabase) Suits(w *World) bool { return len(w.lines) > 0 }
func (cutDatabase) Pause(time.Duration) (time.Duration, time.Duration) {
	return time.Second, 5 * time.Second
}

func (cutDatabase) Act(ctx context.Context, w *World, rng *rand.Rand) error {
	l := w.lines[rng.IntN(len(w.lines))]
	direction := [...]string{"upstream", "downstream"}[rng.IntN(2)]
	while := between(rng, 100*time.Millisecond, 2*time.Second)
	way := rng.IntN(5)
	w.tally.turnedOut([...]string{"line cut", "line delayed", "line truncated", "line reset", "line silent"}[way])
	switch way {
	case 0:
		return l.cut(ctx, while)
	case 1:
		return l.poison(ctx, while, direction, "latency", fmt.Sprintf(`{"latency":%d,"jitter":%d}`, 20+rng.IntN(1500), rng.IntN(200)))
	case 2:
		return l.poison(ctx, while, direction, "limit_data", fmt.Sprintf(`{"bytes":%d}`, 1+rng.IntN(20_000)))
	case 3:
		return l.poison(ctx, while, direction, "reset_peer", fmt.Sprintf(`{"timeout":%d}`, rng.IntN(300)))
	}
	return l.poison(ctx, while, direction, "timeout", `{"timeout":0}`)
}

// restartDatabase lets PostgreSQL die without a shutdown and recover.
type restartDatabase struct{}

func (restartDatabase) Name() string        { return "PostgreSQL stopped with -m immediate" }
func (restartDatabase) Suits(w *World) bool { return w.postgres != nil }
func (restartDatabase) Pause(time.Duration) (time.Duration, time.Duration) {
	return 6 * time.Second, 20 * time.Second
}

func (restartDatabase) Act(ctx context.Context, w *World, rng *rand.Rand) error {
	if err := w.postgres.stopImmediately(ctx); err != nil {
		return err
	}
	wait(ctx, between(rng, 0, time.Second))
	return w.postgres.start(ctx)
}
