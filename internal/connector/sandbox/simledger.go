package sandbox

import (
	"fmt"
	"sync"
	"time"

	"github.com/vezne/vezne/internal/connector"
	"github.com/vezne/vezne/internal/connector/simulator"
	"github.com/vezne/vezne/internal/money"
)

// ledger is what the bank booked. One lock guards it and is held for the few
// microseconds of a decision, never while a file is written; whoever tells
// somebody of an entry first syncs the journal to the position that came with it.
type ledger struct {
	mu      sync.Mutex
	entries []*entry // in order of booking, declined ones too
	byName  map[name]*entry
	journal *simulator.Journal
}

// name is what makes an order unique: each terminal counts for itself.
type name struct{ terminal, reference string }

// entry is one order that the bank decided on. Sums that change later are kept
// at the sale or the hold that they belong to.
type entry struct {
	number    int // from 1, in order of booking
	terminal  string
	reference string
	kind      connector.Kind
	amount    money.Amount
	decline   connector.Reason // empty when approved
	original  *entry           // of a follow-up
	last4     string
	at        time.Time
	position  uint64 // in the journal
	reversed  bool

	// The rest is used for sales and holds only.
	capture      *entry // the capture of a hold
	refunded     int64
	captureFails connector.Reason
	reverseFails connector.Reason
}

func newLedger() *ledger { return &ledger{byName: make(map[name]*entry)} }

// charge books a sale or a hold.
func (l *ledger) charge(e entry) (reply, uint64) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if used := l.byName[name{e.terminal, e.reference}]; used != nil {
		return e.refusedAs(connector.OrderIDAlreadyUsed), 0
	}
	return l.book(&e)
}

// followUp books a capture, a void or a refund of the original, or says why not.
func (l *ledger) followUp(e entry, original string) (reply, uint64) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if used := l.byName[name{e.terminal, e.reference}]; used != nil {
		return e.refusedAs(connector.OrderIDAlreadyUsed), 0
	}
	o := l.byName[name{e.terminal, original}]
	if o == nil || o.decline != "" {
		e.decline = connector.PaymentNotFoundForRefund
		return l.book(&e)
	}
	e.original, e.last4 = o, o.last4
	if e.kind == connector.Void && e.amount.IsZero() {
		e.amount = o.amount
	}
	e.decline = e.refusalOfOriginal()
	return l.book(&e)
}

// book records a decided entry; the caller holds the lock.
func (l *ledger) book(e *entry) (reply, uint64) {
	l.add(e)
	if l.journal != nil {
		e.position = l.journal.Append(e.record())
	}
	return e.reply(), e.position
}

// add makes an entry part of the books and lets it have its effect.
func (l *ledger) add(e *entry) {
	e.number = len(l.entries) + 1
	l.entries = append(l.entries, e)
	l.byName[name{e.terminal, e.reference}] = e
	if e.decline != "" || e.original == nil {
		return
	}
	root := e.original.root()
	switch e.kind {
	case connector.Capture:
		root.capture = e
	case connector.Refund:
		root.refunded += e.amount.Minor()
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

// root is the sale or the hold that everything else is about.
func (e *entry) root() *entry {
	if e.kind == connector.Capture && e.original != nil {
		return e.original
	}
	return e
}

// captured is what was taken from the card, in minor units.
func (e *entry) captured() int64 {
	switch {
	case e.reversed:
		return 0
	case e.kind == connector.Sale:
		return e.amount.Minor()
	case e.capture != nil:
		return e.capture.amount.Minor()
	}
	return 0
}

// refusalOfOriginal says why a follow-up is refused, empty if it is not.
func (e *entry) refusalOfOriginal() connector.Reason {
	root := e.original.root()
	switch e.kind {
	case connector.Capture:
		return e.refusalOfCapture(root)
	case connector.Void:
		return e.refusalOfVoid(root)
	case connector.Refund:
		return e.refusalOfRefund(root)
	case connector.Sale, connector.Authorize: // they are about no original
	}
	return connector.InvalidTransaction
}

func (e *entry) refusalOfCapture(hold *entry) connector.Reason {
	switch {
	case e.original.kind != connector.Authorize, hold.reversed, hold.capture != nil:
		return connector.InvalidTransaction
	case hold.captureFails != "":
		return hold.captureFails
	case e.amount.Currency() != hold.amount.Currency(), e.amount.Cmp(hold.amount) > 0:
		return connector.InvalidAmount
	}
	return ""
}

func (e *entry) refusalOfVoid(root *entry) connector.Reason {
	switch k := e.original.kind; {
	case k == connector.Void, k == connector.Refund:
		return connector.InvalidTransaction
	case root.reverseFails != "":
		return root.reverseFails
	case e.original.reversed, root.refunded > 0:
		return connector.MayHaveAlreadyRefunded
	case e.amount.Currency() != root.amount.Currency(),
		e.amount.Minor() != e.original.amount.Minor() && e.amount.Minor() != root.captured():
		return connector.InvalidAmount // a void is of the whole
	}
	return ""
}

func (e *entry) refusalOfRefund(root *entry) connector.Reason {
	rest := root.captured() - root.refunded
	switch k := e.original.kind; {
	case k == connector.Void, k == connector.Refund:
		return connector.InvalidRefundTransaction
	case root.reverseFails != "":
		return root.reverseFails
	case root.reversed, e.original.reversed:
		return connector.MayHaveAlreadyRefunded
	case root.captured() == 0:
		return connector.InvalidRefundTransaction
	case rest == 0:
		return connector.MayHaveAlreadyRefunded
	case e.amount.Currency() != root.amount.Currency(), e.amount.Minor() > rest:
		return connector.InvalidAmount
	}
	return ""
}

// find answers a question, with the position up to which the journal must be
// synced before anybody hears it.
func (l *ledger) find(q question) (reply, uint64) {
	l.mu.Lock()
	defer l.mu.Unlock()
	e := l.byName[name{q.Terminal, q.Reference}]
	if e == nil {
		return reply{
			Terminal: q.Terminal, Kind: q.Kind, Reference: q.Reference,
			Outcome: missing, Code: string(connector.PaymentNotFoundForRefund),
		}, 0
	}
	// A void that reversed it may have come later than the entry itself.
	return e.reply(), l.last()
}

func (l *ledger) last() uint64 {
	if len(l.entries) == 0 {
		return 0
	}
	return l.entries[len(l.entries)-1].position
}

// rows returns all approved entries, with the position to sync the journal to.
func (l *ledger) rows() ([]simulator.Row, uint64) {
	l.mu.Lock()
	defer l.mu.Unlock()
	rows := make([]simulator.Row, 0, len(l.entries))
	for _, e := range l.entries {
		if e.decline == "" {
			rows = append(rows, e.row())
		}
	}
	return rows, l.last()
}

// clear forgets everything.
func (l *ledger) clear() error {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.entries, l.byName = nil, make(map[name]*entry)
	if err := l.journal.Clear(); err != nil {
		return fmt.Errorf("clear sandbox ledger: %w", err)
	}
	return nil
}
