// Package browsertest runs Debian's Chromium for tests that use pages as people
// do, holds every page to what is promised of all of them, and asks axe-core what
// a screen reader's user would stumble over.
package browsertest

import (
	"context"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/cdproto/log"
	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/chromedp"

	"github.com/vezne/vezne/test/program"
	"github.com/vezne/vezne/test/wait"
)

// Options are how a tab looks at pages. The zero value is a large screen and an
// English browser with scripts.
type Options struct {
	// Language is the Accept-Language header.
	Language string
	// Width is the screen's, in CSS pixels.
	Width    int
	NoScript bool
	// Dark says that the screen is dark.
	Dark bool
}

// Browser is a running Chromium.
type Browser struct{ ctx context.Context }

// Start starts a Chromium with a profile of its own, which ends with the test.
func Start(t testing.TB) *Browser {
	t.Helper()
	path, err := program.Find("chromium")
	if err != nil {
		t.Fatalf("Chromium for tests: %v", err)
	}
	allocator, stop := chromedp.NewExecAllocator(context.WithoutCancel(t.Context()),
		chromedp.ExecPath(path), chromedp.UserDataDir(t.TempDir()), chromedp.NoSandbox, chromedp.NoFirstRun,
		chromedp.Flag("headless", "new"), chromedp.Flag("disable-gpu", true), chromedp.Flag("disable-quic", true),
		chromedp.Flag("disable-background-networking", true), chromedp.Flag("disable-component-update", true),
		chromedp.Flag("disable-sync", true), chromedp.Flag("disable-dev-shm-usage", true),
		chromedp.Flag("hide-scrollbars", true),
		// A page out of this cache loads nothing that could be waited for, and answers nobody.
		chromedp.Flag("disable-features", "BackForwardCache"),
		chromedp.WSURLReadTimeout(wait.Limit))
	ctx, cancel := chromedp.NewContext(allocator)
	t.Cleanup(func() {
		cancel()
		stop()
	})
	if err := chromedp.Do(ctx); err != nil {
		t.Fatalf("start Chromium: %v", err)
	}
	return &Browser{ctx: ctx}
}

// Tab is an open tab and what its pages did.
type Tab struct {
	t   testing.TB
	ctx context.Context

	mu       sync.Mutex
	problems []string
	hosts    map[string]bool
	bytes    float64
}

// Tab opens a tab, closed when the test ends. The test fails if a page breaks its
// own Content-Security-Policy or its script throws.
func (b *Browser) Tab(t testing.TB, o Options) *Tab {
	t.Helper()
	if o.Language == "" {
		o.Language = "en"
	}
	if o.Width == 0 {
		o.Width = 1280
	}
	ctx, cancel := chromedp.NewContext(b.ctx)
	if err := chromedp.Do(ctx); err != nil {
		t.Fatalf("open tab: %v", err)
	}
	ctx, stop := context.WithTimeout(ctx, wait.Limit)
	tab := &Tab{t: t, ctx: ctx, hosts: make(map[string]bool)}
	t.Cleanup(func() {
		stop()
		cancel()
		for _, p := range tab.Problems() {
			t.Errorf("browser: %s", p)
		}
	})
	if err := chromedp.Listen(ctx, tab.note); err != nil {
		t.Fatalf("listen to tab: %v", err)
	}
	call(tab, network.Enable, network.EnableParams{})
	call(tab, log.Enable, cdp.Empty{})
	call(tab, network.SetExtraHTTPHeaders, network.SetExtraHTTPHeadersParams{Headers: network.Headers{"Accept-Language": o.Language}})
	call(tab, emulation.SetDeviceMetricsOverride, emulation.SetDeviceMetricsOverrideParams{
		Width: int64(o.Width), Height: 800, DeviceScaleFactor: 1, Mobile: o.Width < 600,
	})
	call(tab, emulation.SetScriptExecutionDisabled, emulation.SetScriptExecutionDisabledParams{Value: o.NoScript})
	if o.Dark {
		call(tab, emulation.SetEmulatedMedia, emulation.SetEmulatedMediaParams{
			Features: []*emulation.MediaFeature{{Name: "prefers-color-scheme", Value: "dark"}},
		})
	}
	return tab
}

// AllowScripts lets scripts run from now on. Those of the page that is shown have
// had their chance.
func (tab *Tab) AllowScripts() {
	tab.t.Helper()
	call(tab, emulation.SetScriptExecutionDisabled, emulation.SetScriptExecutionDisabledParams{})
}

