package pages

import (
	"html"
	"net/http"
	"regexp"

	"github.com/vezne/vezne/internal/connector"
	"github.com/vezne/vezne/internal/fault"
	"github.com/vezne/vezne/internal/httpapi/kit"
)

// bankPolicy gives a bank's page no origin of ours, so that its scripts reach nothing
// here, and lets it do what it is for: run them, post its form, and take the whole
// window to the bank.
const bankPolicy = "sandbox allow-forms allow-scripts allow-top-navigation; frame-ancestors *"

// leadOn takes a payer on to the bank where a form of ours cannot: to the bank's
// address, or by the bank's own page. It answers in every case; its error is for the
// log.
func (s *returns) leadOn(w http.ResponseWriter, r *http.Request) error {
	switch r.Method {
	case http.MethodGet, http.MethodHead, http.MethodPost:
	default:
		w.Header().Set("Allow", "GET, HEAD, POST")
		s.problem(w, r, http.StatusMethodNotAllowed)
		return nil
	}
	way, err := s.payments.Way(r.Context(), r.PathValue("connector"), r.PathValue("session"))
	if err == nil && way.Page == (connector.Page{}) && way.Address == "" {
		err = fault.New(fault.NotFound, fault.NoSuchThing, "the way to this bank is a form")
	}
	if err != nil {
		s.problem(w, r, kit.StatusOf(w.Header(), err))
		return err
	}
	w.Header().Set("Referrer-Policy", "no-referrer") // the address of this page is the payer's alone
	if way.Address != "" {
		http.Redirect(w, r, way.Address, http.StatusSeeOther)
		return nil
	}
	h := w.Header()
	h.Set("Content-Type", "text/html; charset=utf-8")
	h.Set("Content-Security-Policy", bankPolicy)
	_, _ = w.Write([]byte(based(way.Page))) // a bank's page, without an origin of ours; the payer may be gone
	return nil
}

var (
	headTag = regexp.MustCompile(`(?i)<head(\s[^>]*)?>`)
	docType = regexp.MustCompile(`(?i)^\s*<!doctype[^>]*>`)
	baseTag = regexp.MustCompile(`(?i)<base\s`)
)

// based returns a bank's page whose links are relative to where it came from.
func based(p connector.Page) string {
	if baseTag.MatchString(p.HTML) {
		return p.HTML
	}
	at := 0
	if place := headTag.FindStringIndex(p.HTML); place != nil {
		at = place[1]
	} else if place := docType.FindStringIndex(p.HTML); place != nil {
		at = place[1]
	}
	return p.HTML[:at] + `<base href="` + html.EscapeString(p.Base) + `">` + p.HTML[at:]
}
