package ephemeral_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/vezne/vezne/internal/clock"
	"github.com/vezne/vezne/internal/ephemeral"
	"github.com/vezne/vezne/internal/fault"
	"github.com/vezne/vezne/internal/id"
	"github.com/vezne/vezne/internal/vault/vaulttest"
)

func openRedis(t *testing.T, address string) *ephemeral.Redis {
	t.Helper()
	r, err := ephemeral.OpenRedis(address)
	if err != nil {
		t.Fatal(err)
	}
	r.Timeout = patience
	t.Cleanup(func() { _ = r.Close() })
	return r
}

// eachStore runs a test on every implementation.
func eachStore(t *testing.T, run func(t *testing.T, s ephemeral.Store, c *clock.Manual)) {
	t.Helper()
	start := time.Date(2026, 11, 20, 12, 0, 0, 0, time.UTC)
	t.Run("memory", func(t *testing.T) {
		t.Parallel()
		c := clock.NewManual(start)
		run(t, ephemeral.NewMemory(c), c)
	})
	eachRedis(t, func(t *testing.T, address string) {
		t.Helper()
		run(t, openRedis(t, address), clock.NewManual(start))
	})
}

func wantGone(t *testing.T, s *ephemeral.Secrets, m id.Merchant, key string) {
	t.Helper()
	if got, err := s.Kept(t.Context(), m, key); fault.CodeOf(err) != fault.NoSuchThing {
		t.Errorf("kept %q, %v", got, err)
	}
}

func TestSecrets(t *testing.T) {
	t.Parallel()
	eachStore(t, func(t *testing.T, store ephemeral.Store, c *clock.Manual) {
		s := ephemeral.New(store, vaulttest.Sealer{}, c)
		keep := func(t *testing.T, m id.Merchant, key, plain string) {
			t.Helper()
			if err := s.Keep(t.Context(), m, key, []byte(plain), time.Hour); err != nil {
				t.Fatal(err)
			}
		}
		want := func(t *testing.T, m id.Merchant, key, plain string) {
			t.Helper()
			if got, err := s.Kept(t.Context(), m, key); err != nil || string(got) != plain {
				t.Errorf("kept %q, %v, want %q", got, err, plain)
			}
		}
		t.Run("what_was_kept_is_there_until_it_is_dropped", func(t *testing.T) {
			keep(t, 1, "a", "secret\x00\xff")
			want(t, 1, "a", "secret\x00\xff")
			want(t, 1, "a", "secret\x00\xff")
			for range 2 {
				if err := s.Drop(t.Context(), 1, "a"); err != nil {
					t.Fatal(err)
				}
				wantGone(t, s, 1, "a")
			}
		})
		t.Run("what_was_never_kept_is_gone", func(t *testing.T) { wantGone(t, s, 1, "never") })
		t.Run("second_secret_replaces_the_first", func(t *testing.T) {
			keep(t, 1, "b", "first")
			keep(t, 1, "b", "second")
			want(t, 1, "b", "second")
		})
		t.Run("merchants_do_not_see_each_other", func(t *testing.T) {
			keep(t, 1, "c", "mine")
			wantGone(t, s, 2, "c")
			if err := s.Drop(t.Context(), 2, "c"); err != nil {
				t.Fatal(err)
			}
			want(t, 1, "c", "mine")
		})
		t.Run("empty_secret_is_not_gone", func(t *testing.T) {
			keep(t, 1, "e", "")
			want(t, 1, "e", "")
		})
		t.Run("store_never_sees_the_secret", func(t *testing.T) {
			keep(t, 1, "f", "plain to see")
			raw, err := store.Get(t.Context(), "1:f")
			if err != nil || bytes.Contains(raw, []byte("plain to see")) {
				t.Errorf("stored %q, %v", raw, err)
			}
		})
		t.Run("value_moved_to_another_key_is_not_believed", func(t *testing.T) {
			keep(t, 1, "from", "moved")
			raw, err := store.Get(t.Context(), "1:from")
			if err != nil {
				t.Fatal(err)
			}
			for _, key := range []string{"to", "fro", "longer than that", "frok"} {
				if err := store.Put(t.Context(), "1:"+key, raw, time.Hour); err != nil {
					t.Fatal(err)
				}
				wantGone(t, s, 1, key)
			}
		})
		t.Run("spoilt_value_is_gone", func(t *testing.T) {
			if err := store.Put(t.Context(), "1:spoilt", []byte("whatever"), time.Hour); err != nil {
				t.Fatal(err)
			}
			wantGone(t, s, 1, "spoilt")
		})
		t.Run("crowd_keeps_and_drops", func(t *testing.T) {
			var wg sync.WaitGroup
			for i := range 64 {
				wg.Go(func() {
					key := fmt.Sprintf("crowd-%d", i)
					keep(t, 1, key, key)
					want(t, 1, key, key)
					if err := s.Drop(t.Context(), 1, key); err != nil {
						t.Error(err)
					}
				})
			}
			wg.Wait()
		})
		t.Run("secret_ends_with_its_time_and_cannot_be_brought_back", func(t *testing.T) {
			keep(t, 1, "g", "old")
			raw, err := store.Get(t.Context(), "1:g")
			if err != nil {
				t.Fatal(err)
			}
			c.Advance(time.Hour - time.Microsecond)
			want(t, 1, "g", "old")
			c.Advance(time.Microsecond)
			wantGone(t, s, 1, "g")
			if err := store.Put(t.Context(), "1:g", raw, time.Hour); err != nil {
				t.Fatal(err)
			}
			wantGone(t, s, 1, "g")
		})
	})
}

