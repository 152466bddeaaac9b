package browsertest

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/page"
	"github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/chromedp"
)

// axeVersion is what test/setup fetches from npm.
const axeVersion = "4.14.1"

// axe is axe-core, fetched by test/setup and kept out of the repository because
// of its license.
var axe = sync.OnceValues(func() (string, error) {
	dir, err := os.Getwd()
	for err == nil {
		text, readErr := os.ReadFile(filepath.Join(dir, ".tools", "axe-core-"+axeVersion, "axe.min.js"))
		if readErr == nil {
			return string(text), nil
		}
		parent := filepath.Dir(dir)
		if parent == dir {
			return "", fmt.Errorf("axe-core %s is not here: `make setup` fetches it", axeVersion)
		}
		dir = parent
	}
	return "", err
})

// violation is a rule that a page breaks.
type violation struct {
	ID     string `json:"id"`
	Impact string `json:"impact"`
	Nodes  []struct {
		HTML    string `json:"html"`
		Summary string `json:"failureSummary"`
	} `json:"nodes"`
}

// CheckAccessibility fails the test for everything that axe-core finds serious or
// critical on the page. It runs in a world of its own, so the page's policy stays
// as it is.
func (tab *Tab) CheckAccessibility(name string) {
	tab.t.Helper()
	script, err := axe()
	if err != nil {
		tab.t.Fatal(err)
	}
	tree := call(tab, page.GetFrameTree, cdp.Empty{})
	world := call(tab, page.CreateIsolatedWorld, page.CreateIsolatedWorldParams{FrameID: tree.FrameTree.Frame.ID})
	inWorld := func(p *runtime.EvaluateParams) { p.ContextID = world.ExecutionContextID }
	tab.Do(chromedp.Evaluate[chromedp.Void](script, inWorld))
	found := run(tab, chromedp.Evaluate[[]violation](
		`axe.run(document, {resultTypes: ['violations']}).then((r) => r.violations)`, inWorld, chromedp.EvalAwaitPromise))
	for _, v := range found {
		if !slices.Contains([]string{"serious", "critical"}, v.Impact) {
			continue
		}
		var where []string
		for _, n := range v.Nodes {
			where = append(where, n.HTML+"\n    "+n.Summary)
		}
		tab.t.Errorf("%s: %s (%s):\n    %s", name, v.ID, v.Impact, strings.Join(where, "\n    "))
	}
}
