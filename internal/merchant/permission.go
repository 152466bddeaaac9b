package merchant

import "slices"

// Permission is something that a role may do: a noun of the admin API, and
// whether it is only looked at.
type Permission string

// The permissions. docs/admin.md shows which role has which.
const (
	// Self: what everybody may do about themselves.
	Self Permission = "self"
	// PaymentsRead: payments with their operations and postings.
	PaymentsRead Permission = "payments.read"
	// PaymentsOperate: capture, void, refund.
	PaymentsOperate Permission = "payments.operate"
	// PaymentsResolve: say what a bank did that does not answer.
	PaymentsResolve Permission = "payments.resolve"
	// CredentialsRead: API keys, without their secrets.
	CredentialsRead Permission = "credentials.read"
	// CredentialsEdit: create, rename, rotate and revoke them.
	CredentialsEdit Permission = "credentials.edit"
	// TokensRead: admin tokens, without themselves.
	TokensRead Permission = "tokens.read"
	// TokensEdit: create and revoke them.
	TokensEdit Permission = "tokens.edit"
	// TeamRead: who logs in.
	TeamRead Permission = "team.read"
	// TeamEdit: invite them and change what they may.
	TeamEdit Permission = "team.edit"
	// RoutingRead: POSes, plans, rules, BINs.
	RoutingRead Permission = "routing.read"
	// RoutingEdit: the same but BINs.
	RoutingEdit Permission = "routing.edit"
	// BINsImport: the merchant's own rows of the BIN table.
	BINsImport Permission = "bins.import"
	// WebhooksRead: endpoints, and what was delivered to them.
	WebhooksRead Permission = "webhooks.read"
	// WebhooksEdit: change endpoints, deliver again.
	WebhooksEdit Permission = "webhooks.edit"
	// AuditRead: the audit log.
	AuditRead Permission = "audit.read"
	// SettingsRead: the merchant's own settings and logo.
	SettingsRead Permission = "settings.read"
	// SettingsEdit: change them.
	SettingsEdit Permission = "settings.edit"
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
