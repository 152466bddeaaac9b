package connectortest

import (
	"errors"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/vezne/vezne/internal/card"
)

// searchForCardData looks for card numbers in everything that was said, shown or
// written, and for security codes in what was said.
func (b *bank) searchForCardData() {
	said := b.text()
	shown := string(b.control(http.MethodGet, "/_ledger", "", http.StatusOK))
	written := b.files()
	for _, c := range []card.Card{b.suite.cases.Approved, b.suite.cases.Declined} {
		for _, text := range []string{said, shown, written} {
			refuseText(b.t, text, c.PAN.Reveal())
			refuseText(b.t, text, `"`+c.CVV.Reveal()+`"`)
		}
	}
}

func (b *bank) text() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.said.String()
}

func (b *bank) files() string {
	var all strings.Builder
	err := filepath.WalkDir(b.dir, func(path string, d os.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		content, err := os.ReadFile(path) //nolint:gosec // the test's own folder
		all.Write(content)
		return err
	})
	if err != nil && !errors.Is(err, os.ErrNotExist) {
		b.t.Errorf("read ledger files: %v", err)
	}
	return all.String()
}

// refuseText fails without repeating what must not be there.
func refuseText(t *testing.T, text, secret string) {
	t.Helper()
	if i := strings.Index(text, secret); i >= 0 {
		t.Errorf("card data or a secret at byte %d of what was said, shown or written", i)
	}
}
