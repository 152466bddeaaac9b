package gateway

import (
	"context"

	"golang.org/x/text/language"

	"github.com/vezne/vezne/internal/connector"
	"github.com/vezne/vezne/internal/fault"
	"github.com/vezne/vezne/internal/httpapi/kit"
	"github.com/vezne/vezne/internal/installment"
	"github.com/vezne/vezne/internal/money"
	"github.com/vezne/vezne/internal/payment"
	"github.com/vezne/vezne/internal/threeds"
)

const (
	// maxInstallments bounds a count before anybody looks for its plan.
	maxInstallments = 99
	// maxSecurityKey is longer than any key that we make, in characters.
	maxSecurityKey = 256
)

// apiEnrolment answers POST /api/3ds (gateway API, section 7.2), with what the payer
// will be charged.
type apiEnrolment struct {
	PaymentID     string       `json:"paymentId"`
	Success       bool         `json:"success"`
	ResultCode    string       `json:"resultCode"`
	ResultMessage string       `json:"resultMessage"`
	HTMLContent   *string      `json:"htmlContent"`
	TotalAmount   money.Amount `json:"totalAmount"`
	Currency      string       `json:"currency"`
}

// enrol answers POST /api/3ds.
func (s *surface) enrol(ctx context.Context, r *request) (kit.Response, error) {
	c, err := s.readEnrol(r)
	if err != nil {
		return kit.Response{}, err
	}
	e, err := s.threeDS.Enrol(ctx, c)
	if err != nil {
		return kit.Response{}, err
	}
	v, err := s.enrolmentView(e, r.Language)
	if err != nil {
		return kit.Response{}, err
	}
	return replayed(kit.OK(v), e.Replayed), nil
}

// readEnrol reads the fields of section 7.1.
func (s *surface) readEnrol(r *request) (threeds.Enrol, error) {
	b := r.Body
	c := threeds.Enrol{Pay: readCharge(r, s.kit.Clock().Now()), Language: r.Language.String()}
	c.Phase = payment.PhaseSale
	if b.Has("installmentCount") {
		c.Installments, _ = b.Int("installmentCount", 1, maxInstallments)
	}
	c.InterestPayer = readPayer(b)
	c.ExpectedTotal = b.OptionalAmount("expectedTotal", c.Price.Currency())
	c.SuccessURL = s.readURL(b, "successUrl")
	c.FailureURL = s.readURL(b, "failureUrl")
	return c, b.Err()
}

// readPayer reads who bears the interest: the merchant, unless told otherwise.
func readPayer(b *kit.Object) installment.InterestPayer {
	if b.OptionalBool("interestPaidByCustomer", false) {
		return installment.PaidByCustomer
	}
	return installment.PaidByMerchant
}

// readURL reads an address to which a payer's browser is sent (section 12.18).
func (s *surface) readURL(b *kit.Object, name string) string {
	raw, ok := b.String(name)
	if !ok {
		return ""
	}
	if err := s.urls.Check(raw); err != nil {
		b.RejectAs(fault.URLNotAllowed, fault.Field{Name: name, Code: fault.FieldInvalid, Message: err.Error()})
		return ""
	}
	return raw
}

func (s *surface) enrolmentView(e threeds.Enrolment, lang language.Tag) (apiEnrolment, error) {
	v := apiEnrolment{
		PaymentID: e.Payment.UUID.String(), Success: e.Form.Action != "",
		TotalAmount: e.Payment.Paid, Currency: e.Payment.Paid.Currency().String(),
	}
	reason := e.Payment.Result.Reason
	if v.Success {
		reason = connector.Success
		form := kit.AutoForm{Action: e.Form.Action, Label: toBank(lang)}
		for _, f := range e.Form.Fields {
			form.Fields = append(form.Fields, kit.FormField{Name: f.Name, Value: f.Value})
		}
		html, err := form.HTML("")
		if err != nil {
			return apiEnrolment{}, err
		}
		text := string(html)
		v.HTMLContent = &text
	}
	v.ResultCode, v.ResultMessage = string(reason), s.kit.Catalogue().Reason(lang, string(reason))
	return v, nil
}

// toBank is what the button of htmlContent says.
func toBank(lang language.Tag) string {
	switch lang {
	case language.Turkish:
		return "Bankanıza gidin"
	case language.Arabic:
		return "المتابعة إلى البنك"
	case language.Russian:
		return "Перейти в банк"
	case language.German:
		return "Weiter zur Bank"
	case language.French:
		return "Continuer vers la banque"
	}
	return "Continue to your bank"
}

// complete answers POST /api/3ds/{paymentId}/complete.
func (s *surface) complete(ctx context.Context, r *request) (kit.Response, error) {
	u, err := r.UUID("paymentId")
	if err != nil {
		return kit.Response{}, err
	}
	key, _ := r.Body.PrivateText("securityKey", 1, maxSecurityKey)
	if err := r.Body.Err(); err != nil {
		return kit.Response{}, err
	}
	o, err := s.threeDS.Complete(ctx, threeds.Complete{Caller: caller(r), PaymentID: u, SecurityKey: key})
	if err != nil {
		return kit.Response{}, err
	}
	return replayed(kit.OK(s.view(o.Payment, endingOf(o.Payment), r.Language)), o.Replayed), nil
}
