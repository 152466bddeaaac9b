package payment

import (
	"context"

	"github.com/vezne/vezne/internal/connector"
	"github.com/vezne/vezne/internal/fault"
	"github.com/vezne/vezne/internal/money"
	"github.com/vezne/vezne/internal/pos"
)

// Void undoes a sale, a hold or a captured hold as a whole. Errors: NotVoidable
// in any other state or once something was refunded, OperationInProgress.
func (s *Service) Void(ctx context.Context, c Void) (Outcome, error) {
	return s.followUp(ctx, followUp{
		caller: c.Caller, payment: c.PaymentID, kind: connector.Void,
		able: func(c connector.Capabilities) bool { return c.Void }, unable: fault.NotVoidable,
		admit: func(_ context.Context, p Payment) (money.Amount, *Outcome, error) {
			amount, err := p.admitVoid()
			return amount, nil, err
		},
		reserve: func(p *Payment, o Operation) { p.OpenAsk = o.ID },
		send: func(ctx context.Context, b *pos.Bank, f connector.FollowUp) (connector.Answer, error) {
			return b.Void(ctx, f)
		},
	})
}

func (p Payment) admitVoid() (money.Amount, error) {
	if p.State != Authorized && p.State != Captured {
		return money.Amount{}, wrongState(fault.NotVoidable, "the payment is not in a state that can be voided", p)
	}
	if p.OpenAsk != 0 || p.Refunding.IsPositive() {
		return money.Amount{}, inProgress(fault.OperationInProgress, p.UUID)
	}
	if p.State == Captured {
		return p.Captured, nil
	}
	return p.Authorized, nil
}
