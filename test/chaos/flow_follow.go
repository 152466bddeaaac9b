package chaos

import (
	"context"
	"math/rand/v2"
	"sync"
)

// hold holds an amount and takes all of it or a part.
type hold struct{}

func (hold) Name() string { return "hold and capture" }
func (hold) Weight() int  { return 4 }

func (hold) Run(ctx context.Context, c *Client, rng *rand.Rand) {
	held := c.Charge(ctx, rng, c.order(rng, kindAuthorize))
	if !held.Succeeded() {
		return
	}
	amount := held.Amount
	if rng.IntN(2) == 0 {
		amount = 1 + rng.Int64N(held.Amount)
	}
	taken := c.Capture(ctx, rng, held, amount)
	if taken.Succeeded() && rng.IntN(3) == 0 {
		c.Refund(ctx, rng, held, 1+rng.Int64N(amount))
	}
	c.Read(ctx, rng, held.PaymentID)
}

// undo voids a sale, a hold, or a captured hold.
type undo struct{}

func (undo) Name() string { return "void" }
func (undo) Weight() int  { return 3 }

func (undo) Run(ctx context.Context, c *Client, rng *rand.Rand) {
	kind := [...]Kind{kindSale, kindAuthorize}[rng.IntN(2)]
	paid := c.Charge(ctx, rng, c.order(rng, kind))
	if !paid.Succeeded() {
		return
	}
	if kind == kindAuthorize && rng.IntN(2) == 0 {
		c.Capture(ctx, rng, paid, 1+rng.Int64N(paid.Amount))
	}
	c.Void(ctx, rng, paid)
	c.Read(ctx, rng, paid.PaymentID)
}

// giveBack refunds a sale in parts, each of an amount of its own.
type giveBack struct{}

func (giveBack) Name() string { return "refunds" }
func (giveBack) Weight() int  { return 4 }

func (giveBack) Run(ctx context.Context, c *Client, rng *rand.Rand) {
	paid := c.Charge(ctx, rng, c.order(rng, kindSale))
	if !paid.Succeeded() {
		return
	}
	parts := 1 + rng.IntN(4)
	left := paid.Amount
	for _, part := range distinct(rng, parts, paid.Amount/int64(parts)) {
		if rng.IntN(8) == 0 {
			part = left // the whole rest
		}
		if c.Refund(ctx, rng, paid, part).Succeeded() {
			left -= part
		}
		if left == 0 {
			break
		}
	}
	c.Read(ctx, rng, paid.PaymentID)
}

// rivals ask for more than one payment can give, at the same moment.
type rivals struct{}

func (rivals) Name() string { return "rivals" }
func (rivals) Weight() int  { return 4 }

func (rivals) Run(ctx context.Context, c *Client, rng *rand.Rand) {
	kind := [...]Kind{kindSale, kindAuthorize}[rng.IntN(2)]
	paid := c.Charge(ctx, rng, c.order(rng, kind))
	if !paid.Succeeded() {
		return
	}
	var all sync.WaitGroup
	race := func(ask func(own *rand.Rand)) {
		own := fork(rng)
		all.Go(func() { ask(own) })
	}
	for _, part := range distinct(rng, 2+rng.IntN(4), paid.Amount*2/3) {
		race(func(own *rand.Rand) {
			if kind == kindAuthorize {
				c.Capture(ctx, own, paid, part)
				return
			}
			c.Refund(ctx, own, paid, part)
		})
	}
	if rng.IntN(2) == 0 {
		race(func(own *rand.Rand) { c.Void(ctx, own, paid) })
	}
	all.Wait()
	c.Read(ctx, rng, paid.PaymentID)
}

// distinct draws n different amounts from 1 to most, which is far above n.
func distinct(rng *rand.Rand, n int, most int64) []int64 {
	seen := make(map[int64]bool)
	var all []int64
	for len(all) < n {
		if a := 1 + rng.Int64N(most); !seen[a] {
			seen[a] = true
			all = append(all, a)
		}
	}
	return all
}

// fork returns a generator for somebody who draws at the same time.
func fork(rng *rand.Rand) *rand.Rand { return rand.New(rand.NewPCG(rng.Uint64(), rng.Uint64())) }
