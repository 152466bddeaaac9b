// Package arch holds the import table of the house and checks the source
// against it: imports go down only, and what stands beside each other does not
// know each other. What docs/architecture.md and the linter say of packages is
// made from the same table.
package arch

//go:generate go run github.com/vezne/vezne/internal/arch/gen

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
	// Keeper packages are what the rest of the domain leans on.
	Keeper Storey = "keeper"
	// Money is what becomes of one payment.
	Money Storey = "money"
	// Selling is what people do with payments.
	Selling Storey = "selling"
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

// Rule gives the packages of a storey and the storeys that they may import.
type Rule struct {
	Storey Storey
	// Title names the storey in documents, Line says in one what it is.
	Title, Line string
	Packages    []Package
	// May are the storeys whose packages may be imported; an empty list is for those
	// that may import everything.
	May []Storey
	// Ordered says that the packages stand on each other in their order: each may
	// import those before it, and none after it.
	Ordered bool
}

// Package is one of the table.
type Package struct {
	// Path is below internal/; one that ends in "/*" stands for every package
	// directly below it that no other rule names.
	Path string
	// Line says in one what the package is for.
	Line string
}

// forbidden lists packages of the standard library that storeys must not import,
// and why.
func forbidden(s Storey) map[string]string {
	switch s {
	case Value, Keeper, Money, Selling:
		return map[string]string{
			"net/http": "the domain does not know its doors",
			"os":       "files and environment belong to the glue",
		}
	default:
		return nil
	}
}

// excepted lists what a package may do though its storey may not.
func excepted(pkg, imported string) bool {
	// The keyset file is part of the vault's contract, its mode above all.
	return pkg == "vault" && imported == "os"
}

// find returns the rule for a package below internal/.
func find(pkg string) (Rule, bool) {
	for _, r := range Rules() {
		if r.place(pkg) >= 0 {
			return r, true
		}
	}
	for _, r := range Rules() {
		for _, p := range r.Packages {
			parent, wild := strings.CutSuffix(p.Path, "/*")
			rest, below := strings.CutPrefix(pkg, parent+"/")
			if wild && below && !strings.Contains(rest, "/") {
				return r, true
			}
		}
	}
	return Rule{}, false
}

// place returns where a package stands among those of its storey, or -1.
func (r *Rule) place(pkg string) int {
	return slices.IndexFunc(r.Packages, func(p Package) bool { return p.Path == pkg })
}

// allows reports whether a package of the rule may import another one of ours.
func (r *Rule) allows(from, to string) bool {
	if r.Storey == Suite {
		return true
	}
	target, known := find(to)
	switch {
	case !known:
		return false
	case from == to: // a test package's own
		return true
	case !slices.Contains(r.May, target.Storey):
		return false
	case r.Ordered && target.Storey == r.Storey:
		return r.place(to) < r.place(from)
	}
	return true
}