// silent is a store that does not answer.
type silent struct{}

var errSilent = errors.New("connection refused")

func (silent) Put(context.Context, string, []byte, time.Duration) error { return errSilent }
func (silent) Get(context.Context, string) ([]byte, error)              { return nil, errSilent }
func (silent) Delete(context.Context, string) error                     { return errSilent }

// What is away comes back: nobody may take it for a mistake of ours, or for a secret
// that is gone.
func TestSilentStoreIsUnavailable(t *testing.T) {
	t.Parallel()
	s := ephemeral.New(silent{}, vaulttest.Sealer{}, clock.NewManual(time.Unix(0, 0)))
	for name, ask := range map[string]func() error{
		"keep": func() error { return s.Keep(t.Context(), 1, "a", []byte("x"), time.Minute) },
		"kept": func() error { _, err := s.Kept(t.Context(), 1, "a"); return err },
		"drop": func() error { return s.Drop(t.Context(), 1, "a") },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if err := ask(); fault.KindOf(err) != fault.Unavailable || !errors.Is(err, errSilent) {
				t.Errorf("got %v", err)
			}
		})
	}
}

func TestMemory(t *testing.T) {
	t.Parallel()
	c := clock.NewManual(time.Date(2026, 11, 20, 12, 0, 0, 0, time.UTC))
	m := ephemeral.NewMemory(c)
	if err := m.Put(t.Context(), "a", []byte("x"), time.Minute); err != nil {
		t.Fatal(err)
	}
	c.Advance(2 * time.Minute)
	if _, err := m.Get(t.Context(), "a"); !errors.Is(err, ephemeral.ErrGone) || m.Len() != 0 {
		t.Errorf("after its end: %v, %d kept", err, m.Len())
	}
	for i := range 100_000 {
		if err := m.Put(t.Context(), fmt.Sprint(i), nil, time.Minute); err != nil {
			t.Fatal(err)
		}
	}
	if err := m.Put(t.Context(), "one more", nil, time.Minute); !errors.Is(err, ephemeral.ErrFull) {
		t.Errorf("one more: %v", err)
	}
	if err := m.Put(t.Context(), "7", nil, time.Minute); err != nil {
		t.Errorf("in place of another: %v", err)
	}
}

// away is a store that does not answer.
type away struct{}

var errAway = errors.New("no route to host")

func (away) Put(context.Context, string, []byte, time.Duration) error { return errAway }
func (away) Get(context.Context, string) ([]byte, error)              { return nil, errAway }
func (away) Delete(context.Context, string) error                     { return errAway }
