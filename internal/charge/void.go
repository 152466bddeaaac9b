package charge

import (
	"context"
	"fmt"

	"github.com/vezne/vezne/internal/connector"
	"github.com/vezne/vezne/internal/fault"
	"github.com/vezne/vezne/internal/payment"
)

// Void undoes a sale, a hold or a captured hold as a whole, and gives a wallet back
// what it paid alone. Of a payment that is Unclear it undoes what the bank holds, which
// is not in the books. Errors: NotVoidable in any other state or once something was
// refunded; OperationInProgress while the outcome of the payment or of another follow-up
// is open.
func (s *Service) Void(ctx context.Context, c Void) (payment.Outcome, error) {
	return s.followUp(ctx, followUp{
		caller: c.Caller, payment: c.PaymentID, kind: connector.Void,
		able: func(c connector.Capabilities) bool { return c.Void }, unable: fault.NotVoidable,
		admit: func(ctx context.Context, p payment.Payment) (payment.Part, *payment.Outcome, error) {
			if p.Unclear {
				undone, err := s.undoUnclear(ctx, c.Caller, p)
				return payment.Part{}, undone, err
			}
			amount, err := p.AdmitVoid()
			return payment.Part{Amount: amount}, nil, err
		},
	})
}

// undoUnclear undoes what the bank holds of a payment that ended without money, and
// answers with the operation that did so.
func (s *Service) undoUnclear(ctx context.Context, c payment.Caller, p payment.Payment) (*payment.Outcome, error) {
	all, err := s.store.Operations(ctx, p.MerchantID, p.ID)
	if err != nil {
		return nil, fmt.Errorf("read operations of payment: %w", err)
	}
	charge := payment.LastOf(all, payment.ChargeOf(all))
	now := s.operations.Undo(ctx, payment.Outcome{Payment: p, Operation: charge}, true)
	if now.Payment.Unclear {
		return nil, payment.InProgress(fault.OperationInProgress, p.UUID)
	}
	if all, err = s.store.Operations(ctx, p.MerchantID, p.ID); err != nil {
		return nil, fmt.Errorf("read operations of payment: %w", err)
	}
	for _, o := range all {
		if o.IsReversal() && o.Original == charge.Reference && o.Status == payment.OperationApproved {
			return s.claimReplay(ctx, c, &payment.Outcome{Payment: now.Payment, Operation: o})
		}
	}
	return nil, payment.WrongState(fault.NotVoidable, "the bank holds nothing of the payment", now.Payment)
}
