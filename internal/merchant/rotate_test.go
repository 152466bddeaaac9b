package merchant_test

import (
	"context"
	"testing"
	"time"

	"github.com/vezne/vezne/internal/cache"
	"github.com/vezne/vezne/internal/clock"
	"github.com/vezne/vezne/internal/fault"
	"github.com/vezne/vezne/internal/id"
	"github.com/vezne/vezne/internal/merchant"
	"github.com/vezne/vezne/internal/vault/vaulttest"
)

// timed is a node whose clock the test sets.
func timed(s *memory) (*node, *clock.Manual, *uses) {
	c := clock.NewManual(time.Date(2026, 11, 20, 12, 0, 0, 0, time.UTC))
	w := cache.NewWatcher(s, c, cache.Interval)
	b := cache.Bounds{Values: 100}
	l := merchant.NewLoader(s, vaulttest.Sealer{}, c)
	u := &uses{}
	log := merchant.NewUses(u, nil)
	u.flush = log.Flush
	return &node{
		watcher: w,
		directory: merchant.NewDirectory(
			cache.New(w, b, l.Account), cache.New(w, b, l.AdminAccount), c, log,
		),
		service: merchant.NewService(merchant.Options{Store: s, Sealer: vaulttest.Sealer{}, IDs: id.NewGenerator(s), Clock: c, Caches: w}),
	}, c, u
}

// uses keeps the uses of credentials that were written.
type uses struct {
	flush   func(context.Context) error
	written [][]merchant.Use
}

func (u *uses) SaveUses(_ context.Context, all []merchant.Use) error {
	u.written = append(u.written, all)
	return nil
}

func TestRotateCredential(t *testing.T) {
	t.Parallel()
	t.Run("both_work_until_the_time_given_and_then_the_new_one", func(t *testing.T) {
		t.Parallel()
		n, c, _ := timed(newMemory())
		fresh, err := n.service.RotateCredential(t.Context(), 1, 1, c.Now().Add(time.Hour), owner("test"))
		if err != nil {
			t.Fatal(err)
		}
		works := func(key, secret string) bool {
			_, err := n.directory.Authenticate(t.Context(), key, secret)
			return err == nil
		}
		if !works("api-key", "secret-key") || !works(fresh.Key, string(fresh.Secret.Reveal())) || fresh.Name != "main" {
			t.Errorf("one of both does not work: %+v", fresh)
		}
		c.Advance(time.Hour - time.Second)
		if !works("api-key", "secret-key") {
			t.Error("the old one ended early")
		}
		c.Advance(time.Second) // what is cached must end too
		if works("api-key", "secret-key") || !works(fresh.Key, string(fresh.Secret.Reveal())) {
			t.Error("the old one works on, or the new one does not")
		}
	})
	t.Run("an_overlap_can_be_cut_short", func(t *testing.T) {
		t.Parallel()
		n, c, _ := timed(newMemory())
		if _, err := n.service.RotateCredential(t.Context(), 1, 1, c.Now().Add(time.Hour), owner("test")); err != nil {
			t.Fatal(err)
		}
		if err := n.service.RevokeCredential(t.Context(), 1, 1, "test"); err != nil {
			t.Fatal(err)
		}
		if _, err := n.directory.Authenticate(t.Context(), "api-key", "secret-key"); err == nil {
			t.Error("the old one works on")
		}
	})
	t.Run("is_refused", func(t *testing.T) {
		t.Parallel()
		n, c, _ := timed(newMemory())
		for name, r := range map[string]struct {
			merchant   id.Merchant
			credential id.Credential
			until      time.Duration
			code       fault.Code
		}{
			"for_the_past":        {1, 1, -time.Second, fault.ValidationError},
			"for_too_long":        {1, 1, merchant.MaxOverlap + time.Second, fault.ValidationError},
			"of_another_merchant": {2, 1, time.Hour, fault.NoSuchThing},
		} {
			_, err := n.service.RotateCredential(t.Context(), r.merchant, r.credential, c.Now().Add(r.until), owner("test"))
			if fault.CodeOf(err) != r.code {
				t.Errorf("%s: %v, want %s", name, err, r.code)
			}
		}
		for i, want := range []fault.Code{"", fault.NotRotatable} {
			_, err := n.service.RotateCredential(t.Context(), 1, 1, c.Now().Add(time.Hour), owner("test"))
			if (err != nil) != (i == 1) || (err != nil && fault.CodeOf(err) != want) {
				t.Errorf("time %d: %v", i+1, err)
			}
		}
	})
}

func TestAdminTokens(t *testing.T) {
	t.Parallel()
	n, _, _ := timed(newMemory())
	token, plain, err := n.service.CreateAdminToken(t.Context(), 1, "ci", merchant.RoleDeveloper, "test")
	if err != nil {
		t.Fatal(err)
	}
	p, err := n.directory.AuthenticateAdmin(t.Context(), string(plain.Reveal()))
	if err != nil || p.Role != merchant.RoleDeveloper || p.MerchantID != 1 {
		t.Fatalf("%+v, %v", p, err)
	}
	if err := n.service.RevokeAdminToken(t.Context(), 2, token.Handle(), "test"); fault.CodeOf(err) != fault.NoSuchThing {
		t.Errorf("another merchant revokes it: %v", err)
	}
	if err := n.service.RevokeAdminToken(t.Context(), 1, token.Handle(), "test"); err != nil {
		t.Fatal(err)
	}
	if _, err := n.directory.AuthenticateAdmin(t.Context(), string(plain.Reveal())); err == nil {
		t.Error("it works on")
	}
	if _, _, err := n.service.CreateAdminToken(t.Context(), 1, "ci", "root", "test"); fault.CodeOf(err) != fault.ValidationError {
		t.Errorf("an unknown role: %v", err)
	}
}

func TestUses_of_many_requests_are_written_once(t *testing.T) {
	t.Parallel()
	n, c, u := timed(newMemory())
	for range 100 {
		c.Advance(time.Second)
		if _, err := n.directory.Authenticate(t.Context(), "api-key", "secret-key"); err != nil {
			t.Fatal(err)
		}
	}
	_, _ = n.directory.Authenticate(t.Context(), "other-api-key", "wrong") // refused, and so no use
	for range 2 {
		if err := u.flush(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	if len(u.written) != 1 || len(u.written[0]) != 1 || u.written[0][0].CredentialID != 1 ||
		!u.written[0][0].At.Equal(c.Now()) {
		t.Errorf("written %+v", u.written)
	}
}
