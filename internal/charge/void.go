package charge

import (
	"context"

	"github.com/vezne/vezne/internal/connector"
	"github.com/vezne/vezne/internal/fault"
	"github.com/vezne/vezne/internal/payment"
)

// Void undoes a sale, a hold or a captured hold as a whole, and gives a wallet back
// what it paid alone. Errors: NotVoidable
// in any other state or once something was refunded, OperationInProgress.
func (s *Service) Void(ctx context.Context, c Void) (payment.Outcome, error) {
	return s.followUp(ctx, followUp{
		caller: c.Caller, payment: c.PaymentID, kind: connector.Void,
		able: func(c connector.Capabilities) bool { return c.Void }, unable: fault.NotVoidable,
		admit: func(_ context.Context, p payment.Payment) (payment.Part, *payment.Outcome, error) {
			amount, err := p.AdmitVoid()
			return payment.Part{Amount: amount}, nil, err
		},
	})
}
