package payment

import (
	"context"

	"github.com/vezne/vezne/internal/connector"
	"github.com/vezne/vezne/internal/fault"
	"github.com/vezne/vezne/internal/id"
	"github.com/vezne/vezne/internal/trace"
)

// Command names what a Service was asked to do.
type Command string

// The commands.
const (
	CommandPay      Command = "pay"
	CommandEnrol    Command = "enrol"
	CommandComplete Command = "complete"
	CommandCapture  Command = "capture"
	CommandVoid     Command = "void"
	CommandRefund   Command = "refund"
)

// Ending is how a command was answered.
type Ending string

// The endings.
const (
	EndedApproved Ending = "approved"
	EndedDeclined Ending = "declined"
	// EndedPending: the bank's answer is not known yet.
	EndedPending Ending = "pending"
	// EndedEnrolled: the payer is sent to the bank.
	EndedEnrolled Ending = "enrolled"
	// EndedReplayed: the answer of an earlier, equal command was given again.
	EndedReplayed Ending = "replayed"
	// EndedRefused: the command broke a rule, and no bank was asked.
	EndedRefused Ending = "refused"
	// EndedFailed: something of ours did not work.
	EndedFailed Ending = "failed"
)

// NoConnector is the connector of an Answered for which no bank was chosen.
const NoConnector = "none"

// Answered says how a command was answered. Every member comes from a closed
// set, so that it can be counted by them.
type Answered struct {
	Surface   Surface
	Command   Command
	Connector string
	Ending    Ending
}

// Resolution is what an inquiry of the resolver led to.
type Resolution string

// The resolutions.
const (
	ResolvedApproved Resolution = "approved"
	ResolvedDeclined Resolution = "declined"
	ResolvedReversed Resolution = "reversed"
	// ResolvedMissing: the bank has no record of the request, long after it must.
	ResolvedMissing Resolution = "missing"
	// ResolvedNot: the bank does not know yet, and is asked again.
	ResolvedNot Resolution = "unknown"
	// ResolutionFailed: the bank could not be asked, or its answer not stored.
	ResolutionFailed Resolution = "failed"
)

// Resolved says what became of one operation in a round of the resolver.
type Resolved struct {
	Connector  string
	Resolution Resolution
}

// step begins a step of a payment.
func (*Service) step(ctx context.Context, name trace.Step, p *Payment) (context.Context, trace.Span) {
	ctx, span := trace.Start(ctx, name)
	if span.On() {
		span.Set(trace.Merchant(p.MerchantID))
		span.Set(trace.Payment(p.UUID))
	}
	return ctx, span
}

// answered tells OnAnswer how a command ended.
func (s *Service) answered(ctx context.Context, c Command, from Surface, o Outcome, err error) {
	if s.OnAnswer == nil {
		return
	}
	s.OnAnswer(Answered{
		Surface: from, Command: c, Connector: s.connectorOf(ctx, o.Payment.MerchantID, o.Payment.POSID), Ending: endingOf(o, err),
	})
}

func endingOf(o Outcome, err error) Ending {
	if err != nil {
		if kind := fault.KindOf(err); kind == fault.Internal || kind == fault.Unavailable {
			return EndedFailed
		}
		return EndedRefused
	}
	switch {
	case o.Replayed:
		return EndedReplayed
	case o.Payment.State == Enrolled:
		return EndedEnrolled
	case o.Operation.Status == OperationApproved:
		return EndedApproved
	case o.Operation.Status == OperationOpen, o.Operation.Status == OperationUnknown:
		return EndedPending
	}
	return EndedDeclined
}

// connectorOf returns the connector of a POS, NoConnector if none was chosen or
// the merchant has no such POS any more.
func (s *Service) connectorOf(ctx context.Context, m id.Merchant, p id.POS) string {
	if p == 0 {
		return NoConnector
	}
	at, err := s.posByID(ctx, m, p)
	if err != nil {
		return NoConnector
	}
	return at.Connector
}

// commandOf names the command of a follow-up.
func commandOf(k connector.Kind) Command { return Command(k) }

// resolved tells OnResolve what a round of the resolver made of an operation.
func (s *Service) resolved(ctx context.Context, o Operation, r Resolution) {
	if s.OnResolve != nil {
		s.OnResolve(Resolved{Connector: s.connectorOf(ctx, o.MerchantID, o.POSID), Resolution: r})
	}
}

// resolutionOf names a finding that settles the operation.
func resolutionOf(st Status) Resolution {
	switch st {
	case OperationApproved:
		return ResolvedApproved
	case OperationReversed:
		return ResolvedReversed
	case OperationDeclined, OperationUnsent:
		return ResolvedDeclined
	case OperationOpen, OperationEnrolled, OperationUnknown:
	}
	return ResolvedNot
}
