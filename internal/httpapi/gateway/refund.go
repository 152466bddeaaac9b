package gateway

import (
	"strconv"
	"time"

	"github.com/vezne/vezne/internal/id"
	"github.com/vezne/vezne/internal/money"
	"github.com/vezne/vezne/internal/payment"
)

// apiPaymentDetail is apiPaymentState for someone who asks for one payment.
type apiPaymentDetail struct {
	apiPaymentState `json:",inline"`
	Kind            string      `json:"kind"`
	Refunds         []apiRefund `json:"refunds"`
}

// apiRefunded answers a refund.
type apiRefunded struct {
	apiPaymentState `json:",inline"`
	RefundID        string `json:"refundId"`
}

// apiRefund is one of a payment's refunds. It is no payment, so its status is that of
// the giving back alone.
type apiRefund struct {
	RefundID  string       `json:"refundId"`
	Amount    money.Amount `json:"amount"`
	Status    string       `json:"status"`
	CreatedAt string       `json:"createdAt"`
}

// refundID is what merchants know a refund by: the number of its ask, as a text, like
// every id of this API.
func refundID(ask id.Operation) string { return strconv.FormatInt(int64(ask), 10) }

func viewRefunds(refunds []payment.Refund) []apiRefund {
	all := make([]apiRefund, 0, len(refunds))
	for _, r := range refunds {
		all = append(all, apiRefund{
			RefundID: refundID(r.ID), Amount: r.Amount, Status: statusOfOperation(r.Status),
			CreatedAt: r.AskedAt.UTC().Format(time.RFC3339),
		})
	}
	return all
}

// kindOf is whether the payment took the money at once or held it first.
func kindOf(p payment.Phase) string {
	if p == payment.PhasePreAuthorization {
		return "PRE_AUTHORIZATION"
	}
	return "SALE"
}
