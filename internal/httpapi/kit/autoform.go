package kit

import (
	"bytes"
	"fmt"
	"html/template"
)

// AutoForm is an HTML form that takes a browser on by POST: a script submits it,
// and a visible button does where scripts may not run.
type AutoForm struct {
	// Action is an http or https address; any other scheme is made harmless.
	Action string
	Fields []FormField
	Label  string // of the button
}

// FormField is one hidden field of an AutoForm.
type FormField struct{ Name, Value string }

const autoFormText = `<form id="vezne-form" action="{{.Form.Action}}" method="POST" accept-charset="utf-8">
{{- range .Form.Fields}}<input type="hidden" name="{{.Name}}" value="{{.Value}}">{{end -}}
<button type="submit">{{.Form.Label}}</button></form>
<script{{with .Nonce}} nonce="{{.}}"{{end}}>document.getElementById("vezne-form").submit()</script>`

// HTML returns the form with its script, every value escaped. The nonce is that
// of the page's Content-Security-Policy, empty for a page that has none.
func (f AutoForm) HTML(nonce string) (template.HTML, error) {
	t, err := template.New("form").Parse(autoFormText)
	if err != nil {
		return "", fmt.Errorf("read form: %w", err)
	}
	var html bytes.Buffer
	if err := t.Execute(&html, struct {
		Form  AutoForm
		Nonce string
	}{f, nonce}); err != nil {
		return "", fmt.Errorf("write form: %w", err)
	}
	return template.HTML(html.String()), nil //nolint:gosec // written by html/template right above
}
