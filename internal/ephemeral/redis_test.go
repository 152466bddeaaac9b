//go:build !quick

package ephemeral_test

import (
	"fmt"
	"os/exec"
	"strings"
	"testing"
	"time"

	"github.com/vezne/vezne/internal/clock"
	"github.com/vezne/vezne/internal/ephemeral"
	"github.com/vezne/vezne/internal/ephemeral/redistest"
	"github.com/vezne/vezne/internal/fault"
	"github.com/vezne/vezne/internal/vault/vaulttest"
)

func TestRedis(t *testing.T) {
	t.Parallel()
	t.Run("value_ends_on_the_server", func(t *testing.T) {
		t.Parallel()
		address := redistest.Start(t)
		if err := openRedis(t, address).Put(t.Context(), "a", []byte("x"), 30*time.Minute); err != nil {
			t.Fatal(err)
		}
		said, err := exec.CommandContext(t.Context(), "redis-cli", "-u", address, "pttl", "vezne:ephemeral:a").Output() //nolint:gosec // the test's own
		var left int64
		if _, scan := fmt.Sscan(string(said), &left); err != nil || scan != nil || left <= 0 ||
			left > (30*time.Minute).Milliseconds() {
			t.Errorf("ends in %q, %v", said, err)
		}
	})
	t.Run("nodes_share_what_is_kept", func(t *testing.T) {
		t.Parallel()
		address := redistest.Start(t)
		one, two := openRedis(t, address), openRedis(t, address)
		if err := one.Put(t.Context(), "a", []byte("x"), time.Minute); err != nil {
			t.Fatal(err)
		}
		if got, err := two.Get(t.Context(), "a"); err != nil || string(got) != "x" {
			t.Errorf("the other node has %q, %v", got, err)
		}
	})
	t.Run("server_that_is_away_is_no_loss", func(t *testing.T) {
		t.Parallel()
		s := ephemeral.New(away{}, vaulttest.Sealer{}, clock.System{})
		if _, err := s.Kept(t.Context(), 1, "a"); err == nil || fault.CodeOf(err) == fault.NoSuchThing {
			t.Errorf("error = %v, want none that says it is gone", err)
		}
	})
	t.Run("server_that_cannot_be_reached_is_told_at_the_start", func(t *testing.T) {
		t.Parallel()
		if r, err := ephemeral.OpenRedis("redis://:hidden@127.0.0.1:1/0"); err == nil ||
			strings.Contains(err.Error(), "hidden") {
			t.Errorf("opened %v, %v", r, err)
		}
		if r, err := ephemeral.OpenRedis("redis://:hid\x7fden@%%"); err == nil || strings.Contains(err.Error(), "hid") {
			t.Errorf("opened %v, %v", r, err)
		}
	})
}
