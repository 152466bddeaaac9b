package threeds

import (
	"context"
	"fmt"

	"github.com/vezne/vezne/internal/connector"
	"github.com/vezne/vezne/internal/fault"
	"github.com/vezne/vezne/internal/id"
	"github.com/vezne/vezne/internal/operation"
	"github.com/vezne/vezne/internal/payment"
)

// Abandon is a payment whose payer does not go on.
type Abandon struct {
	MerchantID id.Merchant
	PaymentID  id.Payment
	// Why is how the payment ends.
	Why connector.Reason
}

// Abandon ends a payment that waits for its payer's authentication or for its
// completion, which is refused from then on, and returns it. What a "3D pay" bank has
// charged by itself is undone; while that is not known, the payment is Unclear. One that
// has ended or is being charged is returned as it is: it is for the caller to see. Errors:
// NoSuchThing for a payment without a session, CompleteInProgress if others keep changing
// it.
func (s *Service) Abandon(ctx context.Context, c Abandon) (payment.Payment, error) {
	ctx, cancel := operation.Detached(ctx)
	defer cancel()
	var p payment.Payment
	for try := range operation.MaxConflicts {
		var err error
		p, err = s.abandon(ctx, c)
		if err == nil || fault.CodeOf(err) != fault.StaleVersion {
			return p, err
		}
		if !operation.Pause(ctx, err, try) {
			break
		}
	}
	return payment.Payment{}, payment.InProgress(fault.CompleteInProgress, p.UUID)
}

func (s *Service) abandon(ctx context.Context, c Abandon) (payment.Payment, error) {
	session, err := s.store.SessionOf(ctx, c.MerchantID, c.PaymentID)
	if err != nil {
		return payment.Payment{}, fmt.Errorf("read session: %w", err)
	}
	ch, err := s.challengeOf(ctx, session)
	if err != nil {
		return payment.Payment{}, err
	}
	waits := ch.payment.State == payment.Enrolled || ch.payment.State == payment.Authenticated
	if session.State == payment.SessionCompleted || session.State == payment.SessionFailed || !waits {
		return ch.payment, nil
	}
	o, err := s.endSession(ctx, ch, s.refusal(ch, c.Why), session.State == payment.SessionOpen || ch.mayBeCharged())
	if err != nil {
		return ch.payment, err
	}
	return o.Payment, nil
}

// Opens reports whether a key is the one that completes a payment: who asks can tell a
// forged return from a right one before anything is changed. A payment without a session
// is opened by none.
func (s *Service) Opens(ctx context.Context, m id.Merchant, p id.Payment, key string) (bool, error) {
	session, err := s.store.SessionOf(ctx, m, p)
	if fault.KindOf(err) == fault.NotFound {
		return false, nil
	}
	if err != nil {
		return false, fmt.Errorf("read session: %w", err)
	}
	return session.Opens(key), nil
}
