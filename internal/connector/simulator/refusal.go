package simulator

import "github.com/vezne/vezne/internal/connector"

// refusalOfOriginal says why a follow-up is refused, empty if it is not.
func (l *books) refusalOfOriginal(e *entry) connector.Reason {
	root := e.original.root()
	switch e.order.Kind {
	case connector.Capture:
		return l.refusalOfCapture(e, root)
	case connector.Void:
		return l.refusalOfVoid(e, root)
	case connector.Refund:
		return l.refusalOfRefund(e, root)
	case connector.Sale, connector.Authorize: // they are about no original
	}
	return connector.InvalidTransaction
}

func (l *books) refusalOfCapture(e, hold *entry) connector.Reason {
	switch {
	case e.original.order.Kind != connector.Authorize, hold.reversed, hold.capture != nil:
		return connector.InvalidTransaction
	case hold.captureFails != "":
		return hold.captureFails
	case e.order.Amount.Currency() != hold.order.Amount.Currency(),
		e.order.Amount.Cmp(l.rules.CaptureLimit(hold.order.Amount)) > 0:
		return connector.InvalidAmount
	}
	return ""
}

func (l *books) refusalOfVoid(e, root *entry) connector.Reason {
	switch k := e.original.order.Kind; {
	case k == connector.Void, k == connector.Refund:
		return connector.InvalidTransaction
	case root.reverseFails != "":
		return root.reverseFails
	case e.original.reversed, root.refunded > 0:
		return connector.MayHaveAlreadyRefunded
	case !l.rules.VoidAfterDayEnd && l.settled(root):
		return connector.AlreadySettled
	case l.rules.VoidLeavesHold && e.original == root && root.capture != nil:
		return connector.InvalidTransaction // its capture has to be voided before
	case e.order.Amount.Currency() != root.order.Amount.Currency(),
		e.order.Amount.Minor() != e.original.order.Amount.Minor() && e.order.Amount.Minor() != root.captured():
		return connector.InvalidAmount // a void is of the whole
	}
	return ""
}

func (l *books) refusalOfRefund(e, root *entry) connector.Reason {
	rest := root.captured() - root.refunded
	switch k := e.original.order.Kind; {
	case k == connector.Void, k == connector.Refund:
		return connector.InvalidRefundTransaction
	case root.reverseFails != "":
		return root.reverseFails
	case root.reversed, e.original.reversed:
		return connector.MayHaveAlreadyRefunded
	case root.captured() == 0:
		return connector.InvalidRefundTransaction
	case !l.rules.RefundBeforeDayEnd && !l.settled(root):
		return connector.RequiresDayEnd
	case rest == 0:
		return connector.MayHaveAlreadyRefunded
	case e.order.Amount.Currency() != root.order.Amount.Currency(), e.order.Amount.Minor() > rest:
		return connector.InvalidAmount
	}
	return ""
}

// settled reports whether the money of a sale or a hold was taken on a day that
// has ended. A hold of which nothing was taken is never settled.
func (l *books) settled(root *entry) bool {
	switch {
	case root.capture != nil:
		return root.capture.day < l.day
	case root.order.Kind == connector.Sale:
		return root.day < l.day
	}
	return false
}
