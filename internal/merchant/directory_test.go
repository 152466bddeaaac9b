package merchant_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/vezne/vezne/internal/cache"
	"github.com/vezne/vezne/internal/clock"
	"github.com/vezne/vezne/internal/fault"
	"github.com/vezne/vezne/internal/id"
	"github.com/vezne/vezne/internal/merchant"
	"github.com/vezne/vezne/internal/vault/vaulttest"
)

// node is what one process has over the shared store.
type node struct {
	watcher   *cache.Watcher
	directory *merchant.Directory
	service   *merchant.Service
}

func newNode(s *memory) *node {
	w := cache.NewWatcher(s, clock.System{}, cache.Interval)
	b := cache.Bounds{Values: 100, Misses: 100, MissAge: time.Second}
	l := merchant.NewLoader(s, vaulttest.Sealer{}, clock.System{})
	return &node{
		watcher: w,
		directory: merchant.NewDirectory(
			cache.New(w, b, l.Account), cache.New(w, b, l.AdminAccount), clock.System{}, nil,
		),
		service: merchant.NewService(merchant.Options{
			Store: s, Sealer: vaulttest.Sealer{}, IDs: id.NewGenerator(s), Clock: clock.System{}, Caches: w,
		}),
	}
}

// run keeps the node's watcher running until the test ends.
func (n *node) run(t *testing.T) *node {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	var wg sync.WaitGroup
	wg.Go(func() { n.watcher.Run(ctx) })
	t.Cleanup(func() { cancel(); wg.Wait() })
	return n
}

func TestAuthenticate(t *testing.T) {
	t.Parallel()
	s := newMemory()
	n := newNode(s)
	if err := n.service.RevokeCredential(t.Context(), 2, 2, "test"); err != nil {
		t.Fatal(err)
	}
	tests := []struct{ name, key, secret string }{
		{"an_unknown_key_is_refused", "no-such-key", "secret-key"},
		{"a_wrong_secret_is_refused", "api-key", "secret-kez"},
		{"a_longer_secret_is_refused", "api-key", "secret-key-and-more"},
		{"no_secret_is_refused", "api-key", ""},
		{"no_key_is_refused", "", "secret-key"},
		{"another_credentials_secret_is_refused", "api-key", "other-secret-key"},
		{"a_revoked_credential_is_refused", "other-api-key", "other-secret-key"},
		{"a_credential_of_an_inactive_merchant_is_refused", "closed-api-key", "closed-secret-key"},
		{"an_empty_stored_secret_never_matches", "empty-api-key", ""},
		{"a_key_of_absurd_length_is_refused", strings.Repeat("k", 65536), "secret-key"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			p, err := n.directory.Authenticate(t.Context(), tt.key, tt.secret)
			want := fault.New(fault.Unauthenticated, fault.Unauthorized, "the credentials are missing or wrong")
			if diff := cmp.Diff(want, fault.From(err)); diff != "" || p != (merchant.Principal{}) {
				t.Fatalf("%v, want the one fault of all refusals:\n%s", p, diff)
			}
		})
	}
	t.Run("key_and_secret_are_accepted", func(t *testing.T) {
		t.Parallel()
		got, err := n.directory.Authenticate(t.Context(), "api-key", "secret-key")
		want := merchant.Principal{MerchantID: 1, CredentialID: 1, Actor: "credential:1"}
		if err != nil || got != want {
			t.Fatalf("got %+v and %v", got, err)
		}
	})
}

func TestAuthenticate_a_store_that_is_down_is_no_refusal(t *testing.T) {
	t.Parallel()
	s := newMemory()
	s.down = fault.New(fault.Unavailable, fault.ServiceUnavailable, "down")
	_, err := newNode(s).directory.Authenticate(t.Context(), "api-key", "secret-key")
	if fault.KindOf(err) != fault.Unavailable {
		t.Fatalf("%v, want the store's own fault", err)
	}
}

func TestAuthenticate_known_and_unknown_keys_are_read_once(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := newMemory()
		n := newNode(s).run(t)
		synctest.Wait()
		for range 50 {
			if _, err := n.directory.Authenticate(t.Context(), "api-key", "secret-key"); err != nil {
				t.Fatal(err)
			}
			if _, err := n.directory.Authenticate(t.Context(), "no-such-key", "x"); err == nil {
				t.Fatal("accepted")
			}
		}
		if s.reads != 2 {
			t.Fatalf("%d reads, want one for each key", s.reads)
		}
	})
}

