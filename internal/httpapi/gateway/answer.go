package gateway

import (
	"strings"
	"time"

	"golang.org/x/text/language"

	"github.com/vezne/vezne/internal/connector"
	"github.com/vezne/vezne/internal/httpapi/kit"
	"github.com/vezne/vezne/internal/money"
	"github.com/vezne/vezne/internal/payment"
)

// The statuses of an answer (gateway API, section 10).
const (
	statusSuccess  = "SUCCESS"
	statusFailed   = "FAILED"
	statusEnrolled = "ENROLLED"
	statusPending  = "PENDING"
)

// apiPayment is ApiPaymentResponse: 19 members, always all of them, in this
// order (gateway API, section 3).
type apiPayment struct {
	PaymentID             *string      `json:"paymentId"`
	OrderID               string       `json:"orderId"`
	Amount                money.Amount `json:"amount"`
	InstallmentCount      int          `json:"installmentCount"`
	Currency              string       `json:"currency"`
	MerchantCommission    money.Amount `json:"merchantCommission"`
	Status                string       `json:"status"`
	PaymentDate           string       `json:"paymentDate"`
	CardHolderName        *string      `json:"cardHolderName"`
	PAN                   *string      `json:"pan"`
	DomInt                *string      `json:"domInt"`
	CardScheme            *string      `json:"cardScheme"`
	CardType              *string      `json:"cardType"`
	LoyaltyCode           *string      `json:"loyaltyCode"`
	ExternalTransactionID *string      `json:"externalTransactionId"`
	AuthCode              *string      `json:"authCode"`
	ResultCode            string       `json:"resultCode"`
	ResultMessage         string       `json:"resultMessage"`
	CustomerID            *string      `json:"customerId"`
}

// apiPaymentState is apiPayment with what became of the money since.
type apiPaymentState struct {
	apiPayment     `json:",inline"`
	CapturedAmount money.Amount `json:"capturedAmount"`
	RefundedAmount money.Amount `json:"refundedAmount"`
	Voided         bool         `json:"voided"`
}

type apiPage struct {
	Payments []apiPaymentState `json:"payments"`
	Next     *string           `json:"next"`
}

// ending is how the thing that an answer speaks of ended.
type ending struct {
	status string
	result payment.Result
	at     time.Time
	amount money.Amount
	// commission is zero unless money was charged.
	commission money.Amount
}

// view writes an answer about a payment in a language.
func (s *surface) view(p payment.Payment, e ending, lang language.Tag) apiPayment {
	v := apiPayment{
		OrderID:            p.OrderRef,
		Amount:             e.amount,
		InstallmentCount:   p.Installments,
		Currency:           p.Paid.Currency().String(),
		MerchantCommission: e.commission,
		Status:             e.status,
		PaymentDate:        e.at.UTC().Format(time.RFC3339),
		CardHolderName:     kit.TextOrNull(p.Card.Holder),
		PAN:                kit.TextOrNull(p.Card.Masked),
		DomInt:             domInt(p.Card),
		CardScheme:         kit.TextOrNull(string(p.Card.Scheme)),
		CardType:           kit.TextOrNull(string(p.Card.Type)),
		LoyaltyCode:        kit.TextOrNull(loyaltyCode(p.Card.Program)),
		ResultCode:         string(e.result.Reason),
		ResultMessage:      s.kit.Catalogue().Reason(lang, string(e.result.Reason)),
		CustomerID:         kit.TextOrNull(p.CustomerRef),
	}
	if !p.UUID.IsZero() { // a checkout that nobody has paid yet has no payment
		v.PaymentID = kit.TextOrNull(p.UUID.String())
	}
	v.ExternalTransactionID = kit.TextOrNull(e.result.TransactionID)
	if e.status == statusSuccess {
		v.AuthCode = kit.TextOrNull(e.result.AuthCode)
	}
	return v
}

