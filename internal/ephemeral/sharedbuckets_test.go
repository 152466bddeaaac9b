//go:build !quick

package ephemeral_test

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/vezne/vezne/internal/ephemeral"
	"github.com/vezne/vezne/internal/ephemeral/redistest"
	"github.com/vezne/vezne/internal/limit"
	"github.com/vezne/vezne/internal/secret"
)

func TestSharedBuckets(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 11, 20, 12, 0, 0, 0, time.UTC)
	t.Run("nodes_share_one_budget", func(t *testing.T) {
		t.Parallel()
		address := redistest.Start(t)
		one := &limited{Buckets: share(newBuckets(t, address), rate), now: now}
		two := &limited{Buckets: share(newBuckets(t, address), rate), now: now}
		one.take(t, "a", 2)
		two.take(t, "a", 2)
		wantWait(t, one.Take(t.Context(), "a", now), 3*time.Hour)
		wantWait(t, two.Check(t.Context(), "a", now), 3*time.Hour)
	})
	t.Run("node_counts_alone_while_the_server_is_gone", func(t *testing.T) {
		t.Parallel()
		address := redistest.Start(t)
		b := newBuckets(t, address)
		var heard []error
		b.OnAway = func(reason error) { heard = append(heard, reason) }
		node := &limited{Buckets: share(b, rate), now: now}
		node.take(t, "a", 4)
		wantWait(t, node.Take(t.Context(), "a", now), 3*time.Hour)
		cli(t, address, "shutdown", "nosave")
		node.take(t, "a", 4)
		wantWait(t, node.Take(t.Context(), "a", now), 3*time.Hour)
		wantWait(t, node.Check(t.Context(), "a", now), 3*time.Hour)
		if len(heard) != 1 || heard[0] == nil {
			t.Errorf("heard %v, want one reason", heard)
		}
	})
	t.Run("server_that_hangs_is_not_waited_for", func(t *testing.T) {
		t.Parallel()
		address := redistest.Start(t)
		b := ephemeral.NewBuckets(openRedis(t, address), secret.New(make([]byte, 32)))
		cli(t, address, "client", "pause", "600000", "all")
		if _, err := b.Take(t.Context(), "a", rate); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("error = %v, want the deadline", err)
		}
		node := &limited{Buckets: share(b, rate), now: now}
		node.take(t, "a", 4)
		wantWait(t, node.Take(t.Context(), "a", now), 3*time.Hour)
	})
	t.Run("caller_who_hangs_up_is_counted", func(t *testing.T) {
		t.Parallel()
		address := redistest.Start(t)
		b := newBuckets(t, address)
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		if _, err := b.Take(ctx, "a", limit.Rate{Every: time.Hour, Burst: 1}); err != nil {
			t.Fatal(err)
		}
		wait, err := b.Check(t.Context(), "a", limit.Rate{Every: time.Hour, Burst: 1})
		if err != nil || wait <= 0 {
			t.Errorf("wait = %s, %v", wait, err)
		}
	})
	t.Run("server_sees_no_key_and_forgets_a_full_bucket", func(t *testing.T) {
		t.Parallel()
		address := redistest.Start(t)
		if _, err := newBuckets(t, address).Take(t.Context(), "192.0.2.1", rate); err != nil {
			t.Fatal(err)
		}
		name := strings.TrimSpace(cli(t, address, "keys", "*"))
		if !strings.HasPrefix(name, "vezne:limit:") || strings.Contains(name, "192.0.2.1") ||
			len(name) != len("vezne:limit:")+43 {
			t.Errorf("the server has %q", name)
		}
		if left, err := time.ParseDuration(strings.TrimSpace(cli(t, address, "pttl", name)) + "ms"); err != nil ||
			left <= 3*time.Hour-slack || left > 3*time.Hour {
			t.Errorf("ends in %s, %v", left, err)
		}
	})
}
