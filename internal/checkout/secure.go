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
// that was given up, cancelled or replaced charges nothing. How it went is for
// Page to tell; errors leave an attempt whose end settles later.
func (s *Service) Return(ctx context.Context, r Return) error {
	ctx = context.WithoutCancel(ctx)
	v, err := s.Page(ctx, r.Checkout)
	if err != nil {
		return err
	}
	if r.SecurityKey == "" || v.Payment.ID == 0 || v.Payment.UUID != r.PaymentID {
		return nil
	}
	c := v.Checkout
	switch c.State {
	case Authenticating:
		c.State, c.AttemptAt = Charging, s.clock.Now()
		if c, err = s.save(ctx, c, v.Payment); err != nil {
			return err
		}
	case Charging: // a repeated return, or one that was interrupted
	case Open, Paid, Failed:
		return nil
	}
	o, err := s.threeDS.Complete(ctx, threeds.Complete{
		Caller:    payment.Caller{MerchantID: c.MerchantID, Actor: systemActor, Surface: payment.SurfaceCheckout},
		PaymentID: r.PaymentID, SecurityKey: r.SecurityKey,
	})
	switch fault.CodeOf(err) {
	case fault.InvalidSecurityKey, fault.ThreeDSNotCompleted, fault.OrderInProgress, fault.TooManyRequests:
		c.State = Authenticating // nothing was charged
		return s.moveOn(ctx, c, v.Payment)
	}
	if err != nil {
		return fmt.Errorf("complete payment of checkout: %w", err)
	}
	return s.conclude(ctx, c, o.Payment)
}

// GiveUp ends the authentication of a shopper who wants to use another card. The
// payment that was begun is never completed and ends by itself. Errors: StaleVersion.
func (s *Service) GiveUp(ctx context.Context, u id.UUID, version int) error {
	v, err := s.Page(ctx, u)
	if err != nil {
		return err
	}
	if v.State != Authenticating || v.Version != version {
		return stale()
	}
	_, err = s.save(context.WithoutCancel(ctx), v.declined(connector.ThreeDSFailed, s.clock.Now()), v.Payment)
	return err
}

// Cancel ends a checkout whose shopper leaves without paying. Errors:
// StaleVersion, also while a card is being charged.
func (s *Service) Cancel(ctx context.Context, u id.UUID, version int) error {
	v, err := s.Page(ctx, u)
	if err != nil {
		return err
	}
	if v.Version != version || (v.State != Open && v.State != Authenticating) {
		return stale()
	}
	_, err = s.save(context.WithoutCancel(ctx), v.ended(Failed, connector.CheckoutCancelled, s.clock.Now()), v.Payment)
	return err
}
