package chaos

import (
	"context"
	"math/rand/v2"
	"sync"
)

// sale pays an order at once.
type sale struct{}

func (sale) Name() string { return "sale" }
func (sale) Weight() int  { return 4 }

func (sale) Run(ctx context.Context, c *Client, rng *rand.Rand) {
	paid := c.Charge(ctx, rng, c.order(rng, kindSale))
	if paid.Succeeded() {
		c.Read(ctx, rng, paid.PaymentID)
	}
}

// decline tries a card that the bank refuses and then, as payers do, another one
// for the same order.
type decline struct{}

func (decline) Name() string { return "decline" }
func (decline) Weight() int  { return 2 }

func (decline) Run(ctx context.Context, c *Client, rng *rand.Rand) {
	first := c.order(rng, kindSale)
	if rng.IntN(2) == 0 {
		first.Kind = kindAuthorize
	}
	first.Card = refusedCards[rng.IntN(len(refusedCards))]
	if c.Charge(ctx, rng, first).Succeeded() {
		return // the breaker sent it elsewhere; the order is paid
	}
	second := c.order(rng, first.Kind)
	second.Order, second.Amount, second.Currency = first.Order, first.Amount, first.Currency
	second.Card = domesticCards[rng.IntN(len(domesticCards))]
	c.Charge(ctx, rng, second)
}

// doubleClick sends one order several times at once, each time as a request of
// its own: with other keys, or with none.
type doubleClick struct{}

func (doubleClick) Name() string { return "double click" }
func (doubleClick) Weight() int  { return 2 }

func (doubleClick) Run(ctx context.Context, c *Client, rng *rand.Rand) {
	kind := [...]Kind{kindSale, kindAuthorize}[rng.IntN(2)]
	first := c.order(rng, kind)
	var clicks sync.WaitGroup
	for range 2 + rng.IntN(3) {
		again, own := first, fork(rng)
		again.Key = ""
		if rng.IntN(2) == 0 {
			again.Key = c.key()
		}
		clicks.Go(func() { c.Charge(ctx, own, again) })
	}
	clicks.Wait()
}
