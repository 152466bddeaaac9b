package gateway

import (
	"errors"

	"golang.org/x/text/language"

	"github.com/vezne/vezne/internal/charge"
	"github.com/vezne/vezne/internal/fault"
	"github.com/vezne/vezne/internal/httpapi/kit"
	"github.com/vezne/vezne/internal/money"
)

// problem is the body of every error. It has no member "status", so that no
// client can take an error for a payment.
type problem struct {
	ResultCode    string         `json:"resultCode"`
	ResultMessage string         `json:"resultMessage"`
	Errors        []problemField `json:"errors"`
	RequestID     string         `json:"requestId"`
	PaymentID     *string        `json:"paymentId"`
	// TotalAmount is what the payment costs, where that is what is wrong.
	TotalAmount *money.Amount `json:"totalAmount,omitzero"`
}

type problemField struct {
	Field   string `json:"field"`
	Code    string `json:"code"`
	Message string `json:"message"`
}

func (s *surface) form(f *fault.Error, requestID string, lang language.Tag) kit.Response {
	p := problem{
		ResultCode:    string(f.Code),
		ResultMessage: s.message(f, lang),
		Errors:        make([]problemField, 0, len(f.Fields)),
		RequestID:     requestID,
		PaymentID:     kit.TextOrNull(f.Subject),
	}
	if changed, ok := errors.AsType[*charge.TotalChangedError](f); ok {
		p.TotalAmount = &changed.Total
	}
	for _, w := range f.Fields {
		p.Errors = append(p.Errors, problemField{Field: w.Name, Code: string(w.Code), Message: w.Message})
	}
	return kit.Response{Body: p}
}

// message is what a person reads. Wrong fields are told in English, the language
// of their names. Who is not known, and what is not there, is told in one text
// each, so that the text gives nothing away.
func (s *surface) message(f *fault.Error, lang language.Tag) string {
	switch {
	case f.Code == fault.ValidationError, f.Code == fault.MalformedJSON && len(f.Fields) > 0:
		return f.Message
	case lang != language.English, f.Message == "":
		return s.kit.Catalogue().Fault(lang, f.Code)
	}
	switch f.Kind {
	case fault.Internal, fault.Unavailable, fault.Unauthenticated, fault.NotFound:
		return s.kit.Catalogue().Fault(lang, f.Code)
	case fault.Invalid, fault.Forbidden, fault.MethodNotAllowed, fault.Conflict, fault.Gone, fault.TooLarge,
		fault.UnsupportedMedia, fault.Unprocessable, fault.RateLimited, fault.PreconditionFailed, fault.PreconditionRequired:
	}
	return f.Message
}
