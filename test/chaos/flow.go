package chaos

import (
	"context"
	"math/rand/v2"
)

// Flow is something that a shop does with one order: a payment and what follows.
// It asks through the client, which never gives up before it has a definite
// answer, and decides by rng alone. It returns early when the context ends.
type Flow interface {
	Name() string
	// Weight is how often it is done, compared with the others.
	Weight() int
	Run(ctx context.Context, c *Client, rng *rand.Rand)
}

// pick draws a flow by its weight.
func pick(all []Flow, rng *rand.Rand) Flow {
	sum := 0
	for _, f := range all {
		sum += f.Weight()
	}
	n := rng.IntN(sum)
	for _, f := range all {
		if n -= f.Weight(); n < 0 {
			return f
		}
	}
	panic("chaos: weights changed while drawing")
}
