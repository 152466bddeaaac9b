package connector

import (
	"errors"
	"net/url"
	"strings"
	"unicode/utf8"
)

// The bounds of a Way, in bytes and in fields: several times what any bank sends.
const (
	MaxPage      = 256 << 10
	MaxAddress   = 4 << 10
	MaxFields    = 64
	MaxFieldText = 64 << 10 // of all fields of a form together
)

// Way is how a payer's browser gets to the bank. Exactly one member is set; none
// in an enrolment that was not approved.
type Way struct {
	// Form is posted by a page of ours.
	Form Form
	// Page is a page of the bank that we fetched and hand on (PayFor M047: the bank
	// takes its first request from the merchant's server alone).
	Page Page
	// Address is where the browser is redirected to, by GET.
	Address string
}

// Form is an HTML form that a page submits by POST.
type Form struct {
	Action string
	// Fields are name and value pairs in the order in which they are sent.
	Fields []Field
}

// Field is one hidden input of a Form.
type Field struct{ Name, Value string }

// Page is HTML of a bank, to be shown as it is. Whoever serves it gives it no
// origin of ours (Content-Security-Policy: sandbox), for its scripts are not ours.
type Page struct {
	HTML string
	// Base is the address that it was fetched from, which its links are relative to.
	Base string
}

// IsZero reports whether there is no way.
func (w Way) IsZero() bool {
	return w.Form.Action == "" && len(w.Form.Fields) == 0 && w.Page == (Page{}) && w.Address == ""
}

var (
	errWays    = errors.New("the way to the bank is not exactly one of form, page and address")
	errWayTo   = errors.New("the way leads to no web address")
	errWayText = errors.New("the way is too long, or holds bytes that are no text")
)

// Check reports why a payer cannot be sent this way: it is not exactly one, it
// leads to something else than a web address, is longer than the bounds, or is
// not UTF-8. Its error holds nothing of it.
func (w Way) Check() error {
	form, page, address := w.Form.Action != "" || len(w.Form.Fields) > 0, w.Page != (Page{}), w.Address != ""
	switch {
	case form && !page && !address:
		return w.Form.check()
	case page && !form && !address:
		return w.Page.check()
	case address && !form && !page:
		return checkAddress(w.Address)
	}
	return errWays
}

func (f Form) check() error {
	size := 0
	for _, field := range f.Fields {
		size += len(field.Name) + len(field.Value)
		if !isFieldText(field.Name) || !isFieldText(field.Value) {
			return errWayText
		}
	}
	if len(f.Fields) > MaxFields || size > MaxFieldText {
		return errWayText
	}
	return checkAddress(f.Action)
}

func (p Page) check() error {
	if p.HTML == "" || len(p.HTML) > MaxPage || !utf8.ValidString(p.HTML) || strings.ContainsRune(p.HTML, 0) {
		return errWayText
	}
	return checkAddress(p.Base)
}

func checkAddress(s string) error {
	u, err := url.Parse(s)
	if err != nil || len(s) > MaxAddress || (u.Scheme != "https" && u.Scheme != "http") || u.Host == "" || u.User != nil {
		return errWayTo
	}
	return nil
}

// isFieldText takes line breaks too: a PaReq is base64 in lines.
func isFieldText(s string) bool {
	if !utf8.ValidString(s) {
		return false
	}
	for _, c := range []byte(s) {
		if c < ' ' && c != '\n' && c != '\r' && c != '\t' || c == 0x7f {
			return false
		}
	}
	return true
}
