package chaos

import (
	"context"
	"math/rand/v2"
	"time"
)

// killServer kills a server and starts it again.
type killServer struct{}

func (killServer) Name() string        { return "kill -9 of a server" }
func (killServer) Suits(w *World) bool { return true }
func (killServer) Pause() (time.Duration, time.Duration) {
	return time.Second, 4 * time.Second
}

func (killServer) Act(ctx context.Context, w *World, rng *rand.Rand) error {
	p := w.servers[rng.IntN(len(w.servers))]
	p.kill()
	wait(ctx, between(rng, 0, 300*time.Millisecond))
	return p.startUntilReady(ctx)
}

// killBank kills the bank and starts it again.
type killBank struct{}

func (killBank) Name() string        { return "kill -9 of the bank" }
func (killBank) Suits(w *World) bool { return true }

// Pause is long, because a dead bank opens the breakers of all its POSes, and
// then little is asked of it for a while.
func (killBank) Pause() (time.Duration, time.Duration) {
	return 7 * time.Second, 20 * time.Second
}

func (killBank) Act(ctx context.Context, w *World, rng *rand.Rand) error {
	w.bank.kill()
	wait(ctx, between(rng, 0, 200*time.Millisecond))
	return w.bank.startUntilReady(ctx)
}
