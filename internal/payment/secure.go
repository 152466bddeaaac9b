package payment

import (
	"context"

	"github.com/vezne/vezne/internal/connector"
	"github.com/vezne/vezne/internal/routing"
)

// direct leaves the attempt the candidates that may be charged without 3-D Secure.
// The price stays the one of the first of all, so that what was quoted is what is
// charged.
func (a *attempt) direct() {
	a.candidates, a.refusal = routing.Direct(a.candidates)
	a.payment.Routing = a.payment.Routing.Direct()
}

// Requires3DS returns why a payment would be declined without 3-D Secure before any
// bank is asked, empty if it would not be. It stores nothing, and its errors are
// those of Pay. Weighted rules are drawn anew by Pay, so where a rule spreads
// payments over POSes of unlike demands the answer may be the other one.
func (s *Service) Requires3DS(ctx context.Context, c Pay) (connector.Reason, error) {
	a, err := s.prepare(ctx, c)
	if err != nil {
		return "", err
	}
	a.direct()
	return a.refusal, nil
}
