package simulator

import (
	"cmp"
	"errors"
	"strconv"
	"time"

	"github.com/go-json-experiment/json"

	"github.com/vezne/vezne/internal/connector"
	"github.com/vezne/vezne/internal/money"
)

// entry is one order that the bank decided on. Sums that change later are kept
// at the sale or the hold that they belong to.
type entry struct {
	order    Order
	number   int // from 1, in order of booking
	day      int // how many days had ended when it was booked
	decline  connector.Reason
	original *entry // of a follow-up
	last4    string
	at       time.Time
	position uint64 // in the journal
	reversed bool

	// The rest is used for sales and holds only.
	capture      *entry // the capture of a hold
	refunded     int64
	captureFails connector.Reason
	reverseFails connector.Reason
}

// root is the sale or the hold that everything else is about.
func (e *entry) root() *entry {
	if e.order.Kind == connector.Capture && e.original != nil {
		return e.original
	}
	return e
}

// captured is what was taken from the card, in minor units.
func (e *entry) captured() int64 {
	switch {
	case e.reversed:
		return 0
	case e.order.Kind == connector.Sale:
		return e.order.Amount.Minor()
	case e.capture != nil:
		return e.capture.order.Amount.Minor()
	}
	return 0
}

// refusedAs declines without booking: the reference belongs to another order.
func (e *entry) refusedAs(why connector.Reason) Booking {
	return Booking{Order: e.order, Decline: why, At: e.at, Last4: e.last4}
}

// booking is what may be told of an entry; the caller holds the lock.
func (l *books) booking(e *entry) Booking {
	root := e.root()
	b := Booking{
		Order: e.order, Number: e.number, Decline: e.decline, Reversed: e.reversed, At: e.at, Last4: e.last4,
		Captured: money.FromMinor(root.captured(), root.order.Amount.Currency()),
		Refunded: money.FromMinor(root.refunded, root.order.Amount.Currency()),
		Settled:  l.settled(root), position: e.position,
	}
	if e.original != nil {
		b.Order.Original = e.original.number
	}
	return b
}

func (e *entry) row() Row {
	r := Row{
		Reference: e.order.Reference, Kind: e.order.Kind, Amount: e.order.Amount,
		Currency: e.order.Amount.Currency().String(), Status: RowApproved, CardLast4: e.last4, ApprovedAt: e.at,
	}
	if e.original != nil {
		// A capture may have no reference of its own: then it is about the hold.
		r.Original = cmp.Or(e.original.order.Reference, e.original.root().order.Reference)
	}
	if e.reversed {
		r.Status = RowReversed
	}
	return r
}

// record is one line of the ledger's file: an entry, or the end of a day. There is
// no member for a card number.
type record struct {
	Terminal     string           `json:"terminal,omitzero"`
	Reference    string           `json:"reference,omitzero"`
	Kind         connector.Kind   `json:"kind,omitzero"`
	Amount       int64            `json:"amount,omitzero"` // minor units
	Currency     uint16           `json:"currency,omitzero"`
	Installments int              `json:"installments,omitzero"`
	Decline      connector.Reason `json:"decline,omitzero"`
	Original     int              `json:"original,omitzero"` // a number
	Last4        string           `json:"last4,omitzero"`
	At           time.Time        `json:"at"`
	CaptureFails connector.Reason `json:"capture_fails,omitzero"`
	ReverseFails connector.Reason `json:"reverse_fails,omitzero"`
	DayEnd       bool             `json:"day_end,omitzero"`
}

// errRecord is a line of the ledger's file that this bank did not write.
var errRecord = errors.New("not an entry of this ledger")

// load opens the ledger's file and books again what is in it.
func (l *books) load(path string, powerSafe bool) error {
	j, err := OpenJournal(path, powerSafe, l.replay)
	if err != nil {
		return err
	}
	l.journal = j
	return nil
}

func (l *books) replay(line []byte) error {
	var r record
	if err := json.Unmarshal(line, &r, json.RejectUnknownMembers(true)); err != nil {
		return errRecord
	}
	if r.DayEnd {
		l.day++
		return nil
	}
	currency := money.Currency(r.Currency)
	if r.Currency != 0 && !currency.Valid() {
		return errRecord
	}
	e := &entry{
		order: Order{
			Terminal: r.Terminal, Reference: r.Reference, Kind: r.Kind, Installments: r.Installments, Original: r.Original,
			Amount: money.FromMinor(r.Amount, currency),
		},
		decline: r.Decline, last4: r.Last4, at: r.At, captureFails: r.CaptureFails, reverseFails: r.ReverseFails,
	}
	e.original = l.numbered(r.Terminal, r.Original)
	approvedFollowUp := isFollowUp(r.Kind) && r.Decline == ""
	if approvedFollowUp && e.original == nil || l.used(e.order) {
		return errRecord
	}
	l.add(e)
	return nil
}

func (e *entry) record() []byte {
	r := record{
		Terminal: e.order.Terminal, Reference: e.order.Reference, Kind: e.order.Kind, Decline: e.decline,
		Amount: e.order.Amount.Minor(), Currency: uint16(e.order.Amount.Currency()), Installments: e.order.Installments,
		Last4: e.last4, At: e.at, CaptureFails: e.captureFails, ReverseFails: e.reverseFails,
	}
	if e.original != nil {
		r.Original = e.original.number
	}
	return written(r)
}

func dayEnd(at time.Time) []byte { return written(record{At: at, DayEnd: true}) }

func written(r record) []byte {
	line, err := json.Marshal(r)
	if err != nil {
		panic("simulator: ledger entry cannot be written: " + strconv.Quote(err.Error())) // every text was checked by wellFormed
	}
	return line
}
