package charge

import (
	"context"
	"fmt"

	"github.com/vezne/vezne/internal/connector"
	"github.com/vezne/vezne/internal/fault"
	"github.com/vezne/vezne/internal/payment"
)

// Capture takes all or part of an authorized amount, once, or as much more as both
// the caller's surface and the bank allow. What is not taken is released. Errors:
// CurrencyMismatch, CaptureAmountExceeded, NotCapturable, AlreadyCaptured,
// CaptureInProgress, PreAuthExpired. Repeating a capture that succeeded with the same
// amount of the same items gives its first answer.
func (s *Service) Capture(ctx context.Context, c Capture) (payment.Outcome, error) {
	return s.followUp(ctx, followUp{
		caller: c.Caller, payment: c.PaymentID, kind: connector.Capture,
		able: func(c connector.Capabilities) bool { return c.Capture }, unable: fault.NotCapturable,
		admit: func(ctx context.Context, p payment.Payment) (payment.Part, *payment.Outcome, error) {
			part, replay, err := s.admitCapture(ctx, p, c)
			if replay != nil {
				replay, err = s.claimReplay(ctx, c.Caller, replay)
			}
			return part, replay, err
		},
	})
}

func (s *Service) admitCapture(
	ctx context.Context, p payment.Payment, c Capture,
) (payment.Part, *payment.Outcome, error) {
	none := payment.Part{}
	if p.Phase != payment.PhasePreAuthorization {
		return none, nil, payment.WrongState(fault.NotCapturable, "the payment is no pre-authorization", p)
	}
	part, err := p.PartOfHold(payment.Part{Amount: c.Amount, Items: c.Items})
	if err != nil {
		return none, nil, err
	}
	if err := p.AdmitFollowUp(); err != nil {
		return none, nil, err
	}
	switch p.State {
	case payment.Authorized:
	case payment.Captured, payment.PartiallyRefunded, payment.Refunded:
		replay, err := s.replayCapture(ctx, p, part)
		return none, replay, err
	case payment.Pending, payment.Enrolled, payment.Authenticated, payment.Voided, payment.Declined, payment.Expired:
		return none, nil, payment.WrongState(fault.NotCapturable, "the payment holds no amount that could be captured", p)
	}
	if err := p.AdmitCapture(part, c.Items, c.Above); err != nil {
		return none, nil, err
	}
	if p.OpenAsk != 0 {
		return none, nil, payment.InProgress(fault.CaptureInProgress, p.UUID)
	}
	at, err := s.operations.POS(ctx, p.MerchantID, p.POSID)
	if err != nil {
		return none, nil, fmt.Errorf("find POS of payment: %w", err)
	}
	if s.clock.Now().After(p.Result.At.Add(at.CaptureLimit())) {
		return none, nil, payment.WrongState(fault.PreAuthExpired, "the pre-authorization is too old to be captured", p)
	}
	return part, nil, nil
}

func (s *Service) replayCapture(ctx context.Context, p payment.Payment, part payment.Part) (*payment.Outcome, error) {
	operations, err := s.store.Operations(ctx, p.MerchantID, p.ID)
	if err != nil {
		return nil, fmt.Errorf("read operations of payment: %w", err)
	}
	for _, o := range operations {
		if o.Kind == connector.Capture && o.Status == payment.OperationApproved && o.Part().Equal(part) {
			return &payment.Outcome{Payment: p, Operation: o, Replayed: true}, nil
		}
	}
	return nil, payment.WrongState(fault.AlreadyCaptured, "the pre-authorization was already captured", p)
}
