package chaos

import (
	"context"
	"math/rand/v2"
	"time"
)

// Disturbance is something that goes wrong, again and again.
type Disturbance interface {
	Name() string
	// Suits reports whether it can happen in this world.
	Suits(w *World) bool
	// Pause is the shortest and the longest time between two of them in a run of
	// the length given.
	Pause(run time.Duration) (from, to time.Duration)
	// Act lets it happen once and puts things right again before it returns, or
	// soon after the context has ended. An error ends the run as a failure.
	Act(ctx context.Context, w *World, rng *rand.Rand) error
}