func TestRevokeCredential_works_on_every_node_within_a_second(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name string
		// down breaks the watcher of the other node before the revocation.
		down error
	}{
		{"while_all_is_well", nil},
		{"while_the_other_node_cannot_read_the_version", errors.New("down")},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				s := newMemory()
				here := newNode(s).run(t)
				there := newNode(s)
				versions := &breakable{Versioner: s}
				there.watch(versions, s)
				there.run(t)
				synctest.Wait()
				for _, n := range []*node{here, there} {
					if _, err := n.directory.Authenticate(t.Context(), "api-key", "secret-key"); err != nil {
						t.Fatal(err)
					}
				}
				versions.fail(tt.down)
				if err := here.service.RevokeCredential(t.Context(), 1, 1, "test"); err != nil {
					t.Fatal(err)
				}
				if _, err := here.directory.Authenticate(t.Context(), "api-key", "secret-key"); err == nil {
					t.Fatal("the node that revoked it accepts it")
				}
				time.Sleep(time.Second) //nolint:forbidigo // time in a bubble of testing/synctest is not real
				synctest.Wait()
				if _, err := there.directory.Authenticate(t.Context(), "api-key", "secret-key"); err == nil {
					t.Fatal("the other node accepts it after a second")
				}
			})
		})
	}
}

// watch replaces the node's watcher by one that reads versions from v.
func (n *node) watch(v cache.Versioner, s *memory) {
	n.watcher = cache.NewWatcher(v, clock.System{}, cache.Interval)
	b := cache.Bounds{Values: 100}
	l := merchant.NewLoader(s, vaulttest.Sealer{}, clock.System{})
	n.directory = merchant.NewDirectory(
		cache.New(n.watcher, b, l.Account), cache.New(n.watcher, b, l.AdminAccount), clock.System{}, nil,
	)
}

type breakable struct {
	cache.Versioner
	mu  sync.Mutex
	err error
}

func (b *breakable) fail(err error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.err = err
}

func (b *breakable) ConfigVersion(ctx context.Context) (int64, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.err != nil {
		return 0, b.err
	}
	return b.Versioner.ConfigVersion(ctx)
}

func TestAuthenticateAdmin(t *testing.T) {
	t.Parallel()
	n := newNode(newMemory())
	t.Run("a_token_is_accepted", func(t *testing.T) {
		t.Parallel()
		got, err := n.directory.AuthenticateAdmin(t.Context(), "demo-admin-token")
		want := merchant.AdminPrincipal{MerchantID: 1, Name: "demo", Role: merchant.RoleOwner, Actor: "admin:demo"}
		if err != nil || got != want {
			t.Fatalf("got %+v and %v", got, err)
		}
	})
	for name, token := range map[string]string{
		"an_unknown_token_is_refused":                "no-such-token",
		"no_token_is_refused":                        "",
		"a_token_of_an_inactive_merchant_is_refused": "closed-admin-token",
		"a_token_of_absurd_length_is_refused":        strings.Repeat("t", 65536),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p, err := n.directory.AuthenticateAdmin(t.Context(), token)
			if fault.KindOf(err) != fault.Unauthenticated || p != (merchant.AdminPrincipal{}) {
				t.Fatalf("%v and %v, want an Unauthenticated fault", p, err)
			}
		})
	}
}

func TestAccount_prints_no_secret(t *testing.T) {
	t.Parallel()
	a, err := merchant.NewLoader(newMemory(), vaulttest.Sealer{}, clock.System{}).Account(t.Context(), "api-key")
	if err != nil || string(a.Secret.Reveal()) != "secret-key" {
		t.Fatalf("no secret, or %v", err)
	}
	if got := fmt.Sprintf("%+v %#v", a, a); strings.Contains(got, "secret-key") {
		t.Fatal("it prints the secret")
	}
}

func BenchmarkAuthenticate(b *testing.B) {
	n := newNode(newMemory())
	go n.watcher.Run(b.Context())
	for b.Loop() {
		if _, err := n.directory.Authenticate(b.Context(), "api-key", "secret-key"); err != nil {
			b.Fatal(err)
		}
	}
}
