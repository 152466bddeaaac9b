package charge

import (
	"context"

	"github.com/vezne/vezne/internal/connector"
	"github.com/vezne/vezne/internal/fault"
	"github.com/vezne/vezne/internal/money"
	"github.com/vezne/vezne/internal/payment"
)

// Refund gives captured money back, in parts as often as wanted and never more
// in total than was captured: parts whose answer is not known yet count as given.
// Errors: CurrencyMismatch, RefundAmountExceeded, NotRefundable,
// OperationInProgress while a void is running.
func (s *Service) Refund(ctx context.Context, c Refund) (payment.Outcome, error) {
	return s.followUp(ctx, followUp{
		caller: c.Caller, payment: c.PaymentID, kind: connector.Refund,
		able: func(c connector.Capabilities) bool { return c.Refund }, unable: fault.NotRefundable,
		admit: func(_ context.Context, p payment.Payment) (money.Amount, *payment.Outcome, error) {
			amount, err := p.AdmitRefund(c.Amount)
			return amount, nil, err
		},
	})
}
