// Package pages serves what people see in a browser: the API documents of the
// house, and the way back from a bank's 3-D Secure page.
package pages

import (
	"bytes"
	"compress/gzip"
	"fmt"
	"io"
	"io/fs"
	"net/http"
	"path"
	"slices"
	"strings"
	"sync"

	"github.com/vezne/vezne/internal/fault"
	"github.com/vezne/vezne/internal/httpapi/kit"
	"github.com/vezne/vezne/internal/httpapi/reference"
)

// DocsPrefix is where the documents are mounted.
const DocsPrefix = "/docs/"

// docs serves the documents and their pages. Parsing them costs more than a start
// may, so that the first reader pays for it, and what is kept of a page is its
// compressed form alone.
type docs struct {
	documents fs.FS
	pages     func() (map[string][]byte, error)
}

// Docs returns the handler of /docs, a page that lists the documents, of
// /docs/<name>, the reference that is made of one, and of /docs/<name>.yaml, the
// document itself. The examples call a server at the given address. A document
// that cannot be shown is an internal error of every page.
func Docs(k *kit.Kit, documents fs.FS, server string) http.Handler {
	d := &docs{documents: documents, pages: sync.OnceValues(func() (map[string][]byte, error) {
		return render(documents, server)
	})}
	return k.Fallible(DocsPrefix, d.serve)
}

func render(documents fs.FS, server string) (map[string][]byte, error) {
	pages, err := reference.Write(documents, reference.Options{
		Prefix: path.Clean(DocsPrefix), Server: strings.TrimSuffix(server, "/"),
	})
	if err != nil {
		return nil, fmt.Errorf("write API reference: %w", err)
	}
	for name, html := range pages {
		if pages[name], err = pack(html); err != nil {
			return nil, fmt.Errorf("compress API reference: %w", err)
		}
	}
	return pages, nil
}

func (d *docs) serve(w http.ResponseWriter, r *http.Request) error {
	if r.Method != http.MethodGet && r.Method != http.MethodHead {
		w.Header().Set("Allow", "GET, HEAD")
		return fault.New(fault.MethodNotAllowed, fault.WrongMethod, "documents are only read")
	}
	name := strings.TrimPrefix(strings.TrimSuffix(r.URL.Path, "/"), path.Clean(DocsPrefix))
	name = strings.TrimPrefix(name, "/")
	if strings.HasSuffix(name, ".yaml") {
		return d.document(w, name)
	}
	pages, err := d.pages()
	if err != nil {
		return err
	}
	packed, known := pages[name]
	if !known {
		return fault.New(fault.NotFound, fault.NoSuchThing, "no such document")
	}
	h := w.Header()
	h.Set("Content-Type", "text/html; charset=utf-8")
	h.Set("Content-Security-Policy", reference.Policy())
	h.Set("Referrer-Policy", "no-referrer")
	h.Set("Vary", "Accept-Encoding")
	if acceptsGzip(r.Header.Get("Accept-Encoding")) {
		h.Set("Content-Encoding", "gzip")
		_, _ = w.Write(packed) // the reader may be gone
		return nil
	}
	plain, err := gzip.NewReader(bytes.NewReader(packed))
	if err != nil {
		return fmt.Errorf("unpack page: %w", err)
	}
	_, _ = io.Copy(w, plain) //nolint:gosec // our own page, and the reader may be gone
	return nil
}

// document sends a document as it is.
func (d *docs) document(w http.ResponseWriter, name string) error {
	names, err := fs.Glob(d.documents, "*.yaml")
	if err != nil {
		return fmt.Errorf("list documents: %w", err)
	}
	if !slices.Contains(names, name) {
		return fault.New(fault.NotFound, fault.NoSuchThing, "no such document")
	}
	text, err := fs.ReadFile(d.documents, name)
	if err != nil {
		return fmt.Errorf("read document: %w", err)
	}
	h := w.Header()
	h.Set("Content-Type", "application/yaml; charset=utf-8")
	h.Set("Content-Security-Policy", "default-src 'none'; frame-ancestors 'none'")
	_, _ = w.Write(text) //nolint:gosec // one of our own documents, and the reader may be gone
	return nil
}