func (s *surface) state(p payment.Payment, e ending, lang language.Tag) apiPaymentState {
	return apiPaymentState{
		apiPayment:     s.view(p, e, lang),
		CapturedAmount: p.Captured.Or(p.Paid.Currency()),
		RefundedAmount: p.Refunded.Or(p.Paid.Currency()),
		Voided:         p.State == payment.Voided,
	}
}

// endingOf tells how the payment itself ended. What happened to its money later
// does not change that.
func endingOf(p payment.Payment) ending {
	e := ending{
		status: statusNow(p), result: p.Result, at: p.Result.At, amount: p.Paid,
		commission: money.Zero(p.Paid.Currency()),
	}
	switch e.status {
	case statusSuccess:
		e.commission = p.FirstCommission()
	case statusPending:
		e.result = payment.Result{Reason: connector.ResultUnknown}
	case statusEnrolled:
		e.result = payment.Result{Reason: connector.Awaiting3DS}
	case statusFailed:
		e.result.Reason = p.FailureReason()
	}
	if e.at.IsZero() {
		e.at = p.CreatedAt
	}
	return e
}

// nowOf is endingOf for someone who asks later: a pre-authorization of which
// some was taken is told with the amount that was taken.
func nowOf(p payment.Payment) ending {
	e := endingOf(p)
	if amount, commission, taken := p.TakenOfHold(); taken {
		e.amount, e.commission = amount, commission
	}
	return e
}

// endingOfOperation tells how a capture, void or refund ended; when no bank was
// asked there is only the payment to tell about.
func endingOfOperation(o payment.Outcome) ending {
	p, op := o.Payment, o.Operation
	if op.ID == 0 {
		return nowOf(p)
	}
	e := ending{
		status: statusOfOperation(op.Status), result: op.Result, at: op.Result.At, amount: op.Amount,
		commission: p.CommissionOf(op),
	}
	switch e.status {
	case statusFailed:
		e.result.Reason = op.FailureReason()
	case statusPending:
		e.result = payment.Result{Reason: connector.ResultUnknown}
	}
	if e.at.IsZero() {
		e.at = op.StartedAt
	}
	return e
}

// statusNow is PENDING also while it is not known whether a payment that ended without
// money has taken some.
func statusNow(p payment.Payment) string {
	if p.Unclear {
		return statusPending
	}
	return statusOf(p.State)
}

func statusOfOperation(s payment.Status) string {
	switch s {
	case payment.OperationApproved:
		return statusSuccess
	case payment.OperationDeclined, payment.OperationUnsent, payment.OperationReversed:
		return statusFailed
	case payment.OperationOpen, payment.OperationUnknown, payment.OperationEnrolled:
	}
	return statusPending
}

func statusOf(s payment.State) string {
	switch s {
	case payment.Pending:
		return statusPending
	case payment.Enrolled, payment.Authenticated:
		return statusEnrolled
	case payment.Declined, payment.Expired:
		return statusFailed
	case payment.Authorized, payment.Captured, payment.PartiallyRefunded, payment.Refunded, payment.Voided:
		return statusSuccess
	}
	return statusPending
}

// statesOf is the inverse of statusOf, for the list's filter.
func statesOf(status string) []payment.State {
	var out []payment.State
	for _, s := range payment.States() {
		if statusOf(s) == status {
			out = append(out, s)
		}
	}
	return out
}

func domInt(c payment.Instrument) *string {
	switch {
	case !c.Known:
		return nil
	case c.Domestic:
		return kit.TextOrNull("DOM")
	}
	return kit.TextOrNull("INT")
}

// loyaltyCode is the program's name in capitals. A program whose name on the
// card is longer than the one that merchants know is listed here.
func loyaltyCode(program string) string {
	if program == "Bankkart Combo" {
		return "BANKKART"
	}
	return strings.ReplaceAll(strings.ToUpper(program), " ", "_")
}

// replayed marks an answer that was given before.
func replayed(r kit.Response, was bool) kit.Response {
	if !was {
		return r
	}
	return r.WithHeader("Idempotent-Replayed", "true")
}
