package payment

import (
	"github.com/vezne/vezne/internal/connector"
	"github.com/vezne/vezne/internal/id"
	"github.com/vezne/vezne/internal/job"
)

// The events that a merchant can be told of, as kinds of outbox jobs.
const (
	EventAuthorized    job.Kind = "payment.authorized"
	EventCaptured      job.Kind = "payment.captured"
	EventDeclined      job.Kind = "payment.declined"
	EventCaptureFailed job.Kind = "payment.capture_failed"
	EventVoided        job.Kind = "payment.voided"
	EventVoidFailed    job.Kind = "payment.void_failed"
	EventRefunded      job.Kind = "payment.refunded"
	EventRefundFailed  job.Kind = "payment.refund_failed"
	// EventUnknown says that a bank has not told the outcome of an operation for so
	// long that a person has to find it out. The event of the outcome follows.
	EventUnknown job.Kind = "payment.unknown"
	// EventExpired says that a pre-authorization ended unused.
	EventExpired job.Kind = "payment.expired"
)

// Event returns the event that a final operation means.
func (o Operation) Event() job.Kind {
	approved := o.Status == OperationApproved
	switch o.Kind {
	case connector.Sale, connector.Authorize:
		if !approved {
			return EventDeclined
		}
		if o.Kind == connector.Authorize {
			return EventAuthorized
		}
		return EventCaptured
	case connector.Capture:
		if approved {
			return EventCaptured
		}
		return EventCaptureFailed
	case connector.Void:
		if approved {
			return EventVoided
		}
		return EventVoidFailed
	case connector.Refund:
		if approved {
			return EventRefunded
		}
		return EventRefundFailed
	}
	panic("payment: operation of unknown kind " + string(o.Kind))
}

// Events returns the events of payments that merchants can be told of.
func Events() []job.Kind {
	return []job.Kind{
		EventAuthorized, EventCaptured, EventDeclined, EventCaptureFailed, EventVoided, EventVoidFailed, EventRefunded, EventRefundFailed,
		EventUnknown, EventExpired,
	}
}

// Subject is what jobs about a payment have as their subject, so that they run one
// after the other.
func Subject(u id.UUID) string { return "payment:" + u.String() }
