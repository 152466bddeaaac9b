package payment

import (
	"time"

	"github.com/vezne/vezne/internal/connector"
)

// Undoing is how a bank lets money that it took be given back as a whole.
type Undoing struct {
	Rules connector.Rules
	Can   connector.Capabilities
}

// First returns what is undone with: a void while the bank's day is open, else a
// refund. taken is the charge, or the capture of a hold; a hold itself has taken
// nothing that could be refunded.
func (u Undoing) First(taken Operation, now time.Time) connector.Kind {
	open := u.Rules.VoidAfterDayEnd || u.Rules.Day.Open(taken.StartedAt, now)
	if taken.Kind == connector.Authorize || !u.Can.Refund || (open && u.Can.Void) {
		return connector.Void
	}
	return connector.Refund
}

// Way returns what an operation that undoes all that was taken goes to the bank as.
// Merchants ask for a void or a refund, and the bank's day decides which of the two
// there is: a refund becomes a void only where the bank is known to give nothing back
// on the day on which it took it.
func (u Undoing) Way(o Operation, all []Operation) connector.Kind {
	taken := Taken(o, all)
	switch {
	case taken == nil:
		return o.Kind
	case o.Kind == connector.Void:
		return u.First(*taken, o.StartedAt)
	}
	day := u.Rules.Day
	if !u.Rules.RefundBeforeDayEnd && u.Can.Void && day.Known() && day.Open(taken.StartedAt, o.StartedAt) {
		return connector.Void
	}
	return connector.Refund
}

// Instead returns what is tried once the bank has refused the one by its own clock,
// which counts and not ours: the other one, or nothing. An unknown outcome turns
// nothing, for the money may be back already.
func (u Undoing) Instead(taken, tried Operation) (connector.Kind, bool) {
	if taken.Kind == connector.Authorize || tried.Status != OperationDeclined {
		return "", false
	}
	switch {
	case tried.Kind == connector.Void && tried.Result.Reason == connector.AlreadySettled:
		return connector.Refund, u.Can.Refund
	case tried.Kind == connector.Refund && tried.Result.Reason == connector.RequiresDayEnd:
		return connector.Void, u.Can.Void
	}
	return "", false
}
