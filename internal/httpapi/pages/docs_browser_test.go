//go:build !quick

package pages_test

import (
	"net/http/httptest"
	"path/filepath"
	"strconv"
	"testing"

	"github.com/vezne/vezne/api"
	"github.com/vezne/vezne/internal/httpapi/pages"
	"github.com/vezne/vezne/test/browsertest"
)

// TestEveryDocument looks at every page of the API reference, on a small screen by
// night and a large one by day: it fits, it asks nobody else for anything, and axe-core finds
// nothing serious. With -screenshots it looks at each on both by day
// and by night, and keeps a picture.
func TestEveryDocument(t *testing.T) {
	t.Parallel()
	b := browsertest.Start(t)
	server := httptest.NewServer(pages.Docs(newKit(t), api.Documents, "http://127.0.0.1:8080"))
	t.Cleanup(server.Close)
	for _, path := range []string{"/docs", "/docs/gateway", "/docs/admin"} {
		for _, width := range []int{small, large} {
			for _, dark := range []bool{false, true} {
				if *screenshots == "" && dark != (width == small) {
					continue // to keep the daily run short
				}
				name := filepath.Base(path) + "-" + strconv.Itoa(width) + map[bool]string{true: "-dark"}[dark]
				t.Run(name, func(t *testing.T) {
					tab := b.Tab(t, browsertest.Options{Width: width, Dark: dark})
					tab.Open(server.URL + path)
					tab.Await("h1")
					if wide := browsertest.Eval[int](tab, "document.documentElement.scrollWidth"); wide > width {
						t.Errorf("the page is %d pixels wide on a screen of %d", wide, width)
					}
					if *screenshots != "" {
						keep(t, filepath.Join(*screenshots, name+".png"), tab.View())
					}
					// The longest page takes axe-core the better part of a minute on a busy machine.
					if path == "/docs" || (path == "/docs/admin") == (width == large) {
						tab.CheckAccessibility(name)
					}
					if hosts := tab.Hosts(); len(hosts) != 1 {
						t.Errorf("the page asked %v", hosts)
					}
				})
			}
		}
	}
}

// TestDocumentContents holds that the contents of a reference are at hand: open
// beside the text on a large screen, and one press away on a small one.
func TestDocumentContents(t *testing.T) {
	t.Parallel()
	b := browsertest.Start(t)
	server := httptest.NewServer(pages.Docs(newKit(t), api.Documents, "http://127.0.0.1:8080"))
	t.Cleanup(server.Close)
	const entry = `nav a[href="#pay"]`
	shown := func(tab *browsertest.Tab) bool {
		return browsertest.Eval[bool](tab, "document.querySelector('"+entry+"').checkVisibility()")
	}
	desk := b.Tab(t, browsertest.Options{Width: large, NoScript: true})
	desk.Open(server.URL + "/docs/gateway")
	desk.Click(entry)
	desk.Await("#pay:target")
	phone := b.Tab(t, browsertest.Options{Width: small, NoScript: true})
	phone.Open(server.URL + "/docs/gateway")
	phone.Await("nav summary")
	phone.AllowScripts() // to look
	if shown(phone) {
		t.Error("the contents fill a small screen")
	}
	phone.Click("nav summary")
	phone.Await(entry)
}
