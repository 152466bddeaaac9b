package deploy_test

import (
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

var (
	fence   = regexp.MustCompile("(?ms)^```.*?^```$")
	heading = regexp.MustCompile(`(?m)^#{1,6} +(.+?) *$`)
	link    = regexp.MustCompile(`\]\(([^()\s]+)\)`)
	dropped = regexp.MustCompile(`[^\p{L}\p{N}_ -]`)
)

// anchorsOf returns the anchors of the headings of a page, as GitHub makes them.
func anchorsOf(page string) []string {
	var all []string
	for _, h := range heading.FindAllStringSubmatch(fence.ReplaceAllString(page, ""), -1) {
		text := dropped.ReplaceAllString(strings.ToLower(h[1]), "")
		all = append(all, strings.ReplaceAll(text, " ", "-"))
	}
	return all
}

func pages(t *testing.T) []string {
	t.Helper()
	all := []string{"README.md", "CONTRIBUTING.md", "SECURITY.md", "CHANGELOG.md"}
	for _, dir := range []string{"docs", "deploy"} {
		for _, path := range filesBelow(t, dir) {
			if strings.HasSuffix(path, ".md") {
				all = append(all, path)
			}
		}
	}
	return all
}

// TestLinks follows every relative link of the documentation to its file and
// heading.
func TestLinks(t *testing.T) {
	t.Parallel()
	followed := 0
	for _, path := range pages(t) {
		for _, l := range link.FindAllStringSubmatch(fence.ReplaceAllString(read(t, path), ""), -1) {
			if strings.Contains(l[1], "://") || strings.HasPrefix(l[1], "mailto:") {
				continue
			}
			followed++
			checkLink(t, path, l[1])
		}
	}
	if followed < 20 {
		t.Errorf("only %d links were found", followed)
	}
}

func checkLink(t *testing.T, from, to string) {
	t.Helper()
	file, anchor, _ := strings.Cut(to, "#")
	target := from
	if file != "" {
		target = filepath.Join(filepath.Dir(from), file)
	}
	if _, err := os.Stat(filepath.Join(root, target)); err != nil {
		t.Errorf("%s links to %s, which is not there", from, to)
		return
	}
	if anchor != "" && !slices.Contains(anchorsOf(read(t, target)), anchor) {
		t.Errorf("%s links to %s, but %s has no such heading", from, to, target)
	}
}
