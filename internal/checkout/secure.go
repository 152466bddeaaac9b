package checkout

import (
	"context"
	"fmt"

	"github.com/vezne/vezne/internal/connector"
	"github.com/vezne/vezne/internal/fault"
	"github.com/vezne/vezne/internal/id"
	"github.com/vezne/vezne/internal/payment"
	"github.com/vezne/vezne/internal/threeds"
)

// BankForm returns the form that takes the shopper of a checkout that is
// Authenticating to the bank. It has no Action while the bank has not given it
// yet.
func (s *Service) BankForm(ctx context.Context, c Checkout) (connector.Form, error) {
	// The attempt's key was claimed, so this is its first answer and nothing else.
	e, err := s.threeDS.Enrol(ctx, threeds.Enrol{Pay: s.command(c, Attempt{}, bySecure)})
	switch fault.CodeOf(err) {
	case fault.IdempotencyInProgress:
		return connector.Form{}, nil
	}
	if err != nil {
		return connector.Form{}, fmt.Errorf("find bank's form: %w", err)
	}
	return e.Form, nil
}

// Return is a shopper who comes back from the bank.
type Return struct {
	Checkout    id.UUID
	PaymentID   id.UUID
	SecurityKey string // empty if the authentication failed
}

// Return takes a shopper back and charges the card, once. A return of an attempt
// that was given up, cancelled or replaced charges nothing, and one with a wrong key
// changes nothing. How it went is for Page to tell; errors leave an attempt whose end
// settles later.
func (s *Service) Return(ctx context.Context, r Return) error {
	ctx = context.WithoutCancel(ctx)
	v, err := s.Page(ctx, r.Checkout)
	if err != nil {
		return err
	}
	if r.SecurityKey == "" || v.Payment.ID == 0 || v.Payment.UUID != r.PaymentID || !v.underWay() {
		return nil
	}
	right, err := s.threeDS.Opens(ctx, v.MerchantID, v.Payment.ID, r.SecurityKey)
	if err != nil {
		return fmt.Errorf("check key of return: %w", err)
	}
	c := v.Checkout
	if right && c.State == Authenticating { // Charging: a repeated return, or one that was interrupted
		c.State, c.AttemptAt = Charging, s.clock.Now()
		if c, err = s.save(ctx, c, v.Payment); err != nil {
			return err
		}
	}
	o, err := s.threeDS.Complete(ctx, threeds.Complete{
		Caller:    payment.Caller{MerchantID: c.MerchantID, Actor: systemActor, Surface: payment.SurfaceCheckout},
		PaymentID: r.PaymentID, SecurityKey: r.SecurityKey,
	})
	switch fault.CodeOf(err) {
	case fault.InvalidSecurityKey, fault.ThreeDSNotCompleted:
		return nil
	case fault.OrderInProgress, fault.TooManyRequests:
		c.State = Authenticating // another payment of the order or of the card is under way, and this one was not charged
		return s.moveOn(ctx, c, v.Payment)
	}
	if err != nil {
		return fmt.Errorf("complete payment of checkout: %w", err)
	}
	return s.conclude(ctx, c, o.Payment)
}

// GiveUp ends the attempt of a shopper who wants to use another card. The payment ends
// with it, and what its bank took is undone; until that is known there is no other card.
// Errors: StaleVersion, also while a card is being charged.
func (s *Service) GiveUp(ctx context.Context, u id.UUID, version int) error {
	v, err := s.Page(ctx, u)
	if err != nil {
		return err
	}
	if v.State != Authenticating || v.Version != version {
		return stale()
	}
	return s.leave(ctx, v.Checkout, v.Payment, connector.ThreeDSFailed)
}

// Cancel ends a checkout whose shopper leaves without paying. An attempt that is under way
// ends as with GiveUp, and the checkout once it is known that nothing was taken. Errors:
// StaleVersion, also while a card is being charged.
func (s *Service) Cancel(ctx context.Context, u id.UUID, version int) error {
	v, err := s.Page(ctx, u)
	switch {
	case err != nil:
		return err
	case v.Version != version:
		return stale()
	case v.State == Authenticating:
		return s.leave(ctx, v.Checkout, v.Payment, connector.CheckoutCancelled)
	case v.State != Open, v.Payment.Unclear:
		return stale()
	}
	_, err = s.save(context.WithoutCancel(ctx), v.ended(Failed, connector.CheckoutCancelled, s.clock.Now()), v.Payment)
	return err
}

// leave ends the payment of an attempt whose shopper is at the bank, and settles the
// checkout with what is known then. Of a leave and a return at the same time one comes
// first at the payment: the return charges it, and the leave changes nothing, or the other
// way about.
func (s *Service) leave(ctx context.Context, c Checkout, p payment.Payment, why connector.Reason) error {
	ctx = context.WithoutCancel(ctx)
	if _, err := s.threeDS.Abandon(ctx, threeds.Abandon{MerchantID: c.MerchantID, PaymentID: p.ID, Why: why}); err != nil {
		return fmt.Errorf("give up payment of checkout: %w", err)
	}
	_, _, err := s.settle(ctx, c)
	return err
}
