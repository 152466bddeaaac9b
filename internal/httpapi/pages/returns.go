package pages

import (
	"context"
	"embed"
	"errors"
	"fmt"
	"html/template"
	"io"
	"mime"
	"net/http"
	"net/url"

	"github.com/go-json-experiment/json"
	"golang.org/x/text/language"

	"github.com/vezne/vezne/internal/connector"
	"github.com/vezne/vezne/internal/egress"
	"github.com/vezne/vezne/internal/fault"
	"github.com/vezne/vezne/internal/httpapi/kit"
	"github.com/vezne/vezne/internal/threeds"
)

// ReturnsPrefix is where banks send payers back to.
const ReturnsPrefix = "/3ds/"

const returnsPattern = "/3ds/{connector}/{session}"

//go:embed returns.html returns.json
var returnFiles embed.FS

// Returner takes payers to banks and back.
type Returner interface {
	Return(ctx context.Context, r threeds.Return) (threeds.Returned, error)
	// Way returns how the payer of a session gets to the bank.
	Way(ctx context.Context, connector, session string) (connector.Way, error)
}

// returnText is what the pages say in one language.
type returnText struct {
	BackTitle    string `json:"back_title"`
	Back         string `json:"back"`
	GoOn         string `json:"go_on"`
	UnknownTitle string `json:"unknown_title"`
	Unknown      string `json:"unknown"`
	RefusedTitle string `json:"refused_title"`
	Refused      string `json:"refused"`
	BrokenTitle  string `json:"broken_title"`
	Broken       string `json:"broken"`
	WaitsTitle   string `json:"waits_title"`
	Waits        string `json:"waits"`
	VisitTitle   string `json:"visit_title"`
	Visit        string `json:"visit"`
	Reference    string `json:"reference"`
}

type returns struct {
	kit      *kit.Kit
	payments Returner
	urls     egress.Policy
	page     *template.Template
	texts    map[string]returnText
}

// Returns is the public side of 3-D Secure, to be mounted at ReturnsPrefix: the
// addresses to which banks send payers back. A return that was verified becomes a
// page that takes the payer's browser on to the merchant by POST; everything else
// becomes a page that says what to do. It proves nobody: what it believes is for
// the domain to verify. The policy judges a merchant's address again before a
// browser is sent there.
func Returns(k *kit.Kit, p Returner, urls egress.Policy) (http.Handler, error) {
	s := &returns{kit: k, payments: p, urls: urls}
	var err error
	if s.page, err = template.ParseFS(returnFiles, "returns.html"); err != nil {
		return nil, fmt.Errorf("read page of returns: %w", err)
	}
	raw, err := returnFiles.ReadFile("returns.json")
	if err != nil {
		return nil, fmt.Errorf("read texts of returns: %w", err)
	}
	if err := json.Unmarshal(raw, &s.texts, json.RejectUnknownMembers(true)); err != nil {
		return nil, fmt.Errorf("read texts of returns: %w", err)
	}
	mux := http.NewServeMux()
	mux.Handle(returnsPattern, k.Fallible(returnsPattern, s.serve))
	mux.Handle(returnsPattern+threeds.WayPath, k.Fallible(returnsPattern+threeds.WayPath, s.leadOn))
	mux.Handle("/", k.Plain(returnsPattern, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		s.problem(w, r, http.StatusNotFound)
	})))
	return mux, nil
}

// serve answers in every case; its error is for the log.
func (s *returns) serve(w http.ResponseWriter, r *http.Request) error {
	switch r.Method {
	case http.MethodPost:
	case http.MethodGet, http.MethodHead: // a person who looks, or a browser that goes back
		text, lang := s.text(r)
		s.write(w, view{lang: lang, status: http.StatusOK, title: text.VisitTitle, text: text.Visit})
		return nil
	default:
		w.Header().Set("Allow", "GET, HEAD, POST")
		s.problem(w, r, http.StatusMethodNotAllowed)
		return nil
	}
	form, status := readForm(w, r)
	if status != 0 {
		s.problem(w, r, status)
		return nil
	}
	done, err := s.payments.Return(r.Context(), threeds.Return{
		Connector: r.PathValue("connector"), SessionKey: r.PathValue("session"), Form: form, Charset: charsetOf(r),
	})
	if err == nil {
		err = s.checkAddress(done.URL)
	}
	if err != nil {
		s.problem(w, r, kit.StatusOf(w.Header(), err))
		return err
	}
	s.sendOn(w, r, done)
	return nil
}

