package simulator

import (
	"fmt"
	"sync"
	"time"

	"github.com/vezne/vezne/internal/connector"
)

// books are what the bank booked. One lock guards them and is held for the few
// microseconds of a decision, never while a file is written; whoever tells
// somebody of an entry first syncs the journal to the position that came with it.
type books struct {
	rules   connector.Rules
	mu      sync.Mutex
	entries []*entry // in order of booking, declined ones too
	byName  map[name]*entry
	// day counts the days that have ended, and end is the position of the last end.
	day     int
	end     uint64
	journal *Journal
}

// name is what makes an order unique: each terminal counts for itself.
type name struct{ terminal, reference string }

func newBooks(r connector.Rules) *books { return &books{rules: r, byName: make(map[name]*entry)} }

// used reports whether an order's reference is another's; one without never is.
func (l *books) used(o Order) bool {
	return o.Reference != "" && l.byName[name{o.Terminal, o.Reference}] != nil
}

// charge books a sale or a hold.
func (l *books) charge(e entry) Booking {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.used(e.order) {
		return e.refusedAs(connector.OrderIDAlreadyUsed)
	}
	return l.book(&e)
}

// followUp books a capture, a void or a refund, or says why not.
func (l *books) followUp(e entry) Booking {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.used(e.order) {
		return e.refusedAs(connector.OrderIDAlreadyUsed)
	}
	o := l.numbered(e.order.Terminal, e.order.Original)
	if o == nil || o.decline != "" {
		e.decline = connector.PaymentNotFoundForRefund
		return l.book(&e)
	}
	e.original, e.last4 = o, o.last4
	if e.order.Kind == connector.Void && e.order.Amount.IsZero() {
		e.order.Amount = o.order.Amount
	}
	e.decline = l.refusalOfOriginal(&e)
	return l.book(&e)
}

// numbered returns the terminal's entry of the number, nil if there is none.
func (l *books) numbered(terminal string, number int) *entry {
	if number < 1 || number > len(l.entries) || l.entries[number-1].order.Terminal != terminal {
		return nil
	}
	return l.entries[number-1]
}

// book records a decided entry; the caller holds the lock.
func (l *books) book(e *entry) Booking {
	l.add(e)
	if l.journal != nil {
		e.position = l.journal.Append(e.record())
	}
	return l.booking(e)
}

// add makes an entry part of the books and lets it have its effect.
func (l *books) add(e *entry) {
	e.number, e.day = len(l.entries)+1, l.day
	l.entries = append(l.entries, e)
	if e.order.Reference != "" {
		l.byName[name{e.order.Terminal, e.order.Reference}] = e
	}
	if e.decline != "" || e.original == nil {
		return
	}
	root := e.original.root()
	switch e.order.Kind {
	case connector.Capture:
		root.capture = e
	case connector.Refund:
		root.refunded += e.order.Amount.Minor()
	case connector.Void:
		e.original.reversed = true
		if root.capture == nil {
			return
		}
		root.capture.reversed = true
		if e.original == root.capture {
			root.capture = nil // the hold is as it was before
		}
	case connector.Sale, connector.Authorize: // they have no original
	}
}

// settle ends the day and returns the position of that.
func (l *books) settle(at time.Time) uint64 {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.day++
	if l.journal != nil {
		l.end = l.journal.Append(dayEnd(at))
	}
	return l.end
}

// find returns the booking of a reference, a zero one if there is none, with the
// position up to which the journal must be synced before anybody hears it.
func (l *books) find(terminal, reference string) (Booking, uint64) {
	l.mu.Lock()
	defer l.mu.Unlock()
	e := l.byName[name{terminal, reference}]
	if reference == "" || e == nil {
		return Booking{}, l.last()
	}
	// A void that reversed it may have come later than the entry itself.
	return l.booking(e), l.last()
}

// at returns the booking of a number as find does.
func (l *books) at(terminal string, number int) (Booking, uint64) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if e := l.numbered(terminal, number); e != nil {
		return l.booking(e), l.last()
	}
	return Booking{}, l.last()
}

// about returns the follow-ups of a sale or a hold and of its captures.
func (l *books) about(terminal string, number int) ([]Booking, uint64) {
	l.mu.Lock()
	defer l.mu.Unlock()
	var all []Booking
	if root := l.numbered(terminal, number); root != nil {
		for _, e := range l.entries[number:] {
			if e.original != nil && e.original.root() == root.root() {
				all = append(all, l.booking(e))
			}
		}
	}
	return all, l.last()
}

func (l *books) last() uint64 {
	if len(l.entries) == 0 {
		return l.end
	}
	return max(l.end, l.entries[len(l.entries)-1].position)
}

// rows returns all approved entries, with the position to sync the journal to.
func (l *books) rows() ([]Row, uint64) {
	l.mu.Lock()
	defer l.mu.Unlock()
	rows := make([]Row, 0, len(l.entries))
	for _, e := range l.entries {
		if e.decline == "" {
			rows = append(rows, e.row())
		}
	}
	return rows, l.last()
}

// clear forgets everything.
func (l *books) clear() error {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.entries, l.byName = nil, make(map[name]*entry)
	l.day, l.end = 0, 0
	if err := l.journal.Clear(); err != nil {
		return fmt.Errorf("clear ledger: %w", err)
	}
	return nil
}
