package pages

import (
	"crypto/sha256"
	"encoding/hex"
	"io/fs"
	"net/http"
	"path"
	"strings"

	"github.com/vezne/vezne/internal/httpapi/kit"
)

// AssetsPrefix is where style sheets and scripts are mounted.
const AssetsPrefix = "/assets/"

// hashLength is how many hexadecimal digits of its content's hash an asset's name
// carries: enough that no two versions ever share one.
const hashLength = 16

// assets are files whose names carry a hash of their content, so that browsers
// may keep them for ever and still never use an old one.
type assets struct {
	paths  map[string]string // by name of the file
	bodies map[string][]byte // by path
}

// newAssets reads files of a file system.
func newAssets(from fs.FS, names ...string) (*assets, error) {
	a := &assets{paths: make(map[string]string), bodies: make(map[string][]byte)}
	for _, name := range names {
		body, err := fs.ReadFile(from, name)
		if err != nil {
			return nil, err
		}
		hash := sha256.Sum256(body)
		ext := path.Ext(name)
		base := strings.ReplaceAll(strings.TrimSuffix(name, ext), "/", "-")
		a.paths[name] = AssetsPrefix + base + "." + hex.EncodeToString(hash[:])[:hashLength] + ext
		a.bodies[a.paths[name]] = body
	}
	return a, nil
}

func (a *assets) handler(k *kit.Kit) http.Handler {
	return k.Plain(AssetsPrefix, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, ok := a.bodies[r.URL.Path]
		switch {
		case !ok:
			http.NotFound(w, r)
			return
		case r.Method != http.MethodGet && r.Method != http.MethodHead:
			w.Header().Set("Allow", "GET, HEAD")
			http.Error(w, http.StatusText(http.StatusMethodNotAllowed), http.StatusMethodNotAllowed)
			return
		}
		h := w.Header()
		h.Set("Content-Type", map[string]string{
			".css": "text/css; charset=utf-8", ".js": "text/javascript; charset=utf-8",
		}[path.Ext(r.URL.Path)])
		h.Set("Cache-Control", "public, max-age=31536000, immutable")
		h.Set("Cross-Origin-Resource-Policy", "same-origin")
		_, _ = w.Write(body) // the reader may be gone
	}))
}
