package chaos

import (
	"context"
	"math/rand/v2"
	"time"
)

// stepClock lets the clock of one server be wrong by up to four minutes for a
// while, which is less than what a merchant is promised to have for anything.
type stepClock struct{}

func (stepClock) Name() string        { return "step of a server's clock" }
func (stepClock) Suits(w *World) bool { return true }
func (stepClock) Pause(time.Duration) (time.Duration, time.Duration) {
	return 2 * time.Second, 8 * time.Second
}

func (stepClock) Act(ctx context.Context, w *World, rng *rand.Rand) error {
	const most = 4 * time.Minute
	server := rng.IntN(len(w.servers))
	if err := w.setClock(server, between(rng, 0, 2*most)-most); err != nil {
		return err
	}
	wait(ctx, between(rng, time.Second, 6*time.Second))
	return w.setClock(server, 0)
}
