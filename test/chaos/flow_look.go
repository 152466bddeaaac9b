package chaos

import (
	"context"
	"math/rand/v2"
)

// look reads what was paid before, and pages of the list.
type look struct{}

func (look) Name() string { return "look" }
func (look) Weight() int  { return 2 }

func (look) Run(ctx context.Context, c *Client, rng *rand.Rand) {
	if id := c.earlier(rng); id != "" {
		c.Read(ctx, rng, id)
	}
	c.List(ctx, rng)
}