// call sends a command of the protocol.
func call[P, R any](tab *Tab, command cdp.Command[P, R], params P) R {
	tab.t.Helper()
	answer, err := chromedp.Call(tab.ctx, command, params)
	if err != nil {
		tab.fail(err)
	}
	return answer
}

// note remembers what a page asked for and what went wrong. That a page has a
// status other than 200 is no mistake of the page's.
func (tab *Tab) note(event any) {
	tab.mu.Lock()
	defer tab.mu.Unlock()
	switch e := event.(type) {
	case *log.EventEntryAdded:
		if e.Entry.Level == log.EntryLevelError && e.Entry.Source != log.EntrySourceNetwork {
			tab.problems = append(tab.problems, e.Entry.Text)
		}
	case *runtime.EventExceptionThrown:
		tab.problems = append(tab.problems, e.ExceptionDetails.Text)
	case *network.EventRequestWillBeSent:
		if u, err := url.Parse(e.Request.URL); err == nil && u.Host != "" {
			tab.hosts[u.Host] = true
		}
	case *network.EventLoadingFinished:
		tab.bytes += e.EncodedDataLength
	}
}

// Problems returns what pages did wrong so far.
func (tab *Tab) Problems() []string {
	tab.mu.Lock()
	defer tab.mu.Unlock()
	return append([]string(nil), tab.problems...)
}

// Hosts returns the hosts and ports that anything was asked of.
func (tab *Tab) Hosts() []string {
	tab.mu.Lock()
	defer tab.mu.Unlock()
	var all []string
	for h := range tab.hosts {
		all = append(all, h)
	}
	return all
}

// Bytes returns how many bytes came over the wire, headers included.
func (tab *Tab) Bytes() int {
	tab.mu.Lock()
	defer tab.mu.Unlock()
	return int(tab.bytes)
}

// Do runs actions and fails the test on an error.
func (tab *Tab) Do(actions ...chromedp.Action[chromedp.Void]) {
	tab.t.Helper()
	if err := chromedp.Do(tab.ctx, actions...); err != nil {
		tab.fail(err)
	}
}

func run[T any](tab *Tab, a chromedp.Action[T]) T {
	tab.t.Helper()
	value, err := chromedp.Run(tab.ctx, a)
	if err != nil {
		tab.fail(err)
	}
	return value
}

// fail ends the test, saying where the tab is.
func (tab *Tab) fail(err error) {
	tab.t.Helper()
	look, cancel := context.WithTimeout(context.WithoutCancel(tab.ctx), 5*time.Second)
	defer cancel()
	where, _ := chromedp.Run(look, chromedp.Location())  // only to say more
	text, _ := chromedp.Run(look, chromedp.Text("body")) // only to say more
	tab.t.Fatalf("browser: %v\nat %s:\n%s", err, where, text)
}

// Location returns the address that the tab shows.
func (tab *Tab) Location() string {
	tab.t.Helper()
	return run(tab, chromedp.Location())
}

// Text returns the visible text of the first element of a selector, with plain
// spaces.
func (tab *Tab) Text(selector string) string {
	tab.t.Helper()
	text := run(tab, chromedp.Text(chromedp.CSS(selector)))
	return strings.NewReplacer("\u00a0", " ", "\u202f", " ").Replace(text)
}

// Eval returns the value of an expression of JavaScript.
func Eval[T any](tab *Tab, expression string) T {
	tab.t.Helper()
	return run(tab, chromedp.Evaluate[T](expression))
}

// Open goes to an address.
func (tab *Tab) Open(address string) {
	tab.t.Helper()
	tab.Do(chromedp.Navigate(address))
}

// Type types into a field.
func (tab *Tab) Type(selector, text string) {
	tab.t.Helper()
	tab.Do(chromedp.SendKeys(chromedp.CSS(selector), text))
}

// Click clicks on an element.
func (tab *Tab) Click(selector string) {
	tab.t.Helper()
	tab.Do(chromedp.Click(chromedp.CSS(selector)))
}

// Await waits until an element is visible.
func (tab *Tab) Await(selector string) {
	tab.t.Helper()
	tab.Do(chromedp.WaitVisible(chromedp.CSS(selector)))
}

// Screenshot returns the whole page as a PNG.
func (tab *Tab) Screenshot() []byte {
	tab.t.Helper()
	return run(tab, chromedp.FullScreenshot(100))
}

// View returns what the screen shows as a PNG, for pages that are too long for
// Screenshot.
func (tab *Tab) View() []byte {
	tab.t.Helper()
	return run(tab, chromedp.CaptureScreenshot())
}
