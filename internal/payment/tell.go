package payment

import (
	"github.com/vezne/vezne/internal/connector"
	"github.com/vezne/vezne/internal/money"
)

// FirstCommission is the commission on what the payment itself charged or held.
// Commission is that of a capture, once there was one, and a capture of a part
// lowers it.
func (p Payment) FirstCommission() money.Amount {
	commission := p.Commission
	if p.Phase == PhasePreAuthorization {
		commission = p.CommissionRate.Of(p.Authorized)
	}
	return commission.Or(p.Paid.Currency())
}

// TakenOfHold returns what was captured of a hold and the commission on it; false
// if the payment is no hold, or nothing was captured yet.
func (p Payment) TakenOfHold() (amount, commission money.Amount, taken bool) {
	if p.Phase != PhasePreAuthorization || !p.Captured.IsPositive() {
		return money.Amount{}, money.Amount{}, false
	}
	return p.Captured, p.Commission.Or(p.Paid.Currency()), true
}

// CommissionOf returns the commission on an operation that followed the payment
// up: a capture that was approved costs the payment's, and nothing else costs any.
func (p Payment) CommissionOf(o Operation) money.Amount {
	if o.Kind == connector.Capture && o.Status == OperationApproved {
		return p.Commission.Or(p.Paid.Currency())
	}
	return money.Zero(p.Paid.Currency())
}

// KnownReason names how the payment ended, and ResultUnknown while it is not known
// what the bank took.
func (p Payment) KnownReason() connector.Reason {
	if p.State == Pending || p.Unclear {
		return connector.ResultUnknown
	}
	return p.Result.Reason
}

// FailureReason names why a payment failed, never with the reason of a success: a
// hold that was granted and then lapsed keeps its first result.
func (p Payment) FailureReason() connector.Reason {
	if p.State == Expired && succeeded(p.Result.Reason) {
		return connector.ExpiredProvision
	}
	return failure(p.Result.Reason)
}

// FailureReason names why an operation failed, never with the reason of a success:
// one that was reversed keeps its first result.
func (o Operation) FailureReason() connector.Reason { return failure(o.Result.Reason) }

func failure(r connector.Reason) connector.Reason {
	if succeeded(r) {
		return connector.UnknownReason
	}
	return r
}

// succeeded reports whether a reason tells of no failure.
func succeeded(r connector.Reason) bool { return r == "" || r == connector.Success }
