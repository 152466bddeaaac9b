package pages

import (
	"bytes"
	"crypto/rand"
	"encoding/base64"
	"html/template"
	"net/http"
	"net/url"

	"golang.org/x/text/language"

	"github.com/vezne/vezne/internal/httpapi/kit"
)

// view is a page before it is written.
type view struct {
	lang                 language.Tag
	status               int
	title, text          string
	form                 *kit.AutoForm
	reference, requestID string
}

// write sends a page. It loads nothing and runs no script but its own.
//
// Anyone may frame it, on purpose: a merchant may show the bank in a frame, this
// page follows the bank there, and which pages a merchant frames it from nobody
// knows. There is nothing on it that a tricked click could do beyond what its
// own script does by itself.
func (s *returns) write(w http.ResponseWriter, v view) {
	nonce := newNonce()
	var form template.HTML
	var err error
	if v.form != nil {
		form, err = v.form.HTML(nonce)
	}
	var html bytes.Buffer
	if err == nil {
		err = s.page.Execute(&html, map[string]any{
			"Lang": v.lang.String(), "Dir": direction(v.lang), "Nonce": nonce, "Title": v.title, "Text": v.text,
			"Form": form, "Reference": v.reference, "RequestID": v.requestID,
		})
	}
	if err != nil {
		http.Error(w, http.StatusText(http.StatusInternalServerError), http.StatusInternalServerError)
		return
	}
	h := w.Header()
	h.Set("Content-Type", "text/html; charset=utf-8")
	h.Set("Content-Language", v.lang.String())
	h.Set("Content-Security-Policy",
		"default-src 'none'; base-uri 'none'; style-src 'nonce-"+nonce+"'"+policyOf(v.form, nonce))
	h.Set("Referrer-Policy", "no-referrer")
	w.WriteHeader(v.status)
	_, _ = w.Write(html.Bytes()) // the payer may be gone
}

// policyOf lets a form's script run and the form be submitted. Where to is not
// narrowed to the merchant's host, because browsers hold redirects that follow
// against it too, and a merchant may redirect to another host of its own.
func policyOf(f *kit.AutoForm, nonce string) string {
	if f == nil {
		return "; form-action 'none'"
	}
	policy := "; script-src 'nonce-" + nonce + "'; form-action https:"
	if u, err := url.Parse(f.Action); err == nil && u.Scheme == "http" {
		policy += " http:"
	}
	return policy
}

func direction(lang language.Tag) string {
	if lang == language.Arabic {
		return "rtl"
	}
	return "ltr"
}

// newNonce returns 128 random bits for one page.
func newNonce() string {
	var b [16]byte
	_, _ = rand.Read(b[:]) // crypto/rand.Read never fails since Go 1.24
	return base64.StdEncoding.EncodeToString(b[:])
}
