package bin

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"strconv"
	"time"

	"github.com/vezne/vezne/internal/audit"
	"github.com/vezne/vezne/internal/clock"
	"github.com/vezne/vezne/internal/fault"
	"github.com/vezne/vezne/internal/id"
)

// importWait is what a second import is told to wait: longer than a large file
// takes.
const importWait = 10 * time.Second

// maxNoted is how many prefixes the record of an import names.
const maxNoted = 20

// Report tells what became of every line of a file: its lines are a header, blank
// ones, and those that were imported, unchanged or refused.
type Report struct {
	Lines     int
	Blank     int
	Imported  int
	Unchanged int
	Refused   []BadRow
}

// String returns "12 lines: 1 header, 0 blank, 8 imported, 2 unchanged, 1 refused".
func (r Report) String() string {
	return fmt.Sprintf("%d lines: 1 header, %d blank, %d imported, %d unchanged, %d refused",
		r.Lines, r.Blank, r.Imported, r.Unchanged, len(r.Refused))
}

// Unreadable reports whether an import failed because of the file as a whole.
func Unreadable(err error) bool {
	for _, why := range []error{ErrNoHeader, ErrNoRows, ErrTooBig, ErrTooManyBad, ErrTooMany} {
		if errors.Is(err, why) {
			return true
		}
	}
	return false
}

// Dependencies are what an Editor works with. All are required.
type Dependencies struct {
	Store Store
	IDs   *id.Generator
	Clock clock.Clock
	// Invalidate drops what this node has cached.
	Invalidate func()
}

// Editor changes the BIN table. It is safe for concurrent use.
type Editor struct {
	store      Store
	ids        *id.Generator
	clock      clock.Clock
	invalidate func()
	turn       chan struct{}
}

// NewEditor returns an Editor.
func NewEditor(d Dependencies) *Editor {
	return &Editor{store: d.Store, ids: d.IDs, clock: d.Clock, invalidate: d.Invalidate, turn: make(chan struct{}, 1)}
}

// Upload is a file and whose rows it brings.
type Upload struct {
	// MerchantID is the owner, or Shared for the operator's table.
	MerchantID id.Merchant
	Actor      string // for the merchant's audit log
	File       io.Reader
}

// Import stores the good rows of a file as those of their owner, replacing equal
// prefixes, and reports what became of each line. A merchant finds it in its audit
// log. A file is held in memory as a whole, so that it counts as a whole or not at
// all: a second one at the same time is refused before it is read, with
// fault.TooManyRequests. Other errors are those of ParseCSV, ErrTooMany, and those
// of the store, and then nothing was stored.
func (e *Editor) Import(ctx context.Context, u Upload) (Report, error) {
	select {
	case e.turn <- struct{}{}:
		defer func() { <-e.turn }()
	default:
		busy := fault.New(fault.RateLimited, fault.TooManyRequests, "another BIN table is being imported")
		busy.RetryAfter = importWait
		return Report{}, busy
	}
	most := MaxRows
	if u.MerchantID != Shared {
		most = MaxOwn
	}
	s, err := ParseCSV(u.File, most)
	if err != nil {
		return Report{}, err
	}
	changed, err := e.changed(ctx, u.MerchantID, s.Rows, most)
	if err != nil {
		return Report{}, err
	}
	r := Report{
		Lines: s.Lines, Blank: s.Blank, Imported: len(changed), Unchanged: len(s.Rows) - len(changed), Refused: s.Bad,
	}
	return r, e.save(ctx, u, changed, r)
}

// changed returns the rows that the owner does not have so.
func (e *Editor) changed(ctx context.Context, owner id.Merchant, rows []Info, most int) ([]Info, error) {
	stored, err := e.store.BINs(ctx, owner)
	if err != nil {
		return nil, fmt.Errorf("import BINs: %w", err)
	}
	known := make(map[string]*Info, len(stored))
	for n := range stored {
		known[stored[n].Prefix] = &stored[n]
	}
	var changed []Info
	all := len(stored)
	for _, row := range rows {
		row.MerchantID = owner
		old := known[row.Prefix]
		if old == nil {
			all++
		}
		if old == nil || *old != row {
			changed = append(changed, row)
		}
	}
	if all > most {
		return nil, ErrTooMany
	}
	return changed, nil
}

// save commits changed rows with the record of who brought them.
func (e *Editor) save(ctx context.Context, u Upload, rows []Info, r Report) error {
	if len(rows) == 0 {
		return nil
	}
	prefixes := make([]string, 0, maxNoted)
	for _, row := range rows[:min(len(rows), maxNoted)] {
		prefixes = append(prefixes, row.Prefix)
	}
	return e.commit(ctx, audit.Deed{
		MerchantID: u.MerchantID, Actor: u.Actor, Action: "bins.import",
		Subject: "merchant:" + strconv.FormatInt(int64(u.MerchantID), 10),
		Facts: map[string]any{
			"rows": r.Imported, "unchanged": r.Unchanged, "refused": len(r.Refused), "prefixes": prefixes,
		},
	}, func(tx Tx) { tx.SaveBINs(rows) })
}

// Remove removes a merchant's own row, so that the shared ones count again for its
// cards. Without such a row it is fault.NoSuchThing.
func (e *Editor) Remove(ctx context.Context, m id.Merchant, prefix, actor string) error {
	own, err := e.store.BINs(ctx, m)
	if err != nil {
		return fmt.Errorf("remove BIN: %w", err)
	}
	if m == Shared || !slices.ContainsFunc(own, func(i Info) bool { return i.Prefix == prefix }) {
		return fault.New(fault.NotFound, fault.NoSuchThing, "the merchant has no such BIN of its own")
	}
	return e.commit(ctx, audit.Deed{
		MerchantID: m, Actor: actor, Action: "bin.remove", Subject: "bin:" + prefix,
	}, func(tx Tx) { tx.RemoveBIN(m, prefix) })
}

// commit changes the table, with a record in the log of the merchant whose rows
// they are. The operator has no log of that kind.
func (e *Editor) commit(ctx context.Context, d audit.Deed, change func(Tx)) error {
	var record audit.Record
	if d.MerchantID != Shared {
		var err error
		if record, err = audit.NewRecord(ctx, e.ids, e.clock, d); err != nil {
			return fmt.Errorf("%s: %w", d.Action, err)
		}
	}
	err := e.store.InTx(ctx, func(tx Tx) {
		change(tx)
		if d.MerchantID != Shared {
			tx.Record(record)
		}
	})
	e.invalidate() // after an unclear commit, reading again is right
	if err != nil {
		return fmt.Errorf("%s: %w", d.Action, err)
	}
	return nil
}

// Page returns a page of the rows that count for a merchant, as Store.BINPage does.
func (e *Editor) Page(ctx context.Context, m id.Merchant, p PageOf) ([]Info, string, error) {
	return e.store.BINPage(ctx, m, p)
}
