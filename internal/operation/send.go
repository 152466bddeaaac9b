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
		AskID: operationID, Attempt: 1, Kind: kind, POSID: at.ID,
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
func (s *Service) Send(ctx context.Context, o payment.Operation, at pos.POS, about connector.Original,
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
		return VerdictOf(answer, s.clock.Now())
	}
	return s.inquire(ctx, o, bank, about).Verdict
}

// finding is what an inquiry made known.
type finding struct {
	payment.Verdict
	missing bool
}

// inquire asks the bank what became of an operation.
func (s *Service) inquire(ctx context.Context, o payment.Operation, bank *pos.Bank, about connector.Original) finding {
	ctx, cancel := context.WithTimeout(ctx, inquiryLimit)
	defer cancel()
	found, err := bank.Inquire(ctx, connector.Inquiry{
		Kind: o.Kind, Reference: o.Reference, Amount: o.Amount, At: o.StartedAt, Original: about,
	})
	if err != nil {
		s.log.LogAttrs(ctx, slog.LevelWarn, "inquiry without answer",
			slog.Int64("operation", int64(o.ID)), slog.String("kind", string(o.Kind)), slog.Any("error", err))
		return finding{Verdict: VerdictOf(connector.Answer{}, s.clock.Now())}
	}
	if found.Missing {
		found.Outcome = connector.Unknown
	}
	v := VerdictOf(found.Answer, s.clock.Now())
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
