package pages_test

import (
	"bytes"
	"compress/gzip"
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/vezne/vezne/internal/httpapi/kit"
)

// TestLogo holds that a logo is what its name says, and nothing else.
func TestLogo(t *testing.T) {
	t.Parallel()
	f := newFake(t)
	h := newHosted(t, f)
	if body := get(t, h, checkoutAt).Body.String(); !strings.Contains(body, `class="mark" aria-hidden="true">D<`) ||
		strings.Contains(body, "<img") {
		t.Error("a merchant without logo is not shown by its initial")
	}
	f.draw(t)
	path := "/assets/logo/" + f.logo.Name
	if body := get(t, h, checkoutAt).Body.String(); !strings.Contains(body, `<img class="logo" src="`+path+`" alt="">`) {
		t.Error("the page has no logo")
	}
	w := get(t, h, path, "Accept-Encoding", "gzip")
	head := w.Header()
	if w.Code != http.StatusOK || !bytes.Equal(w.Body.Bytes(), f.logo.Body) || head.Get("Content-Type") != "image/png" ||
		head.Get("X-Content-Type-Options") != "nosniff" || head.Get("Content-Encoding") != "" || !strings.Contains(head.Get("Cache-Control"), "immutable") {
		t.Errorf("logo = %d %v", w.Code, head)
	}
	for _, wrong := range []string{"0" + f.logo.Name[1:], f.logo.Name + ".svg", "../x.png",
		strings.Replace(f.logo.Name, ".png", ".html", 1), ""} {
		if w := get(t, h, "/assets/logo/"+wrong); w.Code != http.StatusNotFound {
			t.Errorf("%q = %d", wrong, w.Code)
		}
	}
	for accept, want := range map[string]string{
		"": "", "gzip": "gzip", "deflate, GZIP": "gzip", "gzip;q=0": "", "gzip; q=0.0, br": "", "gzip;q=0.5": "gzip", "xgzip": "",
	} {
		sheet := assetForm.FindString(get(t, h, checkoutAt).Body.String())
		w := get(t, h, sheet, "Accept-Encoding", accept)
		body := io.Reader(w.Body)
		if want != "" {
			var err error
			if body, err = gzip.NewReader(w.Body); err != nil {
				t.Fatal(err)
			}
		}
		if text, err := io.ReadAll(body); err != nil || !bytes.Equal(text, mustRead(t, "checkout/style.css")) {
			t.Errorf("%q: the style sheet is another one, %v", accept, err)
		}
		if got := w.Header().Get("Content-Encoding"); got != want || w.Header().Get("Vary") != "Accept-Encoding" {
			t.Errorf("%q is answered with %q", accept, got)
		}
	}
}

// TestWeight holds that the first load stays light on a slow network, with a logo
// as heavy as one may be, a list of saved cards, and files as browsers take them.
func TestWeight(t *testing.T) {
	t.Parallel()
	f := newFake(t)
	keepCards(f)
	f.draw(t)
	h := newHosted(t, f)
	for _, lang := range kit.Languages() {
		w := get(t, h, checkoutAt+"?lang="+lang.String())
		total := w.Body.Len()
		files := assetForm.FindAllString(w.Body.String(), -1)
		if len(files) != 3 {
			t.Fatalf("%s: files %v", lang, files)
		}
		for _, path := range files {
			a := get(t, h, path, "Accept-Encoding", "br, gzip;q=0.8")
			if a.Code != http.StatusOK || a.Header().Get("Cache-Control") != "public, max-age=31536000, immutable" {
				t.Errorf("%s = %d %v", path, a.Code, a.Header())
			}
			total += a.Body.Len()
		}
		if total < 10_000 || total > 40_000 {
			t.Errorf("%s: the first load has %d bytes", lang, total)
		}
		t.Logf("%s: %d bytes", lang, total)
	}
}
