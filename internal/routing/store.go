package routing

import (
	"context"

	"github.com/vezne/vezne/internal/id"
	"github.com/vezne/vezne/internal/installment"
	"github.com/vezne/vezne/internal/pos"
)

// Tx queues the writes of one commit about plans and rules, and about POSes where
// all of a merchant's come at once. Each bumps the configuration version in the same
// commit.
type Tx interface {
	pos.Tx
	// SavePlan adds a plan or replaces the one with its id: of Version 0 whatever is
	// stored, else only the same Version, or the commit fails with fault.StaleVersion.
	// The stored version grows by one.
	SavePlan(p installment.Plan)
	// SaveRule adds a rule or replaces the one with its id, as SavePlan does.
	SaveRule(r Rule)
	// DropPlan and DropRule remove what has that Version; if nothing has, the commit
	// fails with fault.StaleVersion.
	DropPlan(p installment.Plan)
	DropRule(r Rule)
}

// Store keeps what routing knows.
type Store interface {
	InTx(ctx context.Context, fn func(Tx)) error
	// Table returns everything about a merchant: POSes by priority then id, plans
	// by POS, program and count, rules by position then id.
	Table(ctx context.Context, m id.Merchant) (Table, error)
	Lister
}

// Lister reads a merchant's lists in pages of 1 to 100, each with the cursor of
// the next page, empty at the end. A cursor that the list did not hand out is
// fault.ValidationError on "cursor". The Table returned has that page alone, and all
// POSes, which it names.
type Lister interface {
	// PlanPage pages through plans by POS, program and count.
	PlanPage(ctx context.Context, m id.Merchant, cursor string, limit int) (Table, string, error)
	// RulePage pages through rules in the order in which they are tried.
	RulePage(ctx context.Context, m id.Merchant, cursor string, limit int) (Table, string, error)
}
