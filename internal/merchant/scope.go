package merchant

import (
	"slices"
	"strings"

	"github.com/vezne/vezne/internal/fault"
)

// Scope is something that an API key may do.
type Scope string

// The scopes.
const (
	// ScopePay charges cards, with 3-D Secure, on a page or at once, and captures what
	// was authorized.
	ScopePay Scope = "pay"
	// ScopeRead looks payments and checkouts up.
	ScopeRead Scope = "read"
	// ScopeRefund gives money back: it refunds and voids.
	ScopeRefund Scope = "refund"
)

// needs returns the permission without which nobody may give a key the scope: who may
// not do something must not be able to make a key that may. To take payments is what
// keys are for, so whoever makes keys may give that.
func (s Scope) needs() Permission {
	switch s {
	case ScopePay:
		return CredentialsEdit
	case ScopeRead:
		return PaymentsRead
	case ScopeRefund:
		return PaymentsOperate
	}
	return ""
}

// Scopes are what an API key may do, in one text of their names with a blank between
// them, as they are stored. The zero value is none. Values that hold the same are equal.
type Scopes string

func allScopes() []Scope { return []Scope{ScopePay, ScopeRead, ScopeRefund} }

// AllScopes returns every scope.
func AllScopes() Scopes { return newScopes(allScopes()) }

// newScopes puts scopes in the one order that makes equal ones equal.
func newScopes(given []Scope) Scopes {
	var names []string
	for _, s := range allScopes() {
		if slices.Contains(given, s) {
			names = append(names, string(s))
		}
	}
	return Scopes(strings.Join(names, " "))
}

// ParseScopes reads names of scopes, of which there must be one at least. What is wrong
// is a fault on "scopes".
func ParseScopes(names []string) (Scopes, error) {
	var given []Scope
	for _, name := range names {
		if !slices.Contains(allScopes(), Scope(name)) {
			return "", wrongScopes("has an unknown scope; there are pay, read and refund")
		}
		given = append(given, Scope(name))
	}
	if len(given) == 0 {
		return "", wrongScopes("must have one scope at least")
	}
	return newScopes(given), nil
}

func wrongScopes(message string) error {
	return fault.Validation(fault.Field{Name: "scopes", Code: fault.FieldInvalid, Message: message})
}

// Names returns the names of the scopes.
func (s Scopes) Names() []string { return strings.Fields(string(s)) }

// Has reports whether one of the scopes given is among them.
func (s Scopes) Has(oneOf ...Scope) bool {
	return slices.ContainsFunc(s.Names(), func(name string) bool { return slices.Contains(oneOf, Scope(name)) })
}

// without returns those that are not among the others.
func (s Scopes) without(others Scopes) Scopes {
	return newScopes(slices.DeleteFunc(allScopes(), func(o Scope) bool { return !s.Has(o) || others.Has(o) }))
}

// Admit refuses with fault.ForbiddenAction a caller who has none of the scopes given.
func (p Principal) Admit(oneOf ...Scope) error {
	if p.Scopes.Has(oneOf...) {
		return nil
	}
	return fault.New(fault.Forbidden, fault.ForbiddenAction, "the API key may not do that")
}

// Editor is who changes credentials, and what that person or script may do.
type Editor struct {
	Role Role
	// Actor names the editor in audit records.
	Actor string
}

// Editor returns the caller as an editor.
func (p AdminPrincipal) Editor() Editor { return Editor{Role: p.Role, Actor: p.Actor} }

// grants returns every scope that the editor may give.
func (e Editor) grants() Scopes {
	return newScopes(slices.DeleteFunc(allScopes(), func(s Scope) bool { return !e.Role.May(s.needs()) }))
}

// mayGive refuses with fault.ForbiddenAction scopes that are wider than what the editor
// may do.
func (e Editor) mayGive(wanted Scopes) error {
	mine := e.grants()
	for _, name := range wanted.Names() {
		if !mine.Has(Scope(name)) {
			return fault.New(fault.Forbidden, fault.ForbiddenAction, "the role of the caller may not give a key the scope "+name)
		}
	}
	return nil
}
