package reference

import (
	"net/http"
	"strconv"
	"strings"

	"go.yaml.in/yaml/v3"
)

// body shows what a request carries, and gives the first example for curl.
func (b *builder) body(r requestBody) (*body, string, *yaml.Node) {
	_, r, err := resolve(b.doc.Components.RequestBodies, "requestBodies", r.Ref, r)
	if err != nil {
		b.fail(err)
	}
	shown := &body{Required: r.Required, Text: b.markdown(r.Description)}
	var media string
	var first *yaml.Node
	for _, m := range r.Content {
		c, example := b.content(m.Key, m.Value, false)
		shown.Contents = append(shown.Contents, c)
		if first == nil {
			media, first = m.Key, example
		}
	}
	return shown, media, first
}

func (b *builder) content(media string, m mediaType, answer bool) (content, *yaml.Node) {
	c := content{MediaType: media, Shape: b.describe(m.Schema, !answer)}
	c.Shape.Example, c.Shape.Sample = "", "" // the request or answer has one of its own
	var first *yaml.Node
	for i := range m.Examples {
		e := &m.Examples[i]
		c.Examples = append(c.Examples, sample{Name: e.Key, Text: text(media, &e.Value.Value)})
		if first == nil {
			first = &e.Value.Value
		}
	}
	if first != nil {
		return c, first
	}
	first = &m.Example
	if first.IsZero() {
		first = b.example(m.Schema, answer)
	}
	if strings.HasSuffix(media, "json") || !m.Example.IsZero() {
		c.Examples = append(c.Examples, sample{Text: text(media, first)})
	}
	return c, first
}

// text is an example as it goes over the wire.
func text(media string, n *yaml.Node) string {
	if n.Kind == yaml.ScalarNode && !strings.HasSuffix(media, "json") {
		return strings.TrimSpace(n.Value)
	}
	return asJSON(n, true)
}

// answer shows a response. Of one that operations share, they show the first
// sentence alone, unless it is what they are for.
func (b *builder) answer(code string, r response) answer {
	name, r, err := resolve(b.doc.Components.Responses, "responses", r.Ref, r)
	if err != nil {
		b.fail(err)
	}
	a := answer{Code: code, Status: statusText(code), Text: b.markdown(r.Description)}
	if name != "" && !strings.HasPrefix(code, "2") {
		a.Link, a.LinkName = answerAnchor(name), name
		return a
	}
	for _, h := range r.Headers {
		a.Headers = append(a.Headers, b.header(h.Key, h.Value))
	}
	for _, m := range r.Content {
		c, _ := b.content(m.Key, m.Value, true)
		a.Contents = append(a.Contents, c)
	}
	return a
}

func (b *builder) header(name string, h header) field {
	_, h, err := resolve(b.doc.Components.Headers, "headers", h.Ref, h)
	if err != nil {
		b.fail(err)
	}
	f := b.describe(h.Schema, false)
	f.Name, f.Always = name, h.Required
	if h.Description != "" {
		f.Text = b.markdown(h.Description)
	}
	if !h.Example.IsZero() {
		f.Example = h.Example.Value
	}
	return f
}

func statusText(code string) string {
	status, err := strconv.Atoi(code)
	if err != nil {
		return "" // "default", "4XX"
	}
	return http.StatusText(status)
}
