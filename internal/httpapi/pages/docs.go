// Package pages serves what people see in a browser: the API documents of the
// house, and the way back from a bank's 3-D Secure page.
package pages

import (
	"bytes"
	"embed"
	"fmt"
	"html/template"
	"io/fs"
	"net/http"
	"path"
	"strings"

	"github.com/vezne/vezne/internal/httpapi/kit"
)

// DocsPrefix is where the documents are mounted.
const DocsPrefix = "/docs/"

//go:embed docs.html
var files embed.FS

// docsPolicy allows the page's own style and nothing else: it has no scripts, no
// images and no forms.
const docsPolicy = "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'"

type document struct{ File, Title string }

// Docs returns the handler of /docs, a page that lists the documents, and of
// /docs/<name>.yaml, the documents themselves. It fails when a document has no
// title.
func Docs(k *kit.Kit, documents fs.FS) (http.Handler, error) {
	page, err := template.ParseFS(files, "docs.html")
	if err != nil {
		return nil, fmt.Errorf("read page of documents: %w", err)
	}
	names, err := fs.Glob(documents, "*.yaml")
	if err != nil {
		return nil, fmt.Errorf("list documents: %w", err)
	}
	var list []document
	mux := http.NewServeMux()
	for _, name := range names {
		text, err := fs.ReadFile(documents, name)
		if err != nil {
			return nil, fmt.Errorf("read document: %w", err)
		}
		title, err := titleOf(text)
		if err != nil {
			return nil, fmt.Errorf("read document %s: %w", name, err)
		}
		list = append(list, document{File: name, Title: title})
		mux.Handle("GET "+path.Join(DocsPrefix, name), static("application/yaml; charset=utf-8", text))
	}
	var html bytes.Buffer
	if err := page.Execute(&html, list); err != nil {
		return nil, fmt.Errorf("write page of documents: %w", err)
	}
	index := static("text/html; charset=utf-8", html.Bytes())
	mux.Handle("GET /docs", index)
	mux.Handle("GET /docs/{$}", index)
	return k.Plain("/docs/", mux), nil
}

func static(mediaType string, body []byte) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		h := w.Header()
		h.Set("Content-Type", mediaType)
		h.Set("Content-Security-Policy", docsPolicy)
		h.Set("Referrer-Policy", "no-referrer")
		_, _ = w.Write(body) // the reader may be gone
	})
}

// titleOf finds info.title, which our documents have on a line of its own.
func titleOf(text []byte) (string, error) {
	for line := range strings.Lines(string(text)) {
		if title, ok := strings.CutPrefix(line, "  title: "); ok {
			return strings.TrimSpace(title), nil
		}
	}
	return "", fmt.Errorf("no title: %w", fs.ErrInvalid)
}
