package chaos

import (
	"context"
	"fmt"
	"math/rand/v2"
	"net/http"
	"slices"
	"sync"
	"time"

	"github.com/vezne/vezne/internal/httpapi/apitest"
)

// secure pays with 3-D Secure: it enrols, goes through the bank's pages as a
// payer, comes back and completes, from several sides at once now and then. Some
// payers never come back, and some shops never complete.
type secure struct{}

func (secure) Name() string { return "3-D Secure" }
func (secure) Weight() int  { return 6 }

func (secure) Run(ctx context.Context, c *Client, rng *rand.Rand) {
	order := c.order(rng, kindEnrol)
	if rng.IntN(8) == 0 {
		order.Card = refusedCards[rng.IntN(len(refusedCards))]
	}
	attempts := 1
	if rng.IntN(4) == 0 {
		attempts = 2 // in two windows: the first that is completed pays
	}
	var windows sync.WaitGroup
	for range attempts {
		again, own := order, fork(rng)
		again.Key = c.key()
		windows.Go(func() { c.paySecurely(ctx, own, again) })
	}
	windows.Wait()
}

// paySecurely goes the whole way once.
func (c *Client) paySecurely(ctx context.Context, rng *rand.Rand, a Ask) {
	toBank, enrolled := c.enrol(ctx, rng, &a)
	if !enrolled {
		return
	}
	if rng.IntN(12) == 0 {
		c.world.tally.count("payers who never went to the bank")
		return
	}
	password := "a"
	if rng.IntN(10) == 0 {
		password = "b"
	}
	back, err := newBrowser(c, fork(rng)).authenticate(ctx, toBank, password)
	key := back.Fields.Get("securityKey")
	switch {
	case err != nil:
		return
	case back.Fields.Get("paymentId") != a.PaymentID:
		c.world.fail("payment %s came back as %v", a.PaymentID, back.Fields)
		return
	case key == "":
		c.world.tally.count("payers whom the bank refused")
		return
	case rng.IntN(12) == 0:
		c.world.tally.count("payments that the shop never completed")
		return
	}
	c.completeAtOnce(ctx, rng, a, key)
}

// completeAtOnce completes from one to three sides; each is a wish of its own,
// and all are about one charge.
func (c *Client) completeAtOnce(ctx context.Context, rng *rand.Rand, a Ask, key string) {
	sides := 1
	if rng.IntN(4) == 0 {
		sides = 2 + rng.IntN(2)
	}
	var all sync.WaitGroup
	for range sides {
		side, own := a, fork(rng)
		side.Kind, side.Key = kindSale, ""
		if rng.IntN(2) == 0 {
			side.Key = c.key()
		}
		all.Go(func() {
			c.ask(ctx, own, &side, "/api/3ds/"+a.PaymentID+"/complete", fmt.Sprintf(`{"securityKey":%q}`, key))
		})
	}
	all.Wait()
}

// enrol asks for the form that takes the payer to the bank, with one key until
// there is an answer. An enrolment that a crash has cut short stays "in progress"
// until it expires; then the payer gives up.
func (c *Client) enrol(ctx context.Context, rng *rand.Rand, a *Ask) (apitest.Form, bool) {
	c.world.tally.asked(kindEnrol)
	rng = fork(rng)
	body := fmt.Sprintf(`{"orderId":%q,"amount":%s,"currency":%q,"requestIp":"192.0.2.1","requestPort":443,"cardHolderName":"Chaos Tester",`+
		`"pan":%q,"expiryMonth":%q,"expiryYear":%q,"cvv":%q,"successUrl":%q,"failureUrl":%q}`,
		a.Order, decimal(a.Amount), a.Currency, a.Card.Number, a.Card.Month, a.Card.Year, a.Card.CVV,
		c.world.shop.url+"/success", c.world.shop.url+"/failure")
	for try := range patience {
		r, err := c.world.call(ctx, rng, question{http.MethodPost, "/api/3ds", body, a.Key})
		code := r.text("resultCode")
		switch {
		case err != nil:
			c.world.tally.count("connections torn")
		case r.status == http.StatusOK:
			a.PaymentID = r.text("paymentId")
			form, err := apitest.ReadForm(r.text("htmlContent"))
			return form, err == nil
		case r.status >= 500 || r.status == http.StatusTooManyRequests || slices.Contains(passing, code):
			c.world.tally.count(fmt.Sprintf("answers %d %s", r.status, code))
		case r.status == http.StatusConflict: // another window was quicker
			c.world.tally.count(fmt.Sprintf("answers %d %s", r.status, code))
			return apitest.Form{}, false
		default:
			c.world.fail("answer %d %s to the enrolment of order %s", r.status, code, a.Order)
			return apitest.Form{}, false
		}
		if !wait(ctx, between(rng, 10*time.Millisecond, time.Duration(min(try+1, 20))*30*time.Millisecond)) {
			break
		}
	}
	c.world.tally.count("enrolments without an answer")
	return apitest.Form{}, false
}
