package e2e_test

import (
	"bytes"
	"io"
	"testing"

	"github.com/vezne/vezne/internal/cli"
	"github.com/vezne/vezne/internal/storage"
	"github.com/vezne/vezne/internal/storage/storetest"
	"github.com/vezne/vezne/test/servertest"
)

// TestServer runs everything that many callers may do at once on one server of
// each engine, and afterwards proves the books as a whole and that no card
// number was left behind.
func TestServer(t *testing.T) {
	t.Parallel()
	groups := map[string]func(*testing.T, *servertest.Server){
		"readme":      testReadme,
		"payments":    testPayments,
		"cards":       testCards,
		"orders":      testOrders,
		"idempotency": testIdempotency,
		"crowds":      testCrowds,
		"captures":    testCaptures,
		"refunds":     testRefunds,
		"voids":       testVoids,
		"isolation":   testIsolation,
		"lists":       testLists,
		"transport":   testTransport,
		"routing":     testRouting,
		"threeds":     testThreeDS,
		"checkouts":   testCheckouts,
	}
	for _, engine := range storetest.Engines {
		t.Run(string(engine), func(t *testing.T) {
			t.Parallel()
			s := servertest.Start(t, servertest.Options{Engine: engine})
			t.Run("does", func(t *testing.T) {
				for name, group := range groups {
					t.Run(name, func(t *testing.T) {
						t.Parallel()
						group(t, s)
					})
				}
			})
			t.Run("books_agree_with_the_bank", func(t *testing.T) { reconcile(t, s) })
			if code := s.Stop(); code != 0 {
				t.Errorf("exit code %d after a drain", code)
			}
			t.Run("ledger_verifies", func(t *testing.T) { verifyLedger(t, s) })
			t.Run("leaves_no_card_number", func(t *testing.T) { searchLeaks(t, s) })
		})
	}
}

// verifyLedger runs `vezne ledger verify` on what the server left.
func verifyLedger(t *testing.T, s *servertest.Server) {
	t.Helper()
	args := []string{"ledger", "verify", "--data", s.Dir}
	if s.Engine == storage.PostgreSQL {
		args = []string{"ledger", "verify", "--database", s.DSN}
	}
	var said bytes.Buffer
	if code := cli.Run(t.Context(), args, cli.World{Stdout: io.MultiWriter(&said), Stderr: &said}); code != 0 {
		t.Errorf("exit code %d: %s", code, said.String())
	}
}
