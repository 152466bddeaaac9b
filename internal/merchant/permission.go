package merchant

import "slices"

// Permission is something that a role may do: a noun of the admin API, and
// whether it is only looked at.
type Permission string

// The permissions. docs/admin.md shows which role has which.
const (
	// Self is what everybody may do about themselves.
	Self            Permission = "self"
	PaymentsRead    Permission = "payments.read"
	PaymentsOperate Permission = "payments.operate" // capture, void, refund
	PaymentsResolve Permission = "payments.resolve" // say what a bank did that does not answer
	CredentialsRead Permission = "credentials.read"
	CredentialsEdit Permission = "credentials.edit"
	TokensRead      Permission = "tokens.read"
	TokensEdit      Permission = "tokens.edit"
	TeamRead        Permission = "team.read"
	TeamEdit        Permission = "team.edit"
	RoutingRead     Permission = "routing.read" // POSes, plans, rules, BINs
	RoutingEdit     Permission = "routing.edit"
	// BINsImport changes the BIN table, which all merchants share.
	BINsImport   Permission = "bins.import"
	WebhooksRead Permission = "webhooks.read"
	WebhooksEdit Permission = "webhooks.edit"
	AuditRead    Permission = "audit.read"
	SettingsRead Permission = "settings.read"
	SettingsEdit Permission = "settings.edit"
)

// Permissions returns all permissions in the order of the documentation.
func Permissions() []Permission {
	return []Permission{
		Self, PaymentsRead, PaymentsOperate, PaymentsResolve, CredentialsRead, CredentialsEdit, TokensRead, TokensEdit, TeamRead, TeamEdit,
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
