package merchant_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/vezne/vezne/internal/fault"
	"github.com/vezne/vezne/internal/merchant"
)

func editor(role merchant.Role) merchant.Editor { return merchant.Editor{Role: role, Actor: "test"} }

// owner may do everything.
func owner(actor string) merchant.Editor {
	return merchant.Editor{Role: merchant.RoleOwner, Actor: actor}
}

// TestScopes holds that nobody makes a key that may do more than its maker, on any of
// the ways to one.
func TestScopes(t *testing.T) {
	t.Parallel()
	t.Run("names_are_read_in_any_order", func(t *testing.T) {
		t.Parallel()
		s, err := merchant.ParseScopes([]string{"refund", "pay", "refund"})
		if err != nil || !slices.Equal(s.Names(), []string{"pay", "refund"}) {
			t.Errorf("scopes %q, %v", s, err)
		}
		if s.Has(merchant.ScopeRead) || !s.Has(merchant.ScopeRead, merchant.ScopePay) {
			t.Errorf("scopes %q, %v", s, err)
		}
		for _, wrong := range [][]string{nil, {"all"}, {"pay", ""}, {"Pay"}} {
			if _, err := merchant.ParseScopes(wrong); fault.CodeOf(err) != fault.ValidationError {
				t.Errorf("%v: %v", wrong, err)
			}
		}
	})
	t.Run("the_zero_value_may_nothing", func(t *testing.T) {
		t.Parallel()
		for _, s := range []merchant.Scope{merchant.ScopePay, merchant.ScopeRead, merchant.ScopeRefund} {
			if err := (merchant.Principal{}).Admit(s); fault.CodeOf(err) != fault.ForbiddenAction {
				t.Errorf("%s: %v", s, err)
			}
			if err := (merchant.Principal{Scopes: merchant.AllScopes()}).Admit(s); err != nil {
				t.Errorf("%s: %v", s, err)
			}
		}
	})
	t.Run("without_scopes_a_key_has_those_of_its_maker", func(t *testing.T) {
		t.Parallel()
		for role, want := range map[merchant.Role]string{
			merchant.RoleOwner: "pay read refund", merchant.RoleDeveloper: "pay read",
		} {
			n := newNode(newMemory())
			c, err := n.service.CreateCredential(t.Context(), 1, "new", "", editor(role))
			if err != nil || strings.Join(c.Scopes.Names(), " ") != want {
				t.Errorf("%s: %q, %v", role, c.Scopes, err)
			}
			p, err := n.directory.Authenticate(t.Context(), c.Key, string(c.Secret.Reveal()))
			if err != nil || p.Scopes != c.Scopes {
				t.Errorf("%s: proven with %q, %v", role, p.Scopes, err)
			}
		}
	})
	t.Run("wider_ones_are_refused", func(t *testing.T) {
		t.Parallel()
		n, c, _ := timed(newMemory())
		dev := editor(merchant.RoleDeveloper)
		// full is an owner's key, and narrow one that may only read.
		full, err := n.service.CreateCredential(t.Context(), 1, "full", "", editor(merchant.RoleOwner))
		if err != nil {
			t.Fatal(err)
		}
		narrow, err := n.service.CreateCredential(t.Context(), 1, "narrow", "read", dev)
		if err != nil {
			t.Fatal(err)
		}
		for name, act := range map[string]func() error{
			"created": func() error {
				_, err := n.service.CreateCredential(t.Context(), 1, "wide", "pay refund", dev)
				return err
			},
			"widened": func() error {
				_, err := n.service.EditCredential(t.Context(), narrow, merchant.CredentialEdit{Scopes: merchant.AllScopes()}, dev)
				return err
			},
			"rotated": func() error {
				_, err := n.service.RotateCredential(t.Context(), 1, full.ID, c.Now().Add(time.Hour), dev)
				return err
			},
			"made_by_a_viewer": func() error {
				_, err := n.service.CreateCredential(t.Context(), 1, "viewer", "pay", editor(merchant.RoleViewer))
				return err
			},
			"made_by_nobody": func() error {
				_, err := n.service.CreateCredential(t.Context(), 1, "nobody", "read", merchant.Editor{})
				return err
			},
		} {
			if err := act(); fault.CodeOf(err) != fault.ForbiddenAction {
				t.Errorf("%s: %v", name, err)
			}
		}
	})
	t.Run("what_an_editor_may_give_can_be_added_and_anything_taken_away", func(t *testing.T) {
		t.Parallel()
		n, c, _ := timed(newMemory())
		dev := editor(merchant.RoleDeveloper)
		k, err := n.service.CreateCredential(t.Context(), 1, "key", "refund", editor(merchant.RoleOwner))
		if err != nil {
			t.Fatal(err)
		}
		name := "renamed"
		for _, tt := range []struct {
			edit merchant.CredentialEdit
			want merchant.Scopes
		}{
			{merchant.CredentialEdit{Name: &name}, "refund"},
			{merchant.CredentialEdit{Scopes: "pay refund"}, "pay refund"},
			{merchant.CredentialEdit{Scopes: "pay"}, "pay"},
			{merchant.CredentialEdit{Scopes: "pay read"}, "pay read"},
		} {
			k, err = n.service.EditCredential(t.Context(), k, tt.edit, dev)
			if err != nil || k.Scopes != tt.want || k.Name != name {
				t.Errorf("%+v: %q %q, %v", tt.edit, k.Name, k.Scopes, err)
			}
		}
		fresh, err := n.service.RotateCredential(t.Context(), 1, k.ID, c.Now().Add(time.Hour), dev)
		if err != nil || fresh.Scopes != "pay read" {
			t.Errorf("successor: %q, %v", fresh.Scopes, err)
		}
	})
}
