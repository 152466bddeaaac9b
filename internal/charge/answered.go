package charge

import (
	"context"

	"github.com/vezne/vezne/internal/connector"
	"github.com/vezne/vezne/internal/fault"
	"github.com/vezne/vezne/internal/payment"
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

// Answered says how a command was answered. Every member comes from a closed
// set, so that it can be counted by them.
type Answered struct {
	Surface   payment.Surface
	Command   Command
	Connector string
	Ending    Ending
}

// Report tells OnAnswer how a command ended.
func (s *Service) Report(ctx context.Context, c Command, from payment.Surface, o payment.Outcome, err error) {
	if s.onAnswer == nil {
		return
	}
	s.onAnswer(Answered{
		Surface: from, Command: c, Connector: s.operations.ConnectorOf(ctx, o.Payment.MerchantID, o.Payment.POSID), Ending: endingOf(o, err),
	})
}

func endingOf(o payment.Outcome, err error) Ending {
	if err != nil {
		if kind := fault.KindOf(err); kind == fault.Internal || kind == fault.Unavailable {
			return EndedFailed
		}
		return EndedRefused
	}
	switch {
	case o.Replayed:
		return EndedReplayed
	case o.Payment.State == payment.Enrolled:
		return EndedEnrolled
	case o.Operation.Status == payment.OperationApproved:
		return EndedApproved
	case o.Operation.Status == payment.OperationOpen, o.Operation.Status == payment.OperationUnknown:
		return EndedPending
	}
	return EndedDeclined
}

// commandOf names the command of a follow-up.
func commandOf(k connector.Kind) Command { return Command(k) }
