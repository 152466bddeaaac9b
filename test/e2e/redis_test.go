package e2e_test

import (
	"bytes"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/vezne/vezne/internal/ephemeral/redistest"
	"github.com/vezne/vezne/internal/storage"
	"github.com/vezne/vezne/internal/storage/storetest"
	"github.com/vezne/vezne/test/servertest"
)

// TestRedis_cards_in_flight restarts the server while a payer is at a bank that
// will want the card once more.
func TestRedis_cards_in_flight(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		redis        bool
		status, code string
		sales        int
	}{
		"with_redis_a_card_outlives_a_restart":         {redis: true, status: "SUCCESS", code: "SUCCESS", sales: 1},
		"in_memory_it_is_forgotten_and_no_money_moves": {status: "FAILED", code: "CARD_FORGOTTEN"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			o := servertest.Options{Dir: t.TempDir(), Simulator: servertest.StartSimulator(t), Args: []string{"--fixtures", cardAgain(t)}}
			if tt.redis {
				o.Environ = append(o.Environ, "VEZNE_REDIS="+redistest.Start(t))
			}
			first := servertest.Start(t, o)
			shop := openShop(t)
			id, html := enrolled(t, first, shop.secured("orderId", quoted(t.Name())))
			authenticate(t, first, html, "a")
			key := shop.Got("/success").Get("securityKey")
			if key == "" {
				t.Fatalf("the shop got %v", shop.Got("/failure"))
			}
			if code := first.Stop(); code != 0 {
				t.Fatal("exit code", code)
			}
			second := servertest.Start(t, o)
			a, ok := second.Send(t, completion(id, key))
			if !ok || a.Text("status") != tt.status || a.Text("resultCode") != tt.code {
				t.Errorf("complete: %d %s", a.Status, a.Body)
			}
			sales := 0
			for _, r := range second.Bank(t) {
				if r.Status == "approved" {
					sales++
				}
			}
			if sales != tt.sales {
				t.Errorf("%d sales at the bank, want %d", sales, tt.sales)
			}
			second.CheckBooks(t, servertest.Admin(), id)
		})
	}
}

// cardAgain is the demo's data with a bank that wants the card again.
func cardAgain(t *testing.T) string {
	t.Helper()
	demo, err := os.ReadFile("../../internal/fixture/demo.yaml")
	if err != nil {
		t.Fatal(err)
	}
	const before, after = "settings: {terminal: AKBANK}\n", "settings: {terminal: AKBANK, card_again: \"yes\"}\n"
	if !bytes.Contains(demo, []byte(before)) {
		t.Fatal("the demo's data has another form than expected")
	}
	path := filepath.Join(t.TempDir(), "fixtures.yaml")
	if err := os.WriteFile(path, bytes.Replace(demo, []byte(before), []byte(after), 1), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// TestRedis_limits_are_shared_by_nodes uses a limit up at one node and meets it at
// the other. A node counts by itself while Redis takes longer than its bound, which
// a busy machine brings about now and then, so each is tried a few times; a node
// that never heard of the other would let every one of them pass.
func TestRedis_limits_are_shared_by_nodes(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	o := servertest.Options{Engine: storage.PostgreSQL, DSN: storetest.EmptyDSN(t, storage.PostgreSQL), LogLevel: "info", Environ: []string{
		"VEZNE_REDIS=" + redistest.Start(t), "VEZNE_KEYSET=" + filepath.Join(dir, "keyset.json"), "VEZNE_RATE_LIMIT=2",
	}}
	one, two := servertest.Start(t, o), servertest.Start(t, o)
	send := func(t *testing.T, s *servertest.Server, r servertest.Request) servertest.Answer {
		t.Helper()
		a, ok := s.Send(t, r)
		if !ok {
			t.Fatal("no answer")
		}
		return a
	}
	t.Run("requests_of_a_credential", func(t *testing.T) {
		t.Parallel()
		for _, as := range []servertest.Credential{servertest.Merchant(), servertest.OtherMerchant()} {
			look := servertest.Request{Method: http.MethodGet, Path: "/api/payment/0190163d-0000-7000-8000-000000000000", As: as}
			for range 3 { // the other node alone would let four pass at once
				<-time.After(time.Second) // a node whose first word to Redis was slow counts alone for a moment
				for range 200 {
					if limited(send(t, one, look)) {
						break
					}
				}
				if limited(send(t, two, look)) {
					return
				}
			}
		}
		t.Error("what one node has counted is nothing to the other")
	})
	t.Run("wrong_logins_of_an_email_address", func(t *testing.T) {
		t.Parallel()
		for n := range 4 { // of less than 30 from one peer
			login := servertest.Request{
				Method: http.MethodPost, Path: "/admin/v1/session", As: servertest.Nobody(),
				Body: fmt.Sprintf(`{"email":"nobody-%d@example.com","password":"not-the-password"}`, n),
			}
			for range 5 {
				if a := send(t, one, login); a.Status != http.StatusUnauthorized {
					t.Fatalf("status %d: %s", a.Status, a.Body)
				}
			}
			if limited(send(t, two, login)) {
				return
			}
		}
		t.Error("what one node has counted is nothing to the other")
	})
}
