// Package checkout sells on the merchant's behalf: a link to a hosted page, on
// which a shopper pays one order once, with whatever card works. It knows who may
// try when, and hands every card to package payment, which knows how to charge.
package checkout

import (
	"time"

	"github.com/vezne/vezne/internal/connector"
	"github.com/vezne/vezne/internal/id"
	"github.com/vezne/vezne/internal/installment"
	"github.com/vezne/vezne/internal/money"
)

// MaxAttempts is how many cards may be tried (reference of the gateway API,
// section 12.15).
const MaxAttempts = 5

// State is where a checkout is in its life.
type State string

// The states.
const (
	// Open: waiting for a card.
	Open State = "open"
	// Authenticating: the shopper is at the bank; nothing was charged.
	Authenticating State = "authenticating"
	// Charging: a card is being charged, or it is not known yet what its bank took.
	Charging State = "charging"
	// Paid: a card was charged. It is final.
	Paid State = "paid"
	// Failed: nothing was charged and no card may be tried any more. It is final.
	Failed State = "failed"
)

// Final reports whether the state will not change any more.
func (s State) Final() bool { return s == Paid || s == Failed }

// Checkout is one hosted page: what is to be paid and how far that went.
type Checkout struct {
	// ID is random: whoever knows it sees the page.
	ID         id.UUID
	MerchantID id.Merchant
	// Version counts changes; every change is a compare-and-set on it. It starts
	// at 1.
	Version int
	Order
	State State
	// Attempts is how many cards were tried.
	Attempts int
	// Attempt is the Version at which the last attempt began, zero if there was
	// none; it makes the attempt's idempotency key. AttemptAt is when that was.
	Attempt   int
	AttemptAt time.Time
	// PaymentID is the payment of the last attempt, zero if none is known.
	PaymentID id.Payment
	// Reason is why the last attempt was declined while the checkout is Open, and
	// how the checkout ended once it is Failed.
	Reason connector.Reason
	// Keeping is the card that the shopper of the attempt under way asked us to
	// keep: stored, but nobody's until the attempt has paid. Zero for none.
	Keeping   id.Card
	CreatedAt time.Time
	ExpiresAt time.Time
	EndedAt   time.Time // zero until the state is final
}

// Order is what the merchant asked to be paid; two equal orders are one checkout.
type Order struct {
	Ref         string
	Amount      money.Amount
	Description string
	// Callback is the URL that is told of the end.
	Callback    string
	CustomerRef string
	// MaxInstallments is the highest count that is offered; 1 is a single payment.
	MaxInstallments int
	InterestPayer   installment.InterestPayer
}

// over reports whether no further attempt may begin.
func (c Checkout) over(now time.Time) bool { return !now.Before(c.ExpiresAt) }

// began returns the checkout with an attempt begun.
func (c Checkout) began(now time.Time) Checkout {
	c.Attempt, c.AttemptAt = c.Version, now
	c.State, c.PaymentID, c.Reason = Charging, 0, ""
	c.Attempts++
	return c
}

// undone returns the checkout without the attempt that has just begun, which
// never reached a bank.
func (c Checkout) undone() Checkout {
	c.State, c.Attempts = Open, c.Attempts-1
	return c
}

// declined returns the checkout after an attempt that ended without money: open
// for another card, or failed if none may be tried any more or the shopper has left.
func (c Checkout) declined(why connector.Reason, now time.Time) Checkout {
	switch {
	case why == connector.OrderAlreadyPaid, why == connector.CheckoutCancelled, c.Attempts >= MaxAttempts:
		return c.ended(Failed, why, now)
	case c.over(now):
		return c.ended(Failed, connector.CheckoutExpired, now)
	}
	c.State, c.Reason = Open, why
	return c
}

func (c Checkout) ended(s State, why connector.Reason, now time.Time) Checkout {
	c.State, c.Reason, c.EndedAt = s, why, now
	return c
}
