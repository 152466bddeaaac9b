package merchant_test

import (
	"bytes"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/vezne/vezne/internal/fault"
)

func TestCreateCredential(t *testing.T) {
	t.Parallel()
	t.Run("works_at_once_beside_the_others", func(t *testing.T) {
		t.Parallel()
		n := newNode(newMemory())
		c, err := n.service.CreateCredential(t.Context(), 1, "warehouse", "", owner("admin:demo"))
		if err != nil {
			t.Fatal(err)
		}
		p, err := n.directory.Authenticate(t.Context(), c.Key, string(c.Secret.Reveal()))
		if err != nil || p.MerchantID != 1 || p.CredentialID != c.ID {
			t.Fatalf("got %+v and %v", p, err)
		}
		if _, err := n.directory.Authenticate(t.Context(), "api-key", "secret-key"); err != nil {
			t.Fatal(err)
		}
	})
	t.Run("leaves_an_audit_record_without_the_secret", func(t *testing.T) {
		t.Parallel()
		s := newMemory()
		c, err := newNode(s).service.CreateCredential(t.Context(), 1, "warehouse", "", owner("admin:demo"))
		if err != nil || len(s.records) != 1 {
			t.Fatalf("%d records, %v", len(s.records), err)
		}
		r := s.records[0]
		if r.Actor != "admin:demo" || r.Action != "credential.create" || r.MerchantID != 1 || r.ID == 0 {
			t.Fatalf("record %+v", r)
		}
		if bytes.Contains(r.Detail, c.Secret.Reveal()) || !bytes.Contains(r.Detail, []byte(c.Key)) {
			t.Fatalf("detail %s", r.Detail)
		}
	})
	t.Run("never_the_same_twice", func(t *testing.T) {
		t.Parallel()
		n := newNode(newMemory())
		a, errA := n.service.CreateCredential(t.Context(), 1, "a", "", owner("test"))
		b, errB := n.service.CreateCredential(t.Context(), 1, "b", "", owner("test"))
		if errA != nil || errB != nil || a.Key == b.Key || a.Secret.Equal(b.Secret) || a.ID == b.ID {
			t.Fatalf("%v, %v", errA, errB)
		}
	})
	t.Run("one_of_two_at_once_gets_a_name", func(t *testing.T) {
		t.Parallel()
		n := newNode(newMemory())
		var created, refused atomic.Int64
		var wg sync.WaitGroup
		for range 8 {
			wg.Go(func() {
				_, err := n.service.CreateCredential(t.Context(), 1, "warehouse", "", owner("test"))
				switch {
				case err == nil:
					created.Add(1)
				case fault.CodeOf(err) == fault.ValidationError:
					refused.Add(1)
				}
			})
		}
		wg.Wait()
		if created.Load() != 1 || refused.Load() != 7 {
			t.Fatalf("%d created, %d refused", created.Load(), refused.Load())
		}
	})
	t.Run("a_revoked_ones_name_is_free", func(t *testing.T) {
		t.Parallel()
		n := newNode(newMemory())
		if err := n.service.RevokeCredential(t.Context(), 1, 1, "test"); err != nil {
			t.Fatal(err)
		}
		if _, err := n.service.CreateCredential(t.Context(), 1, "main", "", owner("test")); err != nil {
			t.Fatal(err)
		}
	})
	for name, bad := range map[string]string{
		"a_taken_name_is_refused":                 "main",
		"no_name_is_refused":                      "",
		"a_name_with_control_bytes_is_refused":    "a\x00b",
		"a_name_of_invalid_utf8_is_refused":       "a\xff",
		"a_name_of_65_characters_is_refused":      strings.Repeat("ş", 65),
		"a_name_with_a_line_separator_is_refused": "a\u2028b",
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, err := newNode(newMemory()).service.CreateCredential(t.Context(), 1, bad, "", owner("test"))
			f := fault.From(err)
			if f.Code != fault.ValidationError || len(f.Fields) != 1 || f.Fields[0].Name != "name" {
				t.Fatalf("%v, want a fault on name", err)
			}
		})
	}
	t.Run("another_merchant_may_use_the_name", func(t *testing.T) {
		t.Parallel()
		n := newNode(newMemory())
		if _, err := n.service.CreateCredential(t.Context(), 1, "warehouse", "", owner("test")); err != nil {
			t.Fatal(err)
		}
		if _, err := n.service.CreateCredential(t.Context(), 2, "warehouse", "", owner("test")); err != nil {
			t.Fatal(err)
		}
	})
}

func TestRevokeCredential(t *testing.T) {
	t.Parallel()
	t.Run("another_merchants_credential_is_not_found", func(t *testing.T) {
		t.Parallel()
		n := newNode(newMemory())
		if err := n.service.RevokeCredential(t.Context(), 2, 1, "test"); fault.CodeOf(err) != fault.NoSuchThing {
			t.Fatalf("%v, want NOT_FOUND", err)
		}
		if _, err := n.directory.Authenticate(t.Context(), "api-key", "secret-key"); err != nil {
			t.Fatal(err)
		}
	})
	t.Run("twice_is_recorded_once", func(t *testing.T) {
		t.Parallel()
		s := newMemory()
		n := newNode(s)
		for range 2 {
			if err := n.service.RevokeCredential(t.Context(), 1, 1, "test"); err != nil {
				t.Fatal(err)
			}
		}
		if len(s.records) != 1 || s.records[0].Action != "credential.revoke" {
			t.Fatalf("records %+v", s.records)
		}
	})
	t.Run("leaves_the_others_working", func(t *testing.T) {
		t.Parallel()
		n := newNode(newMemory())
		c, err := n.service.CreateCredential(t.Context(), 1, "warehouse", "", owner("test"))
		if err != nil {
			t.Fatal(err)
		}
		if err := n.service.RevokeCredential(t.Context(), 1, 1, "test"); err != nil {
			t.Fatal(err)
		}
		if _, err := n.directory.Authenticate(t.Context(), c.Key, string(c.Secret.Reveal())); err != nil {
			t.Fatal(err)
		}
	})
}

func TestCredentials_shows_no_secret_and_no_other_merchants(t *testing.T) {
	t.Parallel()
	n := newNode(newMemory())
	all, _, err := n.service.CredentialPage(t.Context(), 1, "", 100)
	if err != nil || len(all) != 2 {
		t.Fatalf("%d credentials, %v", len(all), err)
	}
	for _, c := range all {
		if c.MerchantID != 1 || c.SealedSecret != nil || !c.Secret.IsEmpty() {
			t.Fatalf("credential %+v", c)
		}
	}
}
