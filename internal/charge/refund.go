package charge

import (
	"context"

	"github.com/vezne/vezne/internal/connector"
	"github.com/vezne/vezne/internal/fault"
	"github.com/vezne/vezne/internal/payment"
)

// Refund gives captured money back, in parts as often as wanted and never more
// in total than was captured: parts whose answer is not known yet count as given. The
// same holds for each item; what a refund gives back of which items is fixed when it
// begins. It goes to the card, and to the wallet if that has paid everything; the
// wallet's part of a payment by both stays. Errors: CurrencyMismatch,
// RefundAmountExceeded, NotRefundable, OperationInProgress while a void is running.
func (s *Service) Refund(ctx context.Context, c Refund) (payment.Outcome, error) {
	return s.followUp(ctx, followUp{
		caller: c.Caller, payment: c.PaymentID, kind: connector.Refund,
		able: func(c connector.Capabilities) bool { return c.Refund }, unable: fault.NotRefundable,
		admit: func(_ context.Context, p payment.Payment) (payment.Part, *payment.Outcome, error) {
			part, err := p.AdmitRefund(payment.Part{Amount: c.Amount, Items: c.Items})
			return part, nil, err
		},
	})
}
