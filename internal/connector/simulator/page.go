package simulator

import (
	"bytes"
	"crypto/rand"
	_ "embed" // the pages and their texts
	"encoding/base64"
	"fmt"
	"html/template"
	"net/http"

	"github.com/go-json-experiment/json"
	"golang.org/x/text/encoding"
	"golang.org/x/text/encoding/charmap"
	"golang.org/x/text/language"

	"github.com/vezne/vezne/internal/connector"
)

//go:embed acs.html
var acsTemplate string

//go:embed return.html
var returnTemplate string

//go:embed texts.json
var acsTexts []byte

// pages writes what payers see of the bank.
type pages struct {
	acs, back *template.Template
	texts     map[string]acsText
	tags      []language.Tag // in the order of the matcher
	matcher   language.Matcher
}

// acsText is the page in one language.
type acsText struct {
	Title    string `json:"title"`
	Intro    string `json:"intro"`
	Amount   string `json:"amount"`
	Card     string `json:"card"`
	Shop     string `json:"shop"`
	Password string `json:"password"`
	Hint     string `json:"hint"`
	Wrong    string `json:"wrong"`
	Confirm  string `json:"confirm"`
	Cancel   string `json:"cancel"`
	Back     string `json:"back"`
	GoOn     string `json:"go_on"`
}

// acsPage is what the page shows.
type acsPage struct {
	Action, Token, Amount, Last4, Shop string
	Wrong                              bool
}

func parsePages() (pages, error) {
	p := pages{texts: make(map[string]acsText)}
	var err error
	if p.acs, err = template.New("acs").Parse(acsTemplate); err != nil {
		return pages{}, fmt.Errorf("read page of 3-D Secure: %w", err)
	}
	if p.back, err = template.New("return").Parse(returnTemplate); err != nil {
		return pages{}, fmt.Errorf("read page of 3-D Secure: %w", err)
	}
	if err := json.Unmarshal(acsTexts, &p.texts, json.RejectUnknownMembers(true)); err != nil {
		return pages{}, fmt.Errorf("read texts of 3-D Secure: %w", err)
	}
	p.tags = []language.Tag{
		language.Turkish, language.English, language.Arabic, language.Russian, language.German, language.French,
	}
	p.matcher = language.NewMatcher(p.tags)
	return p, nil
}

// page is what the templates see.
type page struct {
	Lang, Dir, Nonce string
	Charset          connector.Charset
	Text             acsText
	Ask              acsPage
	Action           string
	Fields           []connector.Field
}

func (p pages) in(wanted string, c connector.Charset) page {
	_, i, _ := p.matcher.Match(language.Make(wanted))
	lang := p.tags[i].String()
	v := page{Lang: lang, Dir: "ltr", Nonce: nonce(), Charset: c, Text: p.texts[lang]}
	if lang == "ar" {
		v.Dir = "rtl"
	}
	return v
}

func nonce() string {
	var b [16]byte
	_, _ = rand.Read(b[:]) // crypto/rand.Read never fails since Go 1.24
	return base64.StdEncoding.EncodeToString(b[:])
}

// ask shows the page that asks for the password.
func (p pages) ask(w http.ResponseWriter, wanted string, c connector.Charset, ask acsPage) {
	v := p.in(wanted, c)
	v.Ask = ask
	write(w, p.acs, v, http.StatusOK)
}

// sendBack shows the page that takes the payer back to the shop.
func (p pages) sendBack(
	w http.ResponseWriter, wanted string, c connector.Charset, address string, fields []connector.Field,
) {
	v := p.in(wanted, c)
	v.Action, v.Fields = address, fields
	write(w, p.back, v, http.StatusOK)
}

// entry returns the page that takes a payer's browser on.
func (p pages) entry(wanted string, c connector.Charset, address string, fields []connector.Field) []byte {
	v := p.in(wanted, c)
	v.Action, v.Fields = address, fields
	var html bytes.Buffer
	if err := p.back.Execute(&html, v); err != nil {
		panic("simulator: page cannot be written: " + err.Error()) // our own template, and text
	}
	return inCharset(html.Bytes(), c)
}

// gone is for a token that the bank does not know, or not any more.
func (pages) gone(w http.ResponseWriter) {
	http.Error(w, "This authentication is over. Please go back to the shop.", http.StatusGone)
}

// write sends a page. It may stand in a frame of any shop, as banks' pages do,
// and submits to wherever the shop said; it loads nothing.
func write(w http.ResponseWriter, t *template.Template, v page, status int) {
	var html bytes.Buffer
	if err := t.Execute(&html, v); err != nil {
		http.Error(w, "page cannot be written", http.StatusInternalServerError)
		return
	}
	h := w.Header()
	h.Set("Content-Type", "text/html; charset="+string(v.Charset))
	h.Set("Content-Security-Policy", "default-src 'none'; base-uri 'none'; style-src 'nonce-"+v.Nonce+
		"'; script-src 'nonce-"+v.Nonce+"'")
	h.Set("Cache-Control", "no-store")
	h.Set("Referrer-Policy", "no-referrer")
	h.Set("X-Content-Type-Options", "nosniff")
	w.WriteHeader(status)
	_, _ = w.Write(inCharset(html.Bytes(), v.Charset)) // the payer may be gone
}

// inCharset writes a page as bytes; letters that the charset lacks become character
// references, as they would in a page that was written by hand.
func inCharset(html []byte, c connector.Charset) []byte {
	if c == connector.UTF8 {
		return html
	}
	out, err := encoding.HTMLEscapeUnsupported(charmap.Windows1254.NewEncoder()).Bytes(html)
	if err != nil {
		return html // it is UTF-8, which our templates are
	}
	return out
}
