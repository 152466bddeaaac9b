package pages

import (
	"bytes"
	"compress/gzip"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io/fs"
	"net/http"
	"path"
	"strings"

	"github.com/vezne/vezne/internal/fault"
	"github.com/vezne/vezne/internal/httpapi/kit"
	"github.com/vezne/vezne/internal/merchant"
)

// AssetsPrefix is where style sheets, scripts and merchants' logos are mounted.
const AssetsPrefix = "/assets/"

// logosPrefix is where merchants' logos are, by name.
const logosPrefix = AssetsPrefix + "logo/"

// hashLength is how many hexadecimal digits of its content's hash an asset's name
// carries: enough that no two versions ever share one.
const hashLength = 16

// Logos gives merchants' logos.
type Logos interface {
	// Logo returns a logo by its name; an unknown one is fault.NoSuchThing.
	Logo(ctx context.Context, name string) (merchant.Logo, error)
}

// assets are files whose names carry a hash of their content, so that browsers
// may keep them for ever and still never use an old one.
type assets struct {
	paths map[string]string // by name of the file
	files map[string]asset  // by path
	logos Logos
}

// asset is a file, as it is and compressed. Pages are never compressed, because
// they hold secrets beside what a stranger may choose (the attack BREACH); these
// hold none.
type asset struct{ plain, packed []byte }

// newAssets reads files of a file system.
func newAssets(from fs.FS, logos Logos, names ...string) (*assets, error) {
	a := &assets{paths: make(map[string]string), files: make(map[string]asset), logos: logos}
	for _, name := range names {
		body, err := fs.ReadFile(from, name)
		if err != nil {
			return nil, fmt.Errorf("read asset: %w", err)
		}
		packed, err := pack(body)
		if err != nil {
			return nil, fmt.Errorf("compress asset: %w", err)
		}
		hash := sha256.Sum256(body)
		ext := path.Ext(name)
		base := strings.ReplaceAll(strings.TrimSuffix(name, ext), "/", "-")
		a.paths[name] = AssetsPrefix + base + "." + hex.EncodeToString(hash[:])[:hashLength] + ext
		a.files[a.paths[name]] = asset{plain: body, packed: packed}
	}
	return a, nil
}

func pack(body []byte) ([]byte, error) {
	var b bytes.Buffer
	w, err := gzip.NewWriterLevel(&b, gzip.BestCompression)
	if err != nil {
		return nil, err
	}
	if _, err := w.Write(body); err != nil {
		return nil, err
	}
	if err := w.Close(); err != nil { // it writes what is left
		return nil, err
	}
	return b.Bytes(), nil
}

func (a *assets) handler(k *kit.Kit) http.Handler {
	return k.Plain(AssetsPrefix, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Method != http.MethodGet && r.Method != http.MethodHead {
			w.Header().Set("Allow", "GET, HEAD")
			http.Error(w, http.StatusText(http.StatusMethodNotAllowed), http.StatusMethodNotAllowed)
			return
		}
		body, err := a.find(w, r)
		if err != nil {
			status := kit.StatusOf(w.Header(), err)
			http.Error(w, http.StatusText(status), status)
			return
		}
		h := w.Header()
		h.Set("Content-Type", mediaType(r.URL.Path))
		h.Set("Cache-Control", "public, max-age=31536000, immutable")
		h.Set("Content-Security-Policy", "default-src 'none'; frame-ancestors 'none'")
		h.Set("Cross-Origin-Resource-Policy", "same-origin")
		_, _ = w.Write(body) //nolint:gosec // the reader may be gone; what is sent is a style sheet, a script or pixels, and says so
	}))
}

// find returns what is sent for an address, and says in the header how it is
// compressed.
func (a *assets) find(w http.ResponseWriter, r *http.Request) ([]byte, error) {
	if name, is := strings.CutPrefix(r.URL.Path, logosPrefix); is && merchant.IsLogoName(name) {
		logo, err := a.logos.Logo(r.Context(), name)
		return logo.Body, err
	}
	file, known := a.files[r.URL.Path]
	if !known {
		return nil, fault.New(fault.NotFound, fault.NoSuchThing, "no such file")
	}
	w.Header().Set("Vary", "Accept-Encoding")
	if !acceptsGzip(r.Header.Get("Accept-Encoding")) {
		return file.plain, nil
	}
	w.Header().Set("Content-Encoding", "gzip")
	return file.packed, nil
}

// acceptsGzip reads Accept-Encoding (RFC 9110, section 12.5.3) as far as browsers
// write it: gzip without a weight, or with one that is not zero.
func acceptsGzip(header string) bool {
	for part := range strings.SplitSeq(header, ",") {
		coding, weight, _ := strings.Cut(strings.TrimSpace(part), ";")
		if strings.EqualFold(strings.TrimSpace(coding), "gzip") {
			return !strings.HasPrefix(strings.ReplaceAll(weight, " ", ""), "q=0") || strings.ContainsAny(weight, "123456789")
		}
	}
	return false
}

func mediaType(address string) string {
	return map[string]string{
		".css": "text/css; charset=utf-8", ".js": "text/javascript; charset=utf-8",
		".png": "image/png", ".jpg": "image/jpeg", ".webp": "image/webp",
	}[path.Ext(address)]
}
