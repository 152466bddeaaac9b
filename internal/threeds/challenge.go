package threeds

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/vezne/vezne/internal/connector"
	"github.com/vezne/vezne/internal/operation"
	"github.com/vezne/vezne/internal/payment"
	"github.com/vezne/vezne/internal/pos"
)

const (
	// sessionLife is how long a payer may take at the bank.
	sessionLife = 30 * time.Minute
	// securityKeyLife is how long a merchant may take to complete afterwards.
	securityKeyLife = 15 * time.Minute
	// maxWrongKeys ends a payment whose security key somebody is guessing.
	maxWrongKeys = 10
)

// challenge is a payer's authentication at a bank: the session and what it is about. The
// session is read before the rest, so that a commit which saves it as it was read
// fails when any of it has moved on.
type challenge struct {
	session   payment.Session
	payment   payment.Payment
	operation payment.Operation // the one that will charge the payment, or did
	at        pos.POS
}

// errNoOperation is a session of a payment without operations, which no commit of
// ours leaves behind.
var errNoOperation = errors.New("the session's payment has no operation")

func (s *Service) challengeOf(ctx context.Context, session payment.Session) (challenge, error) {
	p, err := s.store.PaymentByID(ctx, session.MerchantID, session.PaymentID)
	if err != nil {
		return challenge{}, fmt.Errorf("read payment of session: %w", err)
	}
	operations, err := s.store.Operations(ctx, p.MerchantID, p.ID)
	if err != nil {
		return challenge{}, fmt.Errorf("read operations of session: %w", err)
	}
	if len(operations) == 0 {
		return challenge{}, errNoOperation
	}
	o := payment.LastOf(operations, payment.ChargeOf(operations))
	at, err := s.operations.POS(ctx, o.MerchantID, o.POSID)
	if err != nil {
		return challenge{}, fmt.Errorf("find POS of session: %w", err)
	}
	return challenge{session: session, payment: p, operation: o, at: at}, nil
}

// mayBeCharged reports whether a bank may hold money for the challenge that is not
// in the books: a "3D pay" bank has charged, or did not say.
func (ch challenge) mayBeCharged() bool {
	return ch.operation.Status == payment.OperationApproved || ch.operation.Status == payment.OperationUnknown
}

// refusal is our own verdict about a payment that is not to be charged. What the
// bank called the charge, if there was one, is kept: it will be undone by it.
func (s *Service) refusal(ch challenge, why connector.Reason) payment.Verdict {
	return payment.Verdict{
		Status: payment.OperationDeclined, BankCode: ch.operation.BankCode, BankMessage: ch.operation.BankMessage,
		Result: payment.Result{
			Reason: why, At: s.clock.Now(),
			TransactionID: ch.operation.Result.TransactionID, HostReference: ch.operation.Result.HostReference,
		},
	}
}

// endSession declines the payment of a challenge and ends its session in one commit. It
// fails with fault.StaleVersion if either moved on meanwhile. With check, the bank
// may have charged the payer by itself: the payment is Unclear until the bank was
// asked and what it had taken was undone. That is tried at once; the late check that
// the same commit leaves goes on with it.
func (s *Service) endSession(ctx context.Context, ch challenge, said payment.Verdict, check bool) (payment.Outcome, error) {
	if ch.session.State != payment.SessionCompleted {
		ch.session.State = payment.SessionFailed
	}
	c := payment.Settle(ch.payment, ch.operation, said)
	also := []func(payment.Tx){func(tx payment.Tx) { tx.SaveSession(ch.session) }}
	if check {
		c.Payment.Unclear = true
		late, err := s.operations.NewLateCheck(ctx, c, operation.FirstInquiry(said.Result.At, ch.at))
		if err != nil {
			return payment.Outcome{}, err
		}
		also = append(also, func(tx payment.Tx) { tx.Enqueue(late) })
	}
	if err := s.operations.Commit(ctx, c, operation.SystemActor, also...); err != nil {
		return payment.Outcome{}, fmt.Errorf("end session: %w", err)
	}
	if ch.at.ID != 0 { // a payer was sent there
		s.forgetCard(ctx, ch)
	}
	c.Payment.Version++
	c.Operation.Version++
	ended := payment.Outcome{Payment: c.Payment, Operation: c.Operation}
	if check {
		ended = s.operations.Undo(ctx, ended, ch.mayBeCharged())
	}
	return ended, nil
}
