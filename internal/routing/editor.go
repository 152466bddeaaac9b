package routing

import (
	"context"
	"fmt"

	"github.com/vezne/vezne/internal/clock"
	"github.com/vezne/vezne/internal/fault"
	"github.com/vezne/vezne/internal/id"
	"github.com/vezne/vezne/internal/installment"
)

// Dependencies are what an Editor works with. All are required.
type Dependencies struct {
	Store Store
	IDs   *id.Generator
	Clock clock.Clock
	// Invalidate drops what this node has cached.
	Invalidate func()
}

// Editor changes plans and rules. It is safe for concurrent use.
type Editor struct {
	store      Store
	ids        *id.Generator
	clock      clock.Clock
	invalidate func()
}

// NewEditor returns an Editor.
func NewEditor(d Dependencies) *Editor {
	return &Editor{store: d.Store, ids: d.IDs, clock: d.Clock, invalidate: d.Invalidate}
}

// Edit is what one commit changes: all of it or nothing. New things have no id.
type Edit struct {
	Plans     []installment.Plan
	Rules     []Rule
	DropPlans []installment.Plan
	DropRules []Rule
}

// Table returns what routing knows about a merchant, as it is stored now.
func (e *Editor) Table(ctx context.Context, m id.Merchant) (Table, error) {
	t, err := e.store.Table(ctx, m)
	if err != nil {
		return t, fmt.Errorf("read routing table: %w", err)
	}
	return t, nil
}

// PlanPage returns a page of plans, as Lister.PlanPage does.
func (e *Editor) PlanPage(ctx context.Context, m id.Merchant, cursor string, limit int) (Table, string, error) {
	return e.store.PlanPage(ctx, m, cursor, limit)
}

// RulePage returns a page of rules, as Lister.RulePage does.
func (e *Editor) RulePage(ctx context.Context, m id.Merchant, cursor string, limit int) (Table, string, error) {
	return e.store.RulePage(ctx, m, cursor, limit)
}

// Apply commits an edit. A plan or rule of another version than its row's is
// fault.VersionMismatch.
func (e *Editor) Apply(ctx context.Context, m id.Merchant, edit Edit, actor string) error {
	stored, err := e.Table(ctx, m)
	if err != nil {
		return err
	}
	w := &writing{editor: e, merchant: m, actor: actor, stored: stored}
	if err := w.all(ctx, edit); err != nil {
		return fmt.Errorf("edit routing: %w", err)
	}
	err = e.store.InTx(ctx, func(tx Tx) {
		for _, write := range w.writes {
			write(tx)
		}
	})
	e.invalidate() // after an unclear commit, reading again is right
	switch fault.CodeOf(err) {
	case fault.StaleVersion, fault.DuplicateKey:
		return fault.Wrap(fault.PreconditionFailed, fault.VersionMismatch, "it was changed meanwhile", err)
	}
	if err != nil {
		return fmt.Errorf("edit routing: %w", err)
	}
	return nil
}
