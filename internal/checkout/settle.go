package checkout

import (
	"context"
	"fmt"
	"strconv"
	"time"

	"github.com/vezne/vezne/internal/connector"
	"github.com/vezne/vezne/internal/fault"
	"github.com/vezne/vezne/internal/id"
	"github.com/vezne/vezne/internal/idempotency"
	"github.com/vezne/vezne/internal/payment"
)

// abandonedAfter is the age at which whoever began an attempt is not at work on
// it any more: a payment's command ends after 50 seconds at the latest.
const abandonedAfter = 2 * time.Minute

// The ways in which one attempt may ask for money; each has a key of its own.
const (
	bySecure = "3ds"
	byCard   = "card"
)

// attemptKey is the idempotency key of the last attempt, by which its payment is
// found after a crash.
func (c Checkout) attemptKey(how string) idempotency.Key {
	return idempotency.Own("checkout:" + c.ID.String() + ":" + strconv.Itoa(c.Attempt) + ":" + how)
}

// settle brings a checkout up to date with its last payment and with the time,
// and returns it with that payment. Whoever looks at a checkout settles it first,
// so it never matters who had been waiting for an answer.
func (s *Service) settle(ctx context.Context, c Checkout) (Checkout, payment.Payment, error) {
	for range maxConflicts {
		p, err := s.lastPayment(ctx, c)
		if err != nil {
			return c, p, err
		}
		next, changed := s.next(c, p)
		if !changed || s.atWork(c, p) {
			return c, p, nil
		}
		saved, err := s.save(ctx, next, p)
		if err == nil {
			return saved, p, nil
		}
		if fault.CodeOf(err) != fault.StaleVersion {
			return c, p, err
		}
		if c, err = s.store.Checkout(ctx, c.ID); err != nil {
			return c, p, fmt.Errorf("read checkout again: %w", err)
		}
	}
	return c, payment.Payment{}, stale()
}

// next says what a checkout becomes, given its last payment and the time.
func (s *Service) next(c Checkout, p payment.Payment) (Checkout, bool) {
	now := s.clock.Now()
	switch c.State {
	case Open:
		if c.over(now) && !p.Unclear {
			return c.ended(Failed, connector.CheckoutExpired, now), true
		}
		return c, false
	case Paid, Failed:
		return c, false
	case Authenticating, Charging:
	}
	abandoned := now.Sub(c.AttemptAt) >= abandonedAfter
	if p.ID == 0 {
		if !abandoned {
			return c, false
		}
		return c.undone(), true
	}
	found := c.PaymentID != p.ID
	c.PaymentID = p.ID
	switch p.State {
	case payment.Captured, payment.PartiallyRefunded, payment.Refunded, payment.Voided, payment.Authorized:
		return c.ended(Paid, connector.Success, now), true
	case payment.Declined, payment.Expired:
		if !p.Unclear {
			return c.declined(p.Result.Reason, now), true
		}
		return c.moved(Charging, found)
	case payment.Pending:
		return c.moved(Charging, found)
	case payment.Enrolled:
		return c.moved(Authenticating, found)
	case payment.Authenticated:
		if abandoned { // whoever began to complete it never did
			return c.moved(Authenticating, found)
		}
	}
	return c, found
}

// moved returns the checkout in a state that is not final, and whether that or what was
// found before changes it.
func (c Checkout) moved(to State, changed bool) (Checkout, bool) {
	changed = changed || c.State != to
	c.State = to
	return c, changed
}

// atWork reports whether somebody who charges the checkout's card is about to say
// what came of it: whoever enrols it, or charges it without 3-D Secure and enrols
// it when the bank asks for that. Such a one must not find the checkout changed,
// and nobody be told of a decline that is none.
func (s *Service) atWork(c Checkout, p payment.Payment) bool {
	if c.State != Charging || s.clock.Now().Sub(c.AttemptAt) >= abandonedAfter {
		return false
	}
	direct := c.PaymentID == 0 && !p.ThreeDS
	return p.State == payment.Enrolled || direct && (p.State == payment.Pending || wants3DS(p))
}

// lastPayment returns the payment of the last attempt, the zero Payment if there
// is none. One whose number nobody came to write down is found by its key.
func (s *Service) lastPayment(ctx context.Context, c Checkout) (payment.Payment, error) {
	n := c.PaymentID
	if n == 0 && (c.State == Charging || c.State == Authenticating) {
		var err error
		if n, err = s.claimedPayment(ctx, c); err != nil {
			return payment.Payment{}, err
		}
	}
	if n == 0 {
		return payment.Payment{}, nil
	}
	p, err := s.records.PaymentByID(ctx, c.MerchantID, n)
	if err != nil {
		return payment.Payment{}, fmt.Errorf("read payment of checkout: %w", err)
	}
	return p, nil
}

func (s *Service) claimedPayment(ctx context.Context, c Checkout) (id.Payment, error) {
	for _, how := range []string{bySecure, byCard} {
		claim, err := s.records.ClaimedKey(ctx, c.MerchantID, c.attemptKey(how).Value)
		if fault.KindOf(err) == fault.NotFound {
			continue
		}
		if err != nil {
			return 0, fmt.Errorf("find payment of attempt: %w", err)
		}
		n, _, err := payment.ReadClaim(claim.Subject)
		return n, err
	}
	return 0, nil
}
