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

// Pause is long enough in a long run that a server now and then lives for the ten
// seconds after which it believes that a bank does not know of a request: clients
// that wait for that ask nothing else.
func (killServer) Pause(run time.Duration) (time.Duration, time.Duration) {
	return time.Second, 4*time.Second + run/60
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
func (killBank) Pause(time.Duration) (time.Duration, time.Duration) {
	return 7 * time.Second, 20 * time.Second
}

func (killBank) Act(ctx context.Context, w *World, rng *rand.Rand) error {
	w.bank.kill()
	wait(ctx, between(rng, 0, 200*time.Millisecond))
	return w.bank.startUntilReady(ctx)
}
