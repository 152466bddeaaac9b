// Package reference writes OpenAPI 3.0 documents as pages for people: everything
// that a document says, in plain HTML that needs no script and loads nothing.
package reference

import (
	"bufio"
	"bytes"
	"crypto/sha256"
	_ "embed"
	"encoding/base64"
	"errors"
	"fmt"
	"html/template"
	"io/fs"
	"strings"

	"github.com/yuin/goldmark"
	"go.yaml.in/yaml/v3"
)

//go:embed page.html
var pageText string

//go:embed style.css
var style string

// Policy is the Content-Security-Policy of the pages: their own style sheet, and
// nothing else.
func Policy() string {
	hash := sha256.Sum256([]byte(style))
	return "default-src 'none'; style-src 'sha256-" + base64.StdEncoding.EncodeToString(hash[:]) +
		"'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'"
}

// Options are where the pages stand.
type Options struct {
	// Prefix is the path of the pages, without a slash at the end.
	Prefix string
	// Server is the address of the server, for examples; without a slash at the
	// end.
	Server string
}

// Write returns a page for every YAML document of a file system, by the file's
// name without its extension, and a page under the empty name that lists them.
// It fails on a document without a title, and on a reference that leads nowhere.
func Write(documents fs.FS, o Options) (map[string][]byte, error) {
	names, err := fs.Glob(documents, "*.yaml")
	if err != nil {
		return nil, fmt.Errorf("list documents: %w", err)
	}
	t, err := template.New("page").Parse(pageText)
	if err != nil {
		return nil, fmt.Errorf("read page of documents: %w", err)
	}
	all := make(map[string][]byte)
	index := page{Prefix: o.Prefix, Style: template.CSS(style), Title: "API reference"} //nolint:gosec // our own file
	for _, file := range names {
		p, err := read(documents, file, o)
		if err != nil {
			return nil, fmt.Errorf("read document %s: %w", file, err)
		}
		index.Documents = append(index.Documents, p)
		if all[p.Name], err = p.html(t); err != nil {
			return nil, err
		}
	}
	if all[""], err = index.html(t); err != nil {
		return nil, err
	}
	return all, nil
}

func (p *page) html(t *template.Template) ([]byte, error) {
	var b bytes.Buffer
	if err := t.Execute(&b, p); err != nil {
		return nil, fmt.Errorf("write page of document: %w", err)
	}
	return b.Bytes(), nil
}

var errNoTitle = errors.New("the document has no title")

func read(documents fs.FS, file string, o Options) (*page, error) {
	text, err := fs.ReadFile(documents, file)
	if err != nil {
		return nil, err
	}
	b := &builder{base: o.Server, texts: make(map[string]template.HTML), out: bufio.NewWriter(nil)}
	if err := yaml.Unmarshal(text, &b.doc); err != nil {
		return nil, err
	}
	if b.doc.Info.Title == "" {
		return nil, errNoTitle
	}
	p := b.page()
	p.Prefix, p.File, p.Name = o.Prefix, file, strings.TrimSuffix(file, ".yaml")
	p.Style = template.CSS(style) //nolint:gosec // our own file
	return p, b.err
}

// markdown writes a description, which is CommonMark (OpenAPI 3.0.3, section
// 4.6). HTML in it is left out. Most descriptions stand in many places.
func (b *builder) markdown(text string) template.HTML {
	if text == "" {
		return ""
	}
	if html, known := b.texts[text]; known {
		return html
	}
	var out bytes.Buffer
	b.out.Reset(&out)
	if err := goldmark.Convert([]byte(text), b.out); err != nil { // it flushes
		b.fail(err)
	}
	b.texts[text] = template.HTML(out.String()) //nolint:gosec // goldmark escapes everything by default
	return b.texts[text]
}