// checkAddress refuses to send a browser where no merchant may send one.
func (s *returns) checkAddress(address string) error {
	err := s.urls.Check(address)
	if errors.Is(err, egress.ErrForm) || errors.Is(err, egress.ErrLength) || errors.Is(err, egress.ErrHost) ||
		errors.Is(err, egress.ErrAddress) {
		return fault.Wrap(fault.Invalid, fault.URLNotAllowed, "no browser may be sent to this address", err)
	}
	return err
}

// charsetOf returns what the request says its charset is, empty if it does not say.
// A bank's form is bytes in that charset, or in the bank's own: where the bank is
// known they become text.
func charsetOf(r *http.Request) string {
	_, parameters, err := mime.ParseMediaType(r.Header.Get("Content-Type"))
	if err != nil {
		return ""
	}
	return parameters["charset"]
}

// readForm returns the form, or the status of its refusal.
func readForm(w http.ResponseWriter, r *http.Request) (url.Values, int) {
	media, _, err := mime.ParseMediaType(r.Header.Get("Content-Type"))
	if err != nil || media != "application/x-www-form-urlencoded" {
		return nil, http.StatusUnsupportedMediaType
	}
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, kit.MaxBody))
	if _, tooLarge := errors.AsType[*http.MaxBytesError](err); tooLarge {
		return nil, http.StatusRequestEntityTooLarge
	}
	if err != nil {
		return nil, http.StatusBadRequest
	}
	form, err := url.ParseQuery(string(body))
	if err != nil {
		return nil, http.StatusBadRequest
	}
	return form, 0
}

// sendOn shows the page that takes the browser on: with the security key to the
// one address, with the reason to the other (gateway API, section 12.10).
func (s *returns) sendOn(w http.ResponseWriter, r *http.Request, done threeds.Returned) {
	text, lang := s.text(r)
	form := kit.AutoForm{Action: done.URL, Label: text.GoOn, Fields: []kit.FormField{
		{Name: "paymentId", Value: done.Payment.UUID.String()},
	}}
	if done.SecurityKey != "" {
		form.Fields = append(form.Fields, kit.FormField{Name: "securityKey", Value: done.SecurityKey})
	} else {
		reason := string(done.Payment.KnownReason())
		form.Fields = append(form.Fields, kit.FormField{Name: "resultCode", Value: reason},
			kit.FormField{Name: "resultMessage", Value: s.kit.Catalogue().Reason(lang, reason)})
	}
	s.write(w, view{lang: lang, status: http.StatusOK, title: text.BackTitle, text: text.Back, form: &form})
}

func (s *returns) problem(w http.ResponseWriter, r *http.Request, status int) {
	text, lang := s.text(r)
	v := view{lang: lang, status: status, reference: text.Reference, requestID: w.Header().Get("X-Request-Id")}
	switch {
	case status == http.StatusNotFound:
		v.title, v.text = text.UnknownTitle, text.Unknown
	case status < http.StatusInternalServerError:
		v.title, v.text = text.RefusedTitle, text.Refused
	case status == http.StatusServiceUnavailable: // neither bank nor store refused: the same may be sent again
		v.title, v.text = text.WaitsTitle, text.Waits
	default:
		v.title, v.text = text.BrokenTitle, text.Broken
	}
	s.write(w, v)
}

func (s *returns) text(r *http.Request) (returnText, language.Tag) {
	lang := s.kit.Catalogue().Match(r.Header.Get("Accept-Language"), language.Turkish)
	return s.texts[lang.String()], lang
}
