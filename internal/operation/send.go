package operation

import (
	"context"
	"fmt"
	"log/slog"
	"time"

	"github.com/vezne/vezne/internal/connector"
	"github.com/vezne/vezne/internal/id"
	"github.com/vezne/vezne/internal/payment"
	"github.com/vezne/vezne/internal/pos"
)

// New returns an operation that is about to be sent to a POS.
func (s *Service) New(ctx context.Context, p payment.Payment, kind connector.Kind, actor string, at pos.POS) (payment.Operation, error) {
	operationID, err := id.Next[id.Operation](ctx, s.ids, id.NounOperation)
	if err != nil {
		return payment.Operation{}, fmt.Errorf("new operation id: %w", err)
	}
	now := s.clock.Now()
	return payment.Operation{
		ID: operationID, MerchantID: p.MerchantID, PaymentID: p.ID,
		AskID: operationID, Attempt: 1, Asked: kind, Kind: kind, POSID: at.ID,
		Reference: id.NewReference(now), Status: payment.OperationOpen,
		Result: payment.Result{Reason: connector.ResultUnknown, At: now},
		Actor:  actor, StartedAt: now,
		NextInquiry: FirstInquiry(now, at),
	}, nil
}

// FirstInquiry returns when the resolver may take up an operation that is sent to a
// POS at the time given: when its node must have ended, and not before.
func FirstInquiry(began time.Time, at pos.POS) time.Time {
	return began.Add(at.RequestLimit() + inquiryLimit + ResolverGrace)
}

// Send carries one request to a bank. No transaction is open meanwhile, and
// nothing here is ever repeated but the inquiry.
func (s *Service) Send(ctx context.Context, p payment.Payment, o payment.Operation, at pos.POS,
	request func(*pos.Bank) (connector.Answer, error),
) payment.Verdict {
	bank, err := s.banks.Bank(ctx, at)
	if err != nil {
		s.log.LogAttrs(ctx, slog.LevelError, "open POS", slog.Int64("pos", int64(at.ID)), slog.Any("error", err))
		return VerdictOf(connector.Answer{Outcome: connector.Unsent}, s.clock.Now())
	}
	if late := s.clock.Now().Sub(o.StartedAt); late > sendLimit {
		s.log.LogAttrs(ctx, slog.LevelWarn, "too late to send",
			slog.Int64("operation", int64(o.ID)), slog.String("kind", string(o.Kind)), slog.Duration("late", late))
		return VerdictOf(connector.Answer{Outcome: connector.Unsent}, s.clock.Now())
	}
	answer, err := request(bank)
	if err != nil {
		s.log.LogAttrs(ctx, slog.LevelWarn, "bank request without answer",
			slog.Int64("operation", int64(o.ID)), slog.String("kind", string(o.Kind)), slog.Any("error", err))
	}
	if answer.Outcome != connector.Unknown || unanswered != payment.OperationUnknown {
		return s.Verdict(ctx, o, answer)
	}
	return s.inquire(ctx, p, o, bank).Verdict
}

// SendFollowUp carries a capture, a void or a refund to the bank of its payment.
func (s *Service) SendFollowUp(ctx context.Context, p payment.Payment, o payment.Operation, at pos.POS) payment.Verdict {
	all, err := s.store.Operations(ctx, p.MerchantID, p.ID)
	if err != nil {
		return s.unsent(ctx, o, err)
	}
	about, err := s.original(ctx, p, o, all)
	if err != nil {
		return s.unsent(ctx, o, err)
	}
	f := connector.FollowUp{Kind: o.Kind, Reference: o.Reference, Amount: o.Amount, Original: about}
	return s.Send(ctx, p, o, at, func(b *pos.Bank) (connector.Answer, error) {
		switch o.Kind {
		case connector.Capture:
			return b.Capture(ctx, f)
		case connector.Void:
			return b.Void(ctx, f)
		case connector.Refund:
			return b.Refund(ctx, f)
		case connector.Sale, connector.Authorize:
		}
		panic("operation: " + string(o.Kind) + " is no follow-up")
	})
}

// unsent is the verdict about a request that could not even be made.
func (s *Service) unsent(ctx context.Context, o payment.Operation, why error) payment.Verdict {
	s.log.LogAttrs(ctx, slog.LevelError, "request not made", slog.Int64("operation", int64(o.ID)), slog.Any("error", why))
	return VerdictOf(connector.Answer{Outcome: connector.Unsent}, s.clock.Now())
}

// finding is what an inquiry made known.
type finding struct {
	payment.Verdict
	missing bool
}

// inquiry returns the question what became of an operation.
func (s *Service) inquiry(ctx context.Context, p payment.Payment, o payment.Operation) (connector.Inquiry, error) {
	q := connector.Inquiry{Kind: o.Kind, Reference: o.Reference, Order: p.OrderRef, Amount: o.Amount, At: o.StartedAt}
	var err error
	if o.Original == "" {
		q.Memo, err = s.OpenMemo(ctx, MemoSubject(o), o.SealedMemo)
		return q, err
	}
	all, err := s.store.Operations(ctx, p.MerchantID, p.ID)
	if err != nil {
		return connector.Inquiry{}, fmt.Errorf("read operations: %w", err)
	}
	q.Siblings = payment.Siblings(o, all)
	q.Original, err = s.original(ctx, p, o, all)
	return q, err
}

// inquire asks the bank what became of an operation.
func (s *Service) inquire(ctx context.Context, p payment.Payment, o payment.Operation, bank *pos.Bank) finding {
	ctx, cancel := context.WithTimeout(ctx, inquiryLimit)
	defer cancel()
	q, err := s.inquiry(ctx, p, o)
	var found connector.Finding
	if err == nil {
		found, err = bank.Inquire(ctx, q)
	}
	if err != nil {
		s.log.LogAttrs(ctx, slog.LevelWarn, "inquiry without answer",
			slog.Int64("operation", int64(o.ID)), slog.String("kind", string(o.Kind)), slog.Any("error", err))
		return finding{Verdict: VerdictOf(connector.Answer{}, s.clock.Now())}
	}
	if found.Missing {
		found.Outcome = connector.Unknown
	}
	v := s.Verdict(ctx, o, found.Answer)
	if found.Reversed && v.Status == payment.OperationApproved {
		v.Status = payment.OperationReversed
	}
	return finding{Verdict: v, missing: found.Missing}
}

// VerdictOf returns what a bank's answer makes known about an operation. Silence is
// unknown, whatever the connector calls its reason.
func VerdictOf(a connector.Answer, at time.Time) payment.Verdict {
	v := payment.Verdict{
		BankCode:    a.BankCode,
		BankMessage: a.BankMessage,
		Result: payment.Result{
			Reason:        a.Reason,
			TransactionID: a.TransactionID,
			HostReference: a.HostReference,
			AuthCode:      a.AuthCode,
			At:            at,
		},
	}
	switch a.Outcome {
	case connector.Approved:
		v.Status, v.Result.Reason = payment.OperationApproved, connector.Success
	case connector.Declined:
		v.Status, v.Result.AuthCode = payment.OperationDeclined, ""
		if a.Reason == "" || a.Reason == connector.Success {
			v.Result.Reason = connector.UnknownReason
		}
	case connector.Unsent:
		v.Status, v.Result.Reason = payment.OperationUnsent, connector.CommunicationOrSystemError
	case connector.Unknown:
		v.Status, v.Result.Reason = unanswered, connector.ResultUnknown
	}
	return v
}
