package merchant

import "slices"

// Permission is something that a role may do: a noun of the admin API, and
// whether it is only looked at.
type Permission string

// The permissions. docs/admin.md shows which role has which.
const (
	Self            Permission = "self"             // what everybody may do about themselves
	PaymentsRead    Permission = "payments.read"    // payments with their operations and postings
	PaymentsOperate Permission = "payments.operate" // capture, void, refund
	PaymentsResolve Permission = "payments.resolve" // say what a bank did that does not answer
	CredentialsRead Permission = "credentials.read" // API keys, without their secrets
	CredentialsEdit Permission = "credentials.edit" // create, rename, rotate and revoke them
	TokensRead      Permission = "tokens.read"      // admin tokens, without themselves
	TokensEdit      Permission = "tokens.edit"      // create and revoke them
	TeamRead        Permission = "team.read"        // who logs in
	TeamEdit        Permission = "team.edit"        // invite them and change what they may
	RoutingRead     Permission = "routing.read"     // POSes, plans, rules, BINs
	RoutingEdit     Permission = "routing.edit"     // the same but BINs
	BINsImport      Permission = "bins.import"      // the BIN table, which all merchants share
	WebhooksRead    Permission = "webhooks.read"    // endpoints, and what was delivered to them
	WebhooksEdit    Permission = "webhooks.edit"    // change endpoints, deliver again
	AuditRead       Permission = "audit.read"       // the audit log
	SettingsRead    Permission = "settings.read"    // the merchant's own settings and logo
	SettingsEdit    Permission = "settings.edit"    // change them
)

// Permissions returns all permissions in the order of the documentation.
func Permissions() []Permission {
	return []Permission{
		Self, PaymentsRead, PaymentsOperate, PaymentsResolve, CredentialsRead, CredentialsEdit,
		TokensRead, TokensEdit, TeamRead, TeamEdit,
		RoutingRead, RoutingEdit, BINsImport, WebhooksRead, WebhooksEdit, AuditRead, SettingsRead, SettingsEdit,
	}
}

// Roles returns all roles, from all to least.
func Roles() []Role { return []Role{RoleOwner, RoleDeveloper, RoleSupport, RoleViewer} }

// Valid reports whether it is one of the roles.
func (r Role) Valid() bool { return slices.Contains(Roles(), r) }

// May reports whether the role has the permission. Owners have all of them; an
// unknown role has none.
func (r Role) May(p Permission) bool {
	switch r {
	case RoleOwner:
		return slices.Contains(Permissions(), p)
	case RoleDeveloper:
		return slices.Contains([]Permission{
			Self, PaymentsRead, CredentialsRead, CredentialsEdit, TokensRead, TeamRead, RoutingRead, RoutingEdit,
			WebhooksRead, WebhooksEdit, AuditRead, SettingsRead,
		}, p)
	case RoleSupport:
		return slices.Contains([]Permission{
			Self, PaymentsRead, PaymentsOperate, RoutingRead, WebhooksRead, SettingsRead,
		}, p)
	case RoleViewer:
		return slices.Contains([]Permission{Self, PaymentsRead, RoutingRead, SettingsRead}, p)
	}
	return false
}
