package charge

import (
	"context"
	"fmt"

	"github.com/vezne/vezne/internal/connector"
	"github.com/vezne/vezne/internal/fault"
	"github.com/vezne/vezne/internal/money"
	"github.com/vezne/vezne/internal/payment"
)

// Capture takes all or part of an authorized amount, once. What is not taken is
// released. Errors: CurrencyMismatch, CaptureAmountExceeded, NotCapturable,
// AlreadyCaptured, CaptureInProgress, PreAuthExpired. Repeating a capture that
// succeeded with the same amount gives its first answer.
func (s *Service) Capture(ctx context.Context, c Capture) (payment.Outcome, error) {
	return s.followUp(ctx, followUp{
		caller: c.Caller, payment: c.PaymentID, kind: connector.Capture,
		able: func(c connector.Capabilities) bool { return c.Capture }, unable: fault.NotCapturable,
		admit: func(ctx context.Context, p payment.Payment) (money.Amount, *payment.Outcome, error) {
			amount := c.amountOf(p)
			replay, err := s.admitCapture(ctx, p, amount)
			if replay != nil {
				replay, err = s.claimReplay(ctx, c.Caller, replay)
			}
			return amount, replay, err
		},
	})
}

// amountOf is how much of a payment is to be captured.
func (c Capture) amountOf(p payment.Payment) money.Amount {
	if c.Amount == (money.Amount{}) {
		return p.Authorized
	}
	return c.Amount
}

func (s *Service) admitCapture(ctx context.Context, p payment.Payment, amount money.Amount) (*payment.Outcome, error) {
	if p.Phase != payment.PhasePreAuthorization {
		return nil, payment.WrongState(fault.NotCapturable, "the payment is no pre-authorization", p)
	}
	if err := p.CheckCurrency(amount.Currency()); err != nil {
		return nil, err
	}
	if !amount.IsPositive() {
		return nil, fault.Validation(fault.Field{Name: "amount", Code: fault.FieldOutOfRange, Message: "must be greater than zero"})
	}
	switch p.State {
	case payment.Authorized:
	case payment.Captured, payment.PartiallyRefunded, payment.Refunded:
		return s.replayCapture(ctx, p, amount)
	case payment.Pending, payment.Enrolled, payment.Authenticated, payment.Voided, payment.Declined, payment.Expired:
		return nil, payment.WrongState(fault.NotCapturable, "the payment holds no amount that could be captured", p)
	}
	if amount.Cmp(p.Authorized) > 0 {
		return nil, payment.AmountExceeded(fault.CaptureAmountExceeded, "must not exceed the authorized "+p.Authorized.String())
	}
	if p.OpenAsk != 0 {
		return nil, payment.InProgress(fault.CaptureInProgress, p.UUID)
	}
	at, err := s.operations.POS(ctx, p.MerchantID, p.POSID)
	if err != nil {
		return nil, fmt.Errorf("find POS of payment: %w", err)
	}
	if s.clock.Now().After(p.Result.At.Add(at.CaptureLimit())) {
		return nil, payment.WrongState(fault.PreAuthExpired, "the pre-authorization is too old to be captured", p)
	}
	return nil, nil //nolint:nilnil // admitted: no replay and no refusal
}

func (s *Service) replayCapture(ctx context.Context, p payment.Payment, amount money.Amount) (*payment.Outcome, error) {
	operations, err := s.store.Operations(ctx, p.MerchantID, p.ID)
	if err != nil {
		return nil, fmt.Errorf("read operations of payment: %w", err)
	}
	for _, o := range operations {
		if o.Kind == connector.Capture && o.Status == payment.OperationApproved && o.Amount == amount {
			return &payment.Outcome{Payment: p, Operation: o, Replayed: true}, nil
		}
	}
	return nil, payment.WrongState(fault.AlreadyCaptured, "the pre-authorization was already captured", p)
}
