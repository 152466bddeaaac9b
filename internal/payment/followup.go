package payment

import (
	"context"
	"fmt"

	"github.com/vezne/vezne/internal/connector"
	"github.com/vezne/vezne/internal/fault"
	"github.com/vezne/vezne/internal/id"
	"github.com/vezne/vezne/internal/idempotency"
	"github.com/vezne/vezne/internal/money"
	"github.com/vezne/vezne/internal/pos"
	"github.com/vezne/vezne/internal/trace"
)

// followUp is what capture, void and refund differ in.
type followUp struct {
	caller  Caller
	payment id.UUID
	kind    connector.Kind
	// able reports whether a POS can do this at all; if not, the command is
	// refused with the code and no operation is begun.
	able   func(connector.Capabilities) bool
	unable fault.Code
	// admit checks the payment as it is now and returns the amount to be moved. It
	// may return an Outcome instead, when the command was carried out before.
	admit func(ctx context.Context, p Payment) (money.Amount, *Outcome, error)
	// reserve marks the payment so that no rival is admitted meanwhile.
	reserve func(p *Payment, o Operation)
	// send asks the bank.
	send func(ctx context.Context, b *pos.Bank, f connector.FollowUp) (connector.Answer, error)
}

// followUp carries out a command about a payment that a bank approved. The
// payment is reserved by compare-and-set before the bank is asked, so of two
// rivals exactly one reaches the bank.
func (s *Service) followUp(ctx context.Context, f followUp) (Outcome, error) {
	ctx, cancel := detached(ctx)
	defer cancel()
	o, err := s.followOnce(ctx, f)
	s.answered(ctx, commandOf(f.kind), f.caller.Surface, o, err)
	return o, err
}

func (s *Service) followOnce(ctx context.Context, f followUp) (Outcome, error) {
	if replay, err := s.replayKey(ctx, f.caller); replay != nil || err != nil {
		return deref(replay), err
	}
	p, o, replay, err := s.reserve(ctx, f)
	if replay != nil || err != nil {
		return deref(replay), err
	}
	at, err := s.posByID(ctx, p.MerchantID, p.POSID)
	if err != nil {
		return s.conclude(ctx, p, o, verdictOf(connector.Answer{Outcome: connector.Unsent}, s.Clock.Now()), f.caller.Actor)
	}
	about := p.original(o)
	v := s.send(ctx, o, at, about, func(b *pos.Bank) (connector.Answer, error) {
		return f.send(ctx, b, connector.FollowUp{Kind: o.Kind, Reference: o.Reference, Amount: o.Amount, Original: about})
	})
	return s.conclude(ctx, p, o, v, f.caller.Actor)
}

// reserve makes the first commit of a follow-up, deciding again as often as the
// payment changes under it.
func (s *Service) reserve(ctx context.Context, f followUp) (Payment, Operation, *Outcome, error) {
	ctx, span := trace.Start(ctx, trace.StepBegin)
	defer span.End()
	span.Set(trace.Kind(f.kind))
	for try := range maxConflicts {
		p, err := s.Store.Payment(ctx, f.caller.MerchantID, f.payment)
		if err != nil {
			return Payment{}, Operation{}, nil, fmt.Errorf("read payment: %w", err)
		}
		amount, replay, err := f.admit(ctx, p)
		if replay != nil || err != nil {
			return Payment{}, Operation{}, replay, err
		}
		if err := s.checkAble(ctx, p, f); err != nil {
			return Payment{}, Operation{}, nil, err
		}
		o, err := s.newFollowUp(ctx, p, f, amount)
		if err != nil {
			return Payment{}, Operation{}, nil, err
		}
		f.reserve(&p, o)
		p.changed(o.StartedAt)
		err = s.Store.InTx(ctx, func(tx Tx) {
			if !f.caller.Key.IsZero() {
				tx.ClaimKey(idempotency.Record{
					MerchantID: p.MerchantID, Key: f.caller.Key, PaymentID: p.ID, AskID: o.ID, CreatedAt: o.StartedAt,
				})
			}
			tx.SavePayment(p)
			tx.InsertOperation(o)
		})
		switch {
		case err == nil:
			p.Version++
			return p, o, nil, nil
		case fault.CodeOf(err) == fault.IdempotencyKeyTaken:
			replay, err := s.replayKey(ctx, f.caller)
			return Payment{}, Operation{}, replay, err
		case fault.CodeOf(err) != fault.StaleVersion:
			return Payment{}, Operation{}, nil, fmt.Errorf("begin %s: %w", f.kind, err)
		case !pause(ctx, pauseAfter(err, try)):
			return Payment{}, Operation{}, nil, inProgress(fault.OperationInProgress, f.payment)
		}
	}
	return Payment{}, Operation{}, nil, inProgress(fault.OperationInProgress, f.payment)
}

// checkAble refuses what the payment's POS cannot do.
func (s *Service) checkAble(ctx context.Context, p Payment, f followUp) error {
	at, err := s.posByID(ctx, p.MerchantID, p.POSID)
	if err != nil {
		return fmt.Errorf("find POS of payment: %w", err)
	}
	bank, err := s.Banks.Bank(ctx, at)
	if err != nil {
		return fmt.Errorf("open POS of payment: %w", err)
	}
	if !f.able(bank.Capabilities()) {
		return wrongState(f.unable, "the bank of this payment cannot do that", p)
	}
	return nil
}

func (s *Service) newFollowUp(ctx context.Context, p Payment, f followUp, amount money.Amount) (Operation, error) {
	at, err := s.posByID(ctx, p.MerchantID, p.POSID)
	if err != nil {
		return Operation{}, fmt.Errorf("find POS of payment: %w", err)
	}
	o, err := s.newOperation(ctx, p, f.kind, f.caller.Actor, at)
	if err != nil {
		return Operation{}, err
	}
	operations, err := s.Store.Operations(ctx, p.MerchantID, p.ID)
	if err != nil {
		return Operation{}, fmt.Errorf("read operations of payment: %w", err)
	}
	for _, earlier := range operations {
		if earlier.Status == OperationApproved && (earlier.Kind == connector.Sale || earlier.Kind == connector.Authorize) {
			o.Original = earlier.Reference
		}
	}
	o.Amount = amount
	return o, nil
}

// original names, for a bank, the sale or pre-authorization that o follows.
func (p Payment) original(o Operation) connector.Original {
	if o.Original == "" {
		return connector.Original{}
	}
	return connector.Original{
		Reference:     o.Original,
		TransactionID: p.Result.TransactionID,
		HostReference: p.Result.HostReference,
		AuthCode:      p.Result.AuthCode,
		Amount:        p.charged(),
		At:            p.Result.At,
	}
}

func inProgress(code fault.Code, p id.UUID) error {
	return fault.New(fault.Conflict, code, "another operation of this payment is in progress").
		WithSubject(p.String()).WithRetryAfter(retryHint)
}

func wrongState(code fault.Code, message string, p Payment) error {
	return fault.New(fault.Conflict, code, message).WithSubject(p.UUID.String())
}
