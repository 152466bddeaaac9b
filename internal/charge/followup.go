package charge

import (
	"context"
	"fmt"

	"github.com/vezne/vezne/internal/connector"
	"github.com/vezne/vezne/internal/fault"
	"github.com/vezne/vezne/internal/id"
	"github.com/vezne/vezne/internal/operation"
	"github.com/vezne/vezne/internal/payment"
	"github.com/vezne/vezne/internal/pos"
	"github.com/vezne/vezne/internal/trace"
)

// followUp is what capture, void and refund differ in.
type followUp struct {
	caller  payment.Caller
	payment id.UUID
	kind    connector.Kind
	// able reports whether a POS can do this at all; if not, the command is
	// refused with the code and no operation is begun.
	able   func(connector.Capabilities) bool
	unable fault.Code
	// admit checks the payment as it is now and returns what is to be moved. It may
	// return an Outcome instead, when the command was carried out before.
	admit func(ctx context.Context, p payment.Payment) (payment.Part, *payment.Outcome, error)
}

// followUp carries out a command about a payment that a bank approved. The
// payment is reserved by compare-and-set before the bank is asked, so of two
// rivals exactly one reaches the bank.
func (s *Service) followUp(ctx context.Context, f followUp) (payment.Outcome, error) {
	ctx, cancel := operation.Detached(ctx)
	defer cancel()
	o, err := s.followOnce(ctx, f)
	s.Report(ctx, commandOf(f.kind), f.caller.Surface, o, err)
	return o, err
}

func (s *Service) followOnce(ctx context.Context, f followUp) (payment.Outcome, error) {
	if replay, err := s.Replay(ctx, f.caller); replay != nil || err != nil {
		return replay.Value(), err
	}
	p, o, replay, err := s.reserve(ctx, f)
	if replay != nil || err != nil {
		return replay.Value(), err
	}
	if o.Status.Final() { // carried out in the books
		return payment.Outcome{Payment: p, Operation: o}, nil
	}
	at, err := s.operations.POS(ctx, p.MerchantID, p.POSID)
	if err != nil {
		return s.operations.Conclude(ctx, p, o, operation.VerdictOf(connector.Answer{Outcome: connector.Unsent}, s.clock.Now()), f.caller.Actor)
	}
	v := s.operations.SendFollowUp(ctx, p, o, at)
	if next, turned := s.operations.Turn(ctx, payment.Settle(p, o, v)); turned {
		p, o = next.Payment, next.Operation
		v = s.operations.SendFollowUp(ctx, p, o, at)
	}
	return s.operations.Conclude(ctx, p, o, v, f.caller.Actor)
}

// reserve makes the first commit of a follow-up, deciding again as often as the
// payment changes under it.
func (s *Service) reserve(ctx context.Context, f followUp) (payment.Payment, payment.Operation, *payment.Outcome, error) {
	ctx, span := trace.Start(ctx, trace.StepBegin)
	defer span.End()
	span.Set(trace.Kind(f.kind))
	for try := range operation.MaxConflicts {
		p, err := s.store.Payment(ctx, f.caller.MerchantID, f.payment)
		if err != nil {
			return payment.Payment{}, payment.Operation{}, nil, fmt.Errorf("read payment: %w", err)
		}
		part, replay, err := f.admit(ctx, p)
		if replay != nil || err != nil {
			return payment.Payment{}, payment.Operation{}, replay, err
		}
		p, o, queue, err := s.beginFollowUp(ctx, p, f, part)
		if err != nil {
			return payment.Payment{}, payment.Operation{}, nil, err
		}
		err = s.store.InTx(ctx, func(tx payment.Tx) {
			s.Claim(tx, f.caller, p, o.ID)
			queue(tx)
		})
		switch {
		case err == nil:
			p.Version++
			return p, o, nil, nil
		case fault.CodeOf(err) == fault.IdempotencyKeyTaken:
			replay, err := s.ReplayTaken(ctx, f.caller)
			return payment.Payment{}, payment.Operation{}, replay, err
		case fault.CodeOf(err) != fault.StaleVersion:
			return payment.Payment{}, payment.Operation{}, nil, fmt.Errorf("begin %s: %w", f.kind, err)
		case !operation.Pause(ctx, err, try):
			return payment.Payment{}, payment.Operation{}, nil, payment.InProgress(fault.OperationInProgress, f.payment)
		}
	}
	return payment.Payment{}, payment.Operation{}, nil, payment.InProgress(fault.OperationInProgress, f.payment)
}

