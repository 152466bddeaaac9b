package operation

import (
	"context"
	"fmt"

	"github.com/vezne/vezne/internal/audit"
	"github.com/vezne/vezne/internal/connector"
	"github.com/vezne/vezne/internal/fault"
	"github.com/vezne/vezne/internal/id"
	"github.com/vezne/vezne/internal/payment"
)

// UnknownOperation is an operation that waits for a person, with its payment.
type UnknownOperation struct {
	Payment   payment.Payment
	Operation payment.Operation
}

// UnknownOperations returns up to limit operations of a merchant that wait for a
// person, with ids after the one given, the oldest first.
func (s *Service) UnknownOperations(ctx context.Context, m id.Merchant, after id.Operation, limit int) ([]UnknownOperation, error) {
	waiting, err := s.store.Escalated(ctx, m, after, limit)
	if err != nil {
		return nil, fmt.Errorf("list unknown operations: %w", err)
	}
	all := make([]UnknownOperation, 0, len(waiting))
	for _, o := range waiting {
		p, err := s.store.PaymentByID(ctx, m, o.PaymentID)
		if err != nil {
			return nil, fmt.Errorf("read payment of unknown operation: %w", err)
		}
		all = append(all, UnknownOperation{Payment: p, Operation: o})
	}
	return all, nil
}

// Resolve is what a person found out at the bank about an operation.
type Resolve struct {
	MerchantID id.Merchant
	Actor      string
	Operation  id.Operation
	Approved   bool
	// BankReference is the bank's own number of the transaction, and Note how the
	// person came to know; the audit log keeps both.
	BankReference string
	Note          string
}

// verdict is what the person says, in place of the bank.
func (c Resolve) verdict(s *Service) payment.Verdict {
	v := payment.Verdict{Status: payment.OperationDeclined, BankMessage: resolvedByHand, Result: payment.Result{
		Reason: connector.NoResponse, HostReference: c.BankReference, At: s.clock.Now(),
	}}
	if c.Approved {
		v.Status, v.Result.Reason = payment.OperationApproved, connector.Success
	}
	return v
}

// resolvedByHand stands where the bank's words would.
const resolvedByHand = "resolved by a person"

// Resolve settles an operation that waits for a person exactly as the bank's answer
// would have. Repeated, it answers as the first time. A reversal that the bank refused
// can only become approved, when the money was given back in another way. Errors:
// NoSuchThing for an operation that does not wait for a person, OperationSettled if
// its outcome became known otherwise.
func (s *Service) Resolve(ctx context.Context, c Resolve) (payment.Outcome, error) {
	ctx, cancel := Detached(ctx)
	defer cancel()
	for try := range MaxConflicts {
		waiting, err := s.store.EscalatedOperation(ctx, c.MerchantID, c.Operation)
		if err != nil {
			return payment.Outcome{}, fmt.Errorf("find unknown operation: %w", err)
		}
		// The operation once more, after its payment: one that was settled in between
		// must not be settled again in a payment that has its outcome.
		p, o, err := s.reload(ctx, payment.Payment{MerchantID: c.MerchantID, ID: waiting.PaymentID}, c.Operation)
		if err != nil {
			return payment.Outcome{}, err
		}
		v := c.verdict(s)
		charge, stands, err := s.undoes(ctx, o)
		if err != nil {
			return payment.Outcome{}, err
		}
		if o.Status.Final() && (!stands || !c.Approved) {
			return settledBefore(p, o, v)
		}
		done := s.Settle(ctx, p, o, v)
		var also []func(payment.Tx)
		if stands && c.Approved {
			charge.Status = payment.OperationReversed
			done.Payment.Unclear = false
			also = append(also, func(tx payment.Tx) { tx.SaveOperation(charge) })
		}
		err = s.commitByHand(ctx, c, done, also...)
		if err == nil {
			done.Payment.Version++
			done.Operation.Version++
			return payment.Outcome{Payment: done.Payment, Operation: done.Operation}, nil
		}
		if fault.CodeOf(err) != fault.StaleVersion || !Pause(ctx, err, try) {
			return payment.Outcome{}, err
		}
	}
	return payment.Outcome{}, fault.New(fault.Conflict, fault.OperationInProgress, "the payment is being changed").WithRetryAfter(payment.RetryHint)
}

// undoes returns the charge that a reversal is about, if it still stands at the bank.
func (s *Service) undoes(ctx context.Context, o payment.Operation) (charge payment.Operation, stands bool, err error) {
	if !o.IsReversal() || o.Status == payment.OperationApproved {
		return payment.Operation{}, false, nil
	}
	all, err := s.store.Operations(ctx, o.MerchantID, o.PaymentID)
	if err != nil {
		return payment.Operation{}, false, fmt.Errorf("read operations: %w", err)
	}
	for _, charge := range all {
		if charge.Reference == o.Original {
			return charge, charge.Status == payment.OperationDeclined, nil
		}
	}
	return payment.Operation{}, false, nil
}

// settledBefore answers about an operation that is known by now: as the first time
// if that was this very command.
func settledBefore(p payment.Payment, o payment.Operation, v payment.Verdict) (payment.Outcome, error) {
	if o.Status == v.Status && o.BankMessage == resolvedByHand && o.Result.HostReference == v.Result.HostReference {
		return payment.Outcome{Payment: p, Operation: o, Replayed: true}, nil
	}
	return payment.Outcome{}, fault.New(fault.Conflict, fault.OperationSettled, "the outcome of the operation is known by now").
		WithSubject(p.UUID.String())
}

// commitByHand commits what a person found out, with a word of it in the audit log.
// What the person calls declined is asked about once more, as what a bank does not
// know is: people err too.
func (s *Service) commitByHand(ctx context.Context, c Resolve, done payment.Change, also ...func(payment.Tx)) error {
	record, err := audit.NewRecord(ctx, s.ids, s.clock, audit.Deed{
		MerchantID: c.MerchantID, Actor: c.Actor, Action: "unknown_operation.resolve",
		Subject: "payment:" + done.Payment.UUID.String(),
		Facts: map[string]any{
			"operation": int64(c.Operation), "approved": c.Approved, "bank_reference": c.BankReference, "note": c.Note,
		},
	})
	if err != nil {
		return err
	}
	also = append(also, func(tx payment.Tx) { tx.Record(record) })
	if !c.Approved {
		check, err := s.NewLateCheck(ctx, done, s.clock.Now().Add(lateChecks[0]))
		if err != nil {
			return err
		}
		also = append(also, func(tx payment.Tx) { tx.Enqueue(check) })
	}
	return s.Commit(ctx, done, c.Actor, also...)
}
