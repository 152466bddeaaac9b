package bin

import (
	"context"
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/vezne/vezne/internal/fault"
)

// importWait is what a second import is told to wait: longer than a large file
// takes.
const importWait = 10 * time.Second

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
	for _, why := range []error{ErrNoHeader, ErrNoRows, ErrTooBig, ErrTooManyBad} {
		if errors.Is(err, why) {
			return true
		}
	}
	return false
}

// Importer brings files into the BIN table. It is safe for concurrent use.
type Importer struct {
	store      Store
	invalidate func()
	turn       chan struct{}
}

// NewImporter returns an Importer. Invalidate drops what this node has cached.
func NewImporter(s Store, invalidate func()) *Importer {
	return &Importer{store: s, invalidate: invalidate, turn: make(chan struct{}, 1)}
}

// Import stores the good rows of a file, replacing equal prefixes, and reports
// what became of each line. A file is held in memory as a whole, so that it counts
// as a whole or not at all: a second one at the same time is refused before it is
// read, with fault.TooManyRequests. Other errors are those of ParseCSV and of the
// store, and then nothing was stored.
func (i *Importer) Import(ctx context.Context, file io.Reader) (Report, error) {
	select {
	case i.turn <- struct{}{}:
		defer func() { <-i.turn }()
	default:
		busy := fault.New(fault.RateLimited, fault.TooManyRequests, "another BIN table is being imported")
		busy.RetryAfter = importWait
		return Report{}, busy
	}
	s, err := ParseCSV(file, MaxRows)
	if err != nil {
		return Report{}, err
	}
	changed, err := i.changed(ctx, s.Rows)
	if err != nil {
		return Report{}, err
	}
	if len(changed) > 0 {
		err = i.store.SaveBINs(ctx, changed)
		i.invalidate() // after an unclear commit, reading again is right
		if err != nil {
			return Report{}, fmt.Errorf("import BINs: %w", err)
		}
	}
	return Report{
		Lines: s.Lines, Blank: s.Blank, Imported: len(changed), Unchanged: len(s.Rows) - len(changed), Refused: s.Bad,
	}, nil
}

// changed returns the rows that the table does not have so.
func (i *Importer) changed(ctx context.Context, rows []Info) ([]Info, error) {
	stored, err := i.store.BINs(ctx)
	if err != nil {
		return nil, fmt.Errorf("import BINs: %w", err)
	}
	known := make(map[string]*Info, len(stored))
	for n := range stored {
		known[stored[n].Prefix] = &stored[n]
	}
	var changed []Info
	for _, row := range rows {
		if old := known[row.Prefix]; old == nil || *old != row {
			changed = append(changed, row)
		}
	}
	return changed, nil
}