// beginFollowUp returns the payment and the operation as the first commit of a
// follow-up stores them, and what queues that: reserved, or carried out at once if no
// bank is asked because a wallet has paid everything.
func (s *Service) beginFollowUp(
	ctx context.Context, p payment.Payment, f followUp, part payment.Part,
) (payment.Payment, payment.Operation, func(payment.Tx), error) {
	o, err := s.newFollowUp(ctx, p, f, part)
	if err != nil {
		return payment.Payment{}, payment.Operation{}, nil, err
	}
	before, sequel := p.Items, func(payment.Tx) {}
	p.Reserve(o)
	p.MarkChanged(o.StartedAt)
	if p.PaidByWallet() {
		c := payment.Settle(p, o, operation.ByBooks(o.StartedAt))
		if sequel, err = s.operations.Sequel(ctx, c, f.caller.Actor); err != nil {
			return payment.Payment{}, payment.Operation{}, nil, err
		}
		p, o = c.Payment, c.Operation
	}
	return p, o, func(tx payment.Tx) {
		tx.SavePayment(p)
		tx.SaveItems(p.WithItemsSince(before))
		tx.InsertOperation(o)
		sequel(tx)
	}, nil
}

// newFollowUp makes the operation of a follow-up, as its bank takes it today. It
// refuses what the payment's POS cannot do.
func (s *Service) newFollowUp(
	ctx context.Context, p payment.Payment, f followUp, part payment.Part,
) (payment.Operation, error) {
	at, u, err := s.undoing(ctx, p, f)
	if err != nil {
		return payment.Operation{}, err
	}
	operations, err := s.store.Operations(ctx, p.MerchantID, p.ID)
	if err != nil {
		return payment.Operation{}, fmt.Errorf("read operations of payment: %w", err)
	}
	o, err := s.operations.New(ctx, p, f.kind, f.caller.Actor, at)
	if err != nil {
		return payment.Operation{}, err
	}
	for _, earlier := range operations {
		if earlier.Status == payment.OperationApproved && (earlier.Kind == connector.Sale || earlier.Kind == connector.Authorize) {
			o.Original = earlier.Reference
		}
	}
	o.Amount, o.Items = part.Amount, part.Items
	if o.Undoes(p) && !p.PaidByWallet() {
		o.Kind = u.Way(o, operations)
		o.Items = p.ItemsUndoneBy(o.Kind)
	}
	return o, nil
}

// undoing returns where a payment was made and what that bank does today. It refuses
// what the bank cannot do. A payment from a wallet was made nowhere, and everything can
// be done with it.
func (s *Service) undoing(ctx context.Context, p payment.Payment, f followUp) (pos.POS, payment.Undoing, error) {
	if p.PaidByWallet() {
		return pos.POS{}, payment.Undoing{}, nil
	}
	at, err := s.operations.POS(ctx, p.MerchantID, p.POSID)
	if err != nil {
		return pos.POS{}, payment.Undoing{}, fmt.Errorf("find POS of payment: %w", err)
	}
	bank, err := s.banks.Bank(ctx, at)
	if err != nil {
		return pos.POS{}, payment.Undoing{}, fmt.Errorf("open POS of payment: %w", err)
	}
	u := payment.Undoing{Rules: bank.Rules(), Can: bank.Capabilities()}
	if !f.able(u.Can) {
		return pos.POS{}, payment.Undoing{}, payment.WrongState(f.unable, "the bank of this payment cannot do that", p)
	}
	return at, u, nil
}
