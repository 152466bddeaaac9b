package ledger

import (
	"fmt"
	"slices"

	"github.com/vezne/vezne/internal/id"
)

// SourceKind is the noun of what causes postings.
type SourceKind string

// The kinds of source. Each names its rows by numbers of its own.
const (
	// OfOperation: a request to a bank, which the bank approved.
	OfOperation SourceKind = "operation"
	// OfWalletMovement: money into or out of a member's wallet.
	OfWalletMovement SourceKind = "wallet_movement"
	// OfPayout: money sent to a member.
	OfPayout SourceKind = "payout"
	// OfSettlementRun: what a bank paid out, matched with what it owed.
	OfSettlementRun SourceKind = "settlement_run"
	// OfAdjustment: a person's correction, with a reason of its own.
	OfAdjustment SourceKind = "adjustment"
)

// SourceKinds returns every kind of source.
func SourceKinds() []SourceKind {
	return []SourceKind{OfOperation, OfWalletMovement, OfPayout, OfSettlementRun, OfAdjustment}
}

// Event is what happened to a source that is booked. A source has one posting for
// each of its events, so what can happen to it twice needs two of them.
type Event string

// Approved is the event of an operation that moved money.
const Approved Event = "approved"

// Source is what caused a posting. No two postings of a payment have the same, nor
// have two of a merchant that are about no payment.
type Source struct {
	Kind SourceKind
	// ID is the number of the source among those of its kind.
	ID    int64
	Event Event
}

// OperationApproved is the source of what a bank did for an operation.
func OperationApproved(o id.Operation) Source { return Source{OfOperation, int64(o), Approved} }

// Operation returns the operation that is the source, zero if it is something else.
func (s Source) Operation() id.Operation {
	if s.Kind != OfOperation {
		return 0
	}
	return id.Operation(s.ID)
}

// String returns the source for a person: "operation 12 (approved)".
func (s Source) String() string { return fmt.Sprintf("%s %d (%s)", s.Kind, s.ID, s.Event) }

// check reports why the source names nothing.
func (s Source) check() error {
	if s.Kind == "" || s.ID <= 0 || s.Event == "" {
		return fmt.Errorf("source %s: kind, id and event are required", s)
	}
	return nil
}

// known reports whether the source is one that can be.
func (s Source) known() bool {
	return s.check() == nil && slices.Contains(SourceKinds(), s.Kind) && (s.Kind != OfOperation || s.Event == Approved)
}
