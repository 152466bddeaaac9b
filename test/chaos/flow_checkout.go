package chaos

import (
	"context"
	"fmt"
	"math/rand/v2"
	"net/http"
	"slices"
	"strconv"
	"sync"
	"time"

	"github.com/vezne/vezne/internal/httpapi/apitest"
)

// hosted pays on the hosted page: the shop makes a link, the shopper types cards
// until one works, goes to the bank and comes back, and the shop asks how it
// ended. Some shoppers leave in the middle.
type hosted struct{}

func (hosted) Name() string { return "checkout" }
func (hosted) Weight() int  { return 4 }

func (hosted) Run(ctx context.Context, c *Client, rng *rand.Rand) {
	a := c.order(rng, kindCheckout)
	h, made := c.createCheckout(ctx, rng, &a)
	if !made {
		return
	}
	var windows sync.WaitGroup
	for range 1 + rng.IntN(8)/7 { // one in eight opens the link twice
		own := fork(rng)
		windows.Go(func() { c.shopAround(ctx, own, h) })
	}
	windows.Wait()
	c.askCheckout(ctx, rng, h)
}

// checkout is a link and what was told of it.
type checkout struct {
	id   string
	link string
	ask  *Ask
	card cardData
}

func (c *Client) createCheckout(ctx context.Context, rng *rand.Rand, a *Ask) (*checkout, bool) {
	c.world.tally.asked(kindCheckout)
	rng = fork(rng)
	body := fmt.Sprintf(`{"orderId":%q,"amount":%s,"currency":%q,"description":"Chaos","callback":%q}`,
		a.Order, decimal(a.Amount), a.Currency, c.world.shop.url+"/callback")
	for try := range patience {
		r, err := c.world.call(ctx, rng, question{http.MethodPost, "/api/checkout", body, a.Key})
		code := r.text("resultCode")
		switch {
		case err != nil:
			c.world.tally.count("connections torn")
		case r.status == http.StatusOK:
			h := &checkout{id: r.text("checkoutId"), link: r.text("redirectUrl"), ask: a, card: a.Card}
			c.world.links.add(h)
			c.world.book.add(a)
			return h, true
		case r.status >= 500 || r.status == http.StatusTooManyRequests || slices.Contains(passing, code):
			c.world.tally.count(fmt.Sprintf("answers %d %s", r.status, code))
		default:
			c.world.fail("answer %d %s to the checkout of order %s", r.status, code, a.Order)
			return nil, false
		}
		if !wait(ctx, between(rng, 10*time.Millisecond, time.Duration(min(try+1, 20))*30*time.Millisecond)) {
			break
		}
	}
	return nil, false
}

// shopAround does what the page offers until it offers nothing more, or the
// shopper has had enough.
func (c *Client) shopAround(ctx context.Context, rng *rand.Rand, h *checkout) {
	b := newBrowser(c, fork(rng))
	p, err := b.open(ctx, h.link)
	for range 25 {
		if err != nil || p.status >= 400 && p.status != http.StatusConflict && p.status != http.StatusUnprocessableEntity {
			return
		}
		if rng.IntN(40) == 0 {
			c.world.tally.count("shoppers who left")
			return
		}
		card, typing := p.form("pan")
		bank, atBank := p.form("token")
		_, over := p.form("checkoutId")
		switch {
		case over: // the way back to the shop
			return
		case typing:
			p, err = b.submit(ctx, h.typed(card, rng))
		case atBank && !bank.Fields.Has("version"):
			p, err = c.visitBank(ctx, b, rng, bank)
		default: // being charged
			if !wait(ctx, between(rng, 50*time.Millisecond, 400*time.Millisecond)) {
				return
			}
			p, err = b.open(ctx, h.link)
		}
	}
}

// typed fills the page's form in with a card: one that is refused first, perhaps.
func (h *checkout) typed(f apitest.Form, rng *rand.Rand) apitest.Form {
	card := h.card
	if rng.IntN(4) == 0 {
		card = refusedCards[rng.IntN(len(refusedCards))]
	}
	return f.With("action", "pay").With("cardHolderName", "Chaos Tester").With("pan", card.Number).
		With("expiryMonth", card.Month).With("expiryYear", card.Year).With("cvv", card.CVV).With("installmentCount", strconv.Itoa(1))
}

// visitBank authenticates and comes back to the page.
func (c *Client) visitBank(ctx context.Context, b *browser, rng *rand.Rand, f apitest.Form) (page, error) {
	password := "a"
	if rng.IntN(10) == 0 {
		password = "b"
	}
	back, err := b.authenticate(ctx, f, password)
	if err != nil {
		return page{}, err
	}
	return b.submit(ctx, back)
}

// askCheckout asks the server how a checkout ended, for as long as shops do.
func (c *Client) askCheckout(ctx context.Context, rng *rand.Rand, h *checkout) {
	for range 10 {
		r, err := c.world.call(ctx, rng, get("/api/checkout/"+h.id))
		if err == nil && r.status == http.StatusOK {
			if h.note(r) {
				return
			}
		}
		if !wait(ctx, between(rng, 50*time.Millisecond, 500*time.Millisecond)) {
			return
		}
	}
}

// note notes what was answered about the checkout, if it was definite.
func (h *checkout) note(r reply) bool {
	status := r.text("status")
	if status != statusSuccess && status != statusFailed {
		return false
	}
	h.ask.note(Answer{Status: status, Code: r.text("resultCode"), PaymentID: r.text("paymentId"), Amount: r.minor("amount")})
	return true
}

// links keeps every checkout that was made.
type links struct {
	mu  sync.Mutex
	all []*checkout
}

func (l *links) add(h *checkout) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.all = append(l.all, h)
}

func (l *links) made() []*checkout {
	l.mu.Lock()
	defer l.mu.Unlock()
	return slices.Clone(l.all)
}
