package merchant_test

import (
	"testing"

	"github.com/vezne/vezne/internal/merchant"
)

func TestRoles(t *testing.T) {
	t.Parallel()
	t.Run("an_owner_may_do_everything", func(t *testing.T) {
		t.Parallel()
		for _, p := range merchant.Permissions() {
			if !merchant.RoleOwner.May(p) {
				t.Errorf("%s is denied", p)
			}
		}
	})
	t.Run("nobody_has_no_permission", func(t *testing.T) {
		t.Parallel()
		for _, r := range append(merchant.Roles(), "", "admin") {
			if r.May("") || r.May("everything") {
				t.Errorf("role %q has a permission that does not exist", r)
			}
		}
	})
	t.Run("an_unknown_role_may_do_nothing", func(t *testing.T) {
		t.Parallel()
		for _, p := range merchant.Permissions() {
			if merchant.Role("root").May(p) || merchant.Role("").May(p) {
				t.Errorf("%s is granted", p)
			}
		}
	})
	t.Run("who_only_looks_changes_nothing", func(t *testing.T) {
		t.Parallel()
		for _, p := range []merchant.Permission{
			merchant.PaymentsOperate, merchant.CredentialsEdit, merchant.TokensEdit, merchant.TeamEdit, merchant.RoutingEdit,
			merchant.BINsImport, merchant.WebhooksEdit, merchant.SettingsEdit,
		} {
			if merchant.RoleViewer.May(p) {
				t.Errorf("a viewer may %s", p)
			}
		}
	})
}
