package charge

import (
	"context"

	"github.com/vezne/vezne/internal/connector"
	"github.com/vezne/vezne/internal/payment"
	"github.com/vezne/vezne/internal/routing"
)

// withoutThreeDS leaves the attempt the candidates that may be charged without 3-D
// Secure. The price stays the one of the first of all, so that what was quoted is what is
// charged.
func (a *Attempt) withoutThreeDS() {
	a.candidates, a.refusal = routing.Direct(a.candidates)
	a.Payment.Routing = a.Payment.Routing.Direct()
}

// PayDirectly carries out what Pay does, but for a payment that Pay would decline
// for want of 3-D Secure before any bank is asked: of that it stores nothing and
// returns why, without an Outcome. Errors are those of Pay.
func (s *Service) PayDirectly(ctx context.Context, c Pay) (payment.Outcome, connector.Reason, error) {
	return s.pay(ctx, c, true)
}

// prepareDirect prepares a payment without 3-D Secure.
func (s *Service) prepareDirect(ctx context.Context, c Pay) (*Attempt, error) {
	a, err := s.Prepare(ctx, c)
	if err != nil {
		return nil, err
	}
	if err := a.CheckAgreed(); err != nil {
		return nil, err
	}
	a.withoutThreeDS()
	return a, nil
}
