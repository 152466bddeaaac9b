package payment

import (
	"context"
	"fmt"

	"github.com/go-json-experiment/json"

	"github.com/vezne/vezne/internal/audit"
	"github.com/vezne/vezne/internal/connector"
	"github.com/vezne/vezne/internal/fault"
	"github.com/vezne/vezne/internal/id"
)

// UnknownOperation is an operation that waits for a person, with its payment.
type UnknownOperation struct {
	Payment   Payment
	Operation Operation
}

// UnknownOperations returns up to limit operations of a merchant that wait for a
// person, with ids after the one given, the oldest first.
func (s *Service) UnknownOperations(ctx context.Context, m id.Merchant, after id.Operation, limit int) ([]UnknownOperation, error) {
	waiting, err := s.Store.Escalated(ctx, m, after, limit)
	if err != nil {
		return nil, fmt.Errorf("list unknown operations: %w", err)
	}
	all := make([]UnknownOperation, 0, len(waiting))
	for _, o := range waiting {
		p, err := s.Store.PaymentByID(ctx, m, o.PaymentID)
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
func (c Resolve) verdict(s *Service) verdict {
	v := verdict{status: OperationDeclined, bankMessage: resolvedByHand, result: Result{
		Reason: connector.NoResponse, HostReference: c.BankReference, At: s.Clock.Now(),
	}}
	if c.Approved {
		v.status, v.result.Reason = OperationApproved, connector.Success
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
func (s *Service) Resolve(ctx context.Context, c Resolve) (Outcome, error) {
	ctx, cancel := detached(ctx)
	defer cancel()
	for try := range maxConflicts {
		waiting, err := s.Store.EscalatedOperation(ctx, c.MerchantID, c.Operation)
		if err != nil {
			return Outcome{}, fmt.Errorf("find unknown operation: %w", err)
		}
		// The operation once more, after its payment: one that was settled in between
		// must not be settled again in a payment that has its outcome.
		p, o, err := s.reload(ctx, Payment{MerchantID: c.MerchantID, ID: waiting.PaymentID}, c.Operation)
		if err != nil {
			return Outcome{}, err
		}
		v := c.verdict(s)
		charge, stands, err := s.undoes(ctx, o)
		if err != nil {
			return Outcome{}, err
		}
		if o.Status.Final() && (!stands || !c.Approved) {
			return settledBefore(p, o, v)
		}
		done := settle(p, o, v)
		var also []func(Tx)
		if stands && c.Approved {
			charge.Status = OperationReversed
			also = append(also, func(tx Tx) { tx.SaveOperation(charge) })
		}
		err = s.commitByHand(ctx, c, done, also...)
		if err == nil {
			done.payment.Version++
			done.operation.Version++
			return Outcome{Payment: done.payment, Operation: done.operation}, nil
		}
		if fault.CodeOf(err) != fault.StaleVersion || !pause(ctx, pauseAfter(err, try)) {
			return Outcome{}, err
		}
	}
	return Outcome{}, fault.New(fault.Conflict, fault.OperationInProgress, "the payment is being changed").WithRetryAfter(retryHint)
}

// undoes returns the charge that a reversal is about, if it still stands at the bank.
func (s *Service) undoes(ctx context.Context, o Operation) (charge Operation, stands bool, err error) {
	if !o.reversal() || o.Status == OperationApproved {
		return Operation{}, false, nil
	}
	all, err := s.Store.Operations(ctx, o.MerchantID, o.PaymentID)
	if err != nil {
		return Operation{}, false, fmt.Errorf("read operations: %w", err)
	}
	for _, charge := range all {
		if charge.Reference == o.Original {
			return charge, charge.Status == OperationDeclined, nil
		}
	}
	return Operation{}, false, nil
}

// settledBefore answers about an operation that is known by now: as the first time
// if that was this very command.
func settledBefore(p Payment, o Operation, v verdict) (Outcome, error) {
	if o.Status == v.status && o.BankMessage == resolvedByHand && o.Result.HostReference == v.result.HostReference {
		return Outcome{Payment: p, Operation: o, Replayed: true}, nil
	}
	return Outcome{}, fault.New(fault.Conflict, fault.OperationSettled, "the outcome of the operation is known by now").
		WithSubject(p.UUID.String())
}

// commitByHand commits what a person found out, with a word of it in the audit log.
// What the person calls declined is asked about once more, as what a bank does not
// know is: people err too.
func (s *Service) commitByHand(ctx context.Context, c Resolve, done change, also ...func(Tx)) error {
	detail, err := json.Marshal(map[string]any{
		"operation": int64(c.Operation), "approved": c.Approved, "bank_reference": c.BankReference, "note": c.Note,
	}, json.Deterministic(true))
	if err != nil {
		return fmt.Errorf("encode audit record: %w", err)
	}
	recordID, err := id.Next[id.AuditRecord](ctx, s.IDs, id.NounAuditRecord)
	if err != nil {
		return fmt.Errorf("new audit id: %w", err)
	}
	record := audit.Record{
		ID: recordID, MerchantID: c.MerchantID, At: s.Clock.Now(), Actor: c.Actor, Action: "unknown_operation.resolve",
		Subject: "payment:" + done.payment.UUID.String(), Detail: detail,
	}
	also = append(also, func(tx Tx) { tx.Record(record) })
	if !c.Approved {
		check, err := s.newLateCheck(ctx, done, s.Clock.Now().Add(lateChecks[0]))
		if err != nil {
			return err
		}
		also = append(also, func(tx Tx) { tx.Enqueue(check) })
	}
	return s.commit(ctx, done, c.Actor, also...)
}
