package chaos

import (
	"context"
	"fmt"
	"math/rand/v2"
	"net/http"
	"slices"
	"sync"
	"sync/atomic"
	"time"
)

// Client is a shop that pays, captures, voids and refunds, and remembers every
// answer. Flows may use it from several goroutines.
type Client struct {
	world    *World
	n        int
	schedule schedule
	keys     atomic.Int64

	mu   sync.Mutex
	paid []string // payments that it made
}

func newClient(w *World, n int) *Client {
	return &Client{world: w, n: n, schedule: newSchedule(w.options.Seed, uint64(n))}
}

// run does flow after flow until loading ends; the last one may go on asking
// until asking ends.
func (c *Client) run(loading, asking context.Context) {
	all := flows()
	for {
		f, rng, pause := c.schedule.flow(all, c.world.options.Think)
		c.world.tally.flowed(f.Name())
		f.Run(asking, c, rng)
		if !wait(loading, pause) {
			return
		}
	}
}

// key returns an idempotency key that nobody else uses.
func (c *Client) key() string { return fmt.Sprintf("k-%d-%d", c.n, c.keys.Add(1)) }

// order is a new order that nobody has paid yet.
func (c *Client) order(rng *rand.Rand, kind Kind) Ask {
	a := Ask{
		Kind: kind.charge(), Order: fmt.Sprintf("o-%d-%d", c.n, c.keys.Add(1)), Key: c.key(),
		Amount: 1000 + rng.Int64N(500_000), Currency: "TRY",
	}
	switch n := rng.IntN(10); {
	case n == 0:
		a.Card = stubbornCards[rng.IntN(len(stubbornCards))]
	case n <= 2:
		a.Card = foreignCards[rng.IntN(len(foreignCards))]
		a.Currency = [...]string{"TRY", "USD", "EUR"}[rng.IntN(3)]
	default:
		a.Card = domesticCards[rng.IntN(len(domesticCards))]
	}
	return a
}

// earlier draws one of the client's own payments, empty if there is none.
func (c *Client) earlier(rng *rand.Rand) string {
	c.mu.Lock()
	defer c.mu.Unlock()
	if len(c.paid) == 0 {
		return ""
	}
	return c.paid[rng.IntN(len(c.paid))]
}

// Charge pays or holds an order.
func (c *Client) Charge(ctx context.Context, rng *rand.Rand, a Ask) *Ask {
	path := "/api/payment"
	if a.Kind == kindAuthorize {
		path = "/api/pre-authorization"
	}
	body := fmt.Sprintf(`{"orderId":%q,"amount":%s,"currency":%q,"requestIp":"192.0.2.1","requestPort":443,"cardHolderName":"Chaos Tester",`+
		`"pan":%q,"expiryMonth":%q,"expiryYear":%q,"cvv":%q}`,
		a.Order, decimal(a.Amount), a.Currency, a.Card.Number, a.Card.Month, a.Card.Year, a.Card.CVV)
	c.ask(ctx, rng, &a, path, body)
	if a.Succeeded() {
		c.mu.Lock()
		c.paid = append(c.paid, a.PaymentID)
		c.mu.Unlock()
	}
	return &a
}

// Capture takes an amount of a hold.
func (c *Client) Capture(ctx context.Context, rng *rand.Rand, of *Ask, amount int64) *Ask {
	return c.follow(ctx, rng, Ask{Kind: kindCapture, PaymentID: of.PaymentID, Amount: amount, Currency: of.Currency})
}

// Refund gives an amount of a payment back.
func (c *Client) Refund(ctx context.Context, rng *rand.Rand, of *Ask, amount int64) *Ask {
	return c.follow(ctx, rng, Ask{Kind: kindRefund, PaymentID: of.PaymentID, Amount: amount, Currency: of.Currency})
}

// Void undoes a payment.
func (c *Client) Void(ctx context.Context, rng *rand.Rand, of *Ask) *Ask {
	return c.follow(ctx, rng, Ask{Kind: kindVoid, PaymentID: of.PaymentID, Currency: of.Currency})
}

