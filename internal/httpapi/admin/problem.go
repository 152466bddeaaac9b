package admin

import (
	"net/http"

	"golang.org/x/text/language"

	"github.com/vezne/vezne/internal/fault"
	"github.com/vezne/vezne/internal/httpapi/kit"
)

// problem is the body of every error: problem details (RFC 9457) of the type
// about:blank, told apart by our own member code.
type problem struct {
	Type      string         `json:"type"`
	Title     string         `json:"title"`
	Status    int            `json:"status"`
	Detail    string         `json:"detail"`
	Code      string         `json:"code"`
	Errors    []problemField `json:"errors"`
	RequestID string         `json:"request_id"`
	PaymentID *string        `json:"payment_id"`
}

type problemField struct {
	Field   string `json:"field"`
	Code    string `json:"code"`
	Message string `json:"message"`
}

func (s *surface) form(f *fault.Error, requestID string, lang language.Tag) kit.Response {
	status := kit.Status(f.Kind)
	p := problem{
		Type: "about:blank", Title: http.StatusText(status), Status: status,
		Detail: s.kit.Catalogue().Fault(lang, f.Code), Code: string(f.Code),
		Errors: make([]problemField, 0, len(f.Fields)), RequestID: requestID, PaymentID: kit.TextOrNull(f.Subject),
	}
	switch f.Code {
	// The code alone does not say what is right, or what the limit of the route is.
	case fault.ValidationError, fault.UnsupportedMediaType, fault.BodyTooLarge:
		p.Detail = f.Message
	}
	for _, w := range f.Fields {
		p.Errors = append(p.Errors, problemField{Field: w.Name, Code: string(w.Code), Message: w.Message})
	}
	return kit.Response{Body: p, MediaType: "application/problem+json"}
}
