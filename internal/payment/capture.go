package payment

import (
	"context"
	"fmt"

	"github.com/vezne/vezne/internal/connector"
	"github.com/vezne/vezne/internal/fault"
	"github.com/vezne/vezne/internal/money"
	"github.com/vezne/vezne/internal/pos"
)

// Capture takes all or part of an authorized amount, once. What is not taken is
// released. Errors: CurrencyMismatch, CaptureAmountExceeded, NotCapturable,
// AlreadyCaptured, CaptureInProgress, PreAuthExpired. Repeating a capture that
// succeeded with the same amount gives its first answer.
func (s *Service) Capture(ctx context.Context, c Capture) (Outcome, error) {
	return s.followUp(ctx, followUp{
		caller: c.Caller, payment: c.PaymentID, kind: connector.Capture,
		able: func(c connector.Capabilities) bool { return c.Capture }, unable: fault.NotCapturable,
		admit: func(ctx context.Context, p Payment) (money.Amount, *Outcome, error) {
			replay, err := s.admitCapture(ctx, p, c.Amount)
			if replay != nil {
				replay, err = s.claimReplay(ctx, c.Caller, replay)
			}
			return c.Amount, replay, err
		},
		reserve: func(p *Payment, o Operation) { p.OpenAsk = o.ID },
		send: func(ctx context.Context, b *pos.Bank, f connector.FollowUp) (connector.Answer, error) {
			return b.Capture(ctx, f)
		},
	})
}

func (s *Service) admitCapture(ctx context.Context, p Payment, amount money.Amount) (*Outcome, error) {
	if p.Phase != PhasePreAuthorization {
		return nil, wrongState(fault.NotCapturable, "the payment is no pre-authorization", p)
	}
	if amount.Currency() != p.Paid.Currency() {
		return nil, mismatch(p.Paid.Currency())
	}
	if !amount.IsPositive() {
		return nil, fault.Validation(fault.Field{Name: "amount", Code: fault.FieldOutOfRange, Message: "must be greater than zero"})
	}
	switch p.State {
	case Authorized:
	case Captured, PartiallyRefunded, Refunded:
		return s.replayCapture(ctx, p, amount)
	case Pending, Enrolled, Authenticated, Voided, Declined, Expired:
		return nil, wrongState(fault.NotCapturable, "the payment holds no amount that could be captured", p)
	}
	if amount.Cmp(p.Authorized) > 0 {
		return nil, exceeded(fault.CaptureAmountExceeded, "must not exceed the authorized "+p.Authorized.String())
	}
	if p.OpenAsk != 0 {
		return nil, inProgress(fault.CaptureInProgress, p.UUID)
	}
	at, err := s.posByID(ctx, p.MerchantID, p.POSID)
	if err != nil {
		return nil, fmt.Errorf("find POS of payment: %w", err)
	}
	if s.Clock.Now().After(p.Result.At.Add(at.CaptureLimit())) {
		return nil, wrongState(fault.PreAuthExpired, "the pre-authorization is too old to be captured", p)
	}
	return nil, nil //nolint:nilnil // admitted: no replay and no refusal
}

func (s *Service) replayCapture(ctx context.Context, p Payment, amount money.Amount) (*Outcome, error) {
	operations, err := s.Store.Operations(ctx, p.MerchantID, p.ID)
	if err != nil {
		return nil, fmt.Errorf("read operations of payment: %w", err)
	}
	for _, o := range operations {
		if o.Kind == connector.Capture && o.Status == OperationApproved && o.Amount == amount {
			return &Outcome{Payment: p, Operation: o, Replayed: true}, nil
		}
	}
	return nil, wrongState(fault.AlreadyCaptured, "the pre-authorization was already captured", p)
}

func mismatch(want money.Currency) error {
	e := fault.Validation(fault.Field{Name: "currency", Code: fault.FieldInvalid, Message: "must be " + want.String()})
	e.Code = fault.CurrencyMismatch
	return e
}

func exceeded(code fault.Code, message string) error {
	e := fault.Validation(fault.Field{Name: "amount", Code: fault.FieldOutOfRange, Message: message})
	e.Code = code
	return e
}
