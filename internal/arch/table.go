// Package arch holds the import table of the house and checks the source
// against it: imports go down only, and what stands beside each other does not
// know each other.
package arch

import (
	"slices"
	"strings"
)

// Storey is a set of packages with the same rights.
type Storey string

// The storeys, from the ground up.
const (
	// Value packages have no I/O and no clock of their own.
	Value Storey = "value"
	// Contract is what banks and domain agree on.
	Contract Storey = "contract"
	// Wire is what the protocols share.
	Wire Storey = "wire"
	// Protocol speaks to one bank.
	Protocol Storey = "protocol"
	// Protocols lists them all.
	Protocols Storey = "protocol list"
	// Domain holds the rules.
	Domain Storey = "domain"
	// Storage keeps what the domain decides.
	Storage Storey = "storage"
	// Outgoing calls addresses outside that merchants chose.
	Outgoing Storey = "outgoing"
	// Kit is what the doors share.
	Kit Storey = "door kit"
	// Door is one surface towards the outside.
	Door Storey = "door"
	// Glue plugs everything together.
	Glue Storey = "glue"
	// Suite is shared test code, which only tests import.
	Suite Storey = "test suite"
)

// rule gives the packages of a storey and the storeys that they may import
// besides themselves.
type rule struct {
	storey Storey
	// packages are paths below internal/; one that ends in "/*" stands for every
	// package directly below it that no other rule names.
	packages []string
	may      []Storey
}

func rules() []rule {
	return []rule{
		{Value, []string{"fault", "money", "card", "secret", "id", "clock", "limit", "trace"}, []Storey{Value}},
		{Contract, []string{"connector"}, []Storey{Value}},
		{Wire, []string{"connector/wire", "connector/simulator"}, []Storey{Value, Contract, Wire}},
		{Protocol, []string{"connector/*"}, []Storey{Value, Contract, Wire}},
		{Protocols, []string{"connector/all"}, []Storey{Value, Contract, Wire, Protocol}},
		{
			Domain,
			[]string{
				"merchant", "bin", "pos", "installment", "routing", "vault", "ledger", "job", "audit", "user", "idempotency", "retention", "payment", "operation",
				"charge", "threeds", "webhook", "checkout",
			},
			[]Storey{Value, Contract, Domain},
		},
		{
			Storage,
			[]string{"storage", "storage/sqlstore", "storage/migration", "ephemeral"},
			[]Storey{Value, Contract, Domain, Storage},
		},
		{Outgoing, []string{"egress"}, []Storey{Value}},
		{Kit, []string{"httpapi/kit", "httpapi/reference"}, []Storey{Value, Contract, Domain}},
		{Door, []string{"httpapi/*"}, []Storey{Value, Contract, Domain, Outgoing, Kit}},
		{
			Glue,
			[]string{"config", "kms", "app", "cli", "cache", "fixture", "telemetry", "arch", "arch/*"},
			[]Storey{Value, Contract, Wire, Protocol, Protocols, Domain, Storage, Outgoing, Kit, Door, Glue},
		},
		{
			Suite,
			[]string{
				"storage/storetest", "ephemeral/redistest", "connector/connectortest", "httpapi/apitest", "kms/kmstest", "egress/egresstest",
				"vault/vaulttest", "payment/paymenttest",
			},
			nil,
		},
	}
}

// rooms are those of a payment, from the ground up (docs/adr/0014-rooms-of-a-payment.md).
func rooms() []string { return []string{"payment", "operation", "charge", "threeds"} }

// climbs reports whether a room imports one that stands above it.
func climbs(from, to string) bool {
	room := slices.Index(rooms(), from)
	return room >= 0 && slices.Index(rooms(), to) > room
}

// forbidden lists packages of the standard library that storeys must not import,
// and why.
func forbidden(s Storey) map[string]string {
	switch s {
	case Value, Domain:
		return map[string]string{
			"net/http": "the domain does not know its doors",
			"os":       "files and environment belong to the glue",
		}
	default:
		return nil
	}
}

// find returns the rule for a package below internal/.
func find(pkg string) (rule, bool) {
	for _, r := range rules() {
		if slices.Contains(r.packages, pkg) {
			return r, true
		}
	}
	for _, r := range rules() {
		for _, p := range r.packages {
			parent, wild := strings.CutSuffix(p, "/*")
			rest, below := strings.CutPrefix(pkg, parent+"/")
			if wild && below && !strings.Contains(rest, "/") {
				return r, true
			}
		}
	}
	return rule{}, false
}

// allows reports whether a package of the rule may import another one of ours.
func (r rule) allows(from, to string) bool {
	if r.storey == Suite {
		return true
	}
	if climbs(from, to) {
		return false
	}
	target, known := find(to)
	if !known || !slices.Contains(r.may, target.storey) {
		return known && target.storey == r.storey && from == to
	}
	return true
}
