package payment

import (
	"context"

	"github.com/vezne/vezne/internal/connector"
	"github.com/vezne/vezne/internal/fault"
	"github.com/vezne/vezne/internal/money"
	"github.com/vezne/vezne/internal/pos"
)

// Refund gives captured money back, in parts as often as wanted and never more
// in total than was captured: parts whose answer is not known yet count as given.
// Errors: CurrencyMismatch, RefundAmountExceeded, NotRefundable,
// OperationInProgress while a void is running.
func (s *Service) Refund(ctx context.Context, c Refund) (Outcome, error) {
	return s.followUp(ctx, followUp{
		caller: c.Caller, payment: c.PaymentID, kind: connector.Refund,
		able: func(c connector.Capabilities) bool { return c.Refund }, unable: fault.NotRefundable,
		admit: func(_ context.Context, p Payment) (money.Amount, *Outcome, error) {
			amount, err := p.admitRefund(c.Amount)
			return amount, nil, err
		},
		reserve: func(p *Payment, o Operation) { p.Refunding = p.Refunding.Add(o.Amount) },
		send: func(ctx context.Context, b *pos.Bank, f connector.FollowUp) (connector.Answer, error) {
			return b.Refund(ctx, f)
		},
	})
}

func (p Payment) admitRefund(amount money.Amount) (money.Amount, error) {
	if p.State != Captured && p.State != PartiallyRefunded {
		return money.Amount{}, wrongState(fault.NotRefundable, "the payment has no captured money to refund", p)
	}
	if p.OpenAsk != 0 {
		return money.Amount{}, inProgress(fault.OperationInProgress, p.UUID)
	}
	rest := p.refundable()
	if amount == (money.Amount{}) {
		amount = rest
		if rest.IsZero() { // all that is left is being refunded right now
			return money.Amount{}, inProgress(fault.OperationInProgress, p.UUID)
		}
	}
	if amount.Currency() != p.Paid.Currency() {
		return money.Amount{}, mismatch(p.Paid.Currency())
	}
	if !amount.IsPositive() {
		return money.Amount{}, fault.Validation(fault.Field{Name: "amount", Code: fault.FieldOutOfRange, Message: "must be greater than zero"})
	}
	if amount.Cmp(rest) > 0 {
		return money.Amount{}, exceeded(fault.RefundAmountExceeded, "must not exceed the "+rest.String()+" that may still be refunded")
	}
	return amount, nil
}