func (c *Client) follow(ctx context.Context, rng *rand.Rand, a Ask) *Ask {
	path := "/api/payment/" + a.PaymentID + "/" + string(a.Kind)
	if a.Kind == kindCapture {
		path = "/api/pre-authorization/" + a.PaymentID + "/capture"
	}
	body := "{}"
	if a.Kind != kindVoid {
		body = fmt.Sprintf(`{"amount":%s,"currency":%q}`, decimal(a.Amount), a.Currency)
	}
	a.Key = c.key()
	c.ask(ctx, rng, &a, path, body)
	return &a
}

// passing are the refusals that say "not now".
var passing = []string{"IDEMPOTENCY_IN_PROGRESS", "ORDER_IN_PROGRESS", "CAPTURE_IN_PROGRESS", "OPERATION_IN_PROGRESS", "COMPLETE_IN_PROGRESS"}

// ask sends the same request with the same key until there is a definite answer,
// and now and then once more, to see that nothing more comes of it. However often
// that is, it draws the same from rng.
func (c *Client) ask(ctx context.Context, rng *rand.Rand, a *Ask, path, body string) {
	rng = fork(rng)
	c.world.tally.asked(a.Kind)
	c.world.book.add(a)
	for tries := 1; ; tries++ {
		again := c.send(ctx, rng, a, path, body)
		if !again {
			break
		}
		if !wait(ctx, between(rng, 10*time.Millisecond, time.Duration(min(tries, 20))*40*time.Millisecond)) {
			a.Open = true
			return
		}
	}
	if a.Refused == "" && a.Key != "" && rng.IntN(6) == 0 {
		c.world.tally.count("repeated after the answer")
		c.send(ctx, rng, a, path, body) // its answer is noted, and checked with the others
	}
}

// send sends the request once, notes what was answered, and reports whether it
// has to be sent again.
func (c *Client) send(ctx context.Context, rng *rand.Rand, a *Ask, path, body string) bool {
	r, err := c.world.call(ctx, rng, question{http.MethodPost, path, body, a.Key})
	if err != nil {
		c.world.tally.count("connections torn")
		return true
	}
	code := r.text("resultCode")
	switch {
	case r.status == http.StatusOK:
		n := Answer{Status: r.text("status"), Code: code, PaymentID: r.text("paymentId"), Amount: r.minor("amount"), Replayed: r.replayed}
		a.note(n)
		if a.Kind.charges() {
			a.PaymentID = n.PaymentID
		}
		if n.Status == statusPending {
			c.world.tally.count("answers PENDING")
		}
		return n.Status == statusPending
	case r.status >= 500 || r.status == http.StatusTooManyRequests:
		c.world.tally.count(fmt.Sprintf("answers %d %s", r.status, code))
		return true
	case r.status == http.StatusConflict && slices.Contains(passing, code):
		c.world.tally.count("answers 409 " + code)
		return true
	case r.status == http.StatusConflict || (r.status == http.StatusBadRequest && (code == "REFUND_AMOUNT_EXCEEDED" || code == "CAPTURE_AMOUNT_EXCEEDED")):
		c.world.tally.count(fmt.Sprintf("answers %d %s", r.status, code))
		a.Refused = code
		return false
	}
	c.world.fail("answer %d %s to %s", r.status, code, a)
	a.Refused = code
	return false
}

// Read looks a payment up. One that was acknowledged must be found.
func (c *Client) Read(ctx context.Context, rng *rand.Rand, id string) {
	r, err := c.world.call(ctx, rng, get("/api/payment/"+id))
	c.world.tally.count("reads")
	if err == nil && r.status < 500 && (r.status != http.StatusOK || r.text("paymentId") != id || r.text("status") != statusSuccess) {
		c.world.fail("acknowledged payment %s reads as %d %s %s", id, r.status, r.text("status"), r.text("resultCode"))
	}
}

// List reads a page.
func (c *Client) List(ctx context.Context, rng *rand.Rand) {
	r, err := c.world.call(ctx, rng, get("/api/payments?limit=5"))
	c.world.tally.count("lists")
	if err == nil && r.status < 500 && r.status != http.StatusOK {
		c.world.fail("list answers %d %s", r.status, r.text("resultCode"))
	}
}
