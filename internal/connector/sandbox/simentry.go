package sandbox

import (
	"errors"
	"fmt"
	"strconv"
	"time"

	"github.com/go-json-experiment/json"

	"github.com/vezne/vezne/internal/connector"
	"github.com/vezne/vezne/internal/connector/simulator"
	"github.com/vezne/vezne/internal/money"
)

// record is one line of the ledger's file. There is no member for a card number.
type record struct {
	Terminal     string           `json:"terminal"`
	Reference    string           `json:"reference"`
	Kind         connector.Kind   `json:"kind"`
	Amount       int64            `json:"amount"` // minor units
	Currency     uint16           `json:"currency"`
	Decline      connector.Reason `json:"decline,omitzero"`
	Original     string           `json:"original,omitzero"`
	Last4        string           `json:"last4,omitzero"`
	At           time.Time        `json:"at"`
	CaptureFails connector.Reason `json:"capture_fails,omitzero"`
	ReverseFails connector.Reason `json:"reverse_fails,omitzero"`
}

// errRecord is a line of the ledger's file that this bank did not write.
var errRecord = errors.New("not an entry of this ledger")

// load opens the ledger's file and books again what is in it.
func (l *ledger) load(path string, powerSafe bool) error {
	j, err := simulator.OpenJournal(path, powerSafe, l.replay)
	if err != nil {
		return fmt.Errorf("open sandbox ledger: %w", err)
	}
	l.journal = j
	return nil
}

func (l *ledger) replay(line []byte) error {
	var r record
	if err := json.Unmarshal(line, &r, json.RejectUnknownMembers(true)); err != nil {
		return errRecord
	}
	e := &entry{
		terminal: r.Terminal, reference: r.Reference, kind: r.Kind, decline: r.Decline,
		amount: money.FromMinor(r.Amount, money.Currency(r.Currency)),
		last4:  r.Last4, at: r.At, captureFails: r.CaptureFails, reverseFails: r.ReverseFails,
	}
	e.original = l.byName[name{r.Terminal, r.Original}]
	approvedFollowUp := isFollowUp(r.Kind) && r.Decline == ""
	if approvedFollowUp && e.original == nil || l.byName[name{r.Terminal, r.Reference}] != nil {
		return errRecord
	}
	l.add(e)
	return nil
}

func (e *entry) record() []byte {
	r := record{
		Terminal: e.terminal, Reference: e.reference, Kind: e.kind, Decline: e.decline,
		Amount: e.amount.Minor(), Currency: uint16(e.amount.Currency()),
		Last4: e.last4, At: e.at, CaptureFails: e.captureFails, ReverseFails: e.reverseFails,
	}
	if e.original != nil {
		r.Original = e.original.reference
	}
	line, err := json.Marshal(r)
	if err != nil {
		panic("sandbox: ledger entry cannot be written: " + err.Error()) // every member was checked by wellFormed
	}
	return line
}

func (e *entry) row() simulator.Row {
	r := simulator.Row{
		Reference: e.reference, Kind: e.kind, Amount: e.amount, Currency: e.amount.Currency().String(),
		Status: simulator.RowApproved, CardLast4: e.last4, ApprovedAt: e.at,
	}
	if e.original != nil {
		r.Original = e.original.reference
	}
	if e.reversed {
		r.Status = simulator.RowReversed
	}
	return r
}

// refusedAs declines without booking: the reference belongs to another order.
func (e *entry) refusedAs(why connector.Reason) reply {
	refused := *e
	refused.decline = why
	return refused.reply()
}

// reply is what the bank says about the entry, at once and to every inquiry.
func (e *entry) reply() reply {
	r := reply{
		Terminal: e.terminal, Kind: e.kind, Reference: e.reference,
		Outcome: declined, Code: string(e.decline), Message: message(e.decline),
		Amount: e.amount.Minor(), Currency: uint16(e.amount.Currency()),
	}
	if e.decline == "" {
		r.Outcome, r.Code, r.Message = approved, string(connector.Success), message(connector.Success)
		r.Reversed = e.reversed
		r.TransactionID, r.RRN, r.AuthCode = e.identities()
	}
	return r
}

// identities are made from the entry's number, so that they need not be kept:
// a transaction id, a 12-digit retrieval reference (ISO 8583, field 37) and a
// 6-digit authorization code (field 38), which banks let repeat.
func (e *entry) identities() (transactionID, rrn, authCode string) {
	n := uint64(e.number) //nolint:gosec // counts from 1
	return "SB" + strconv.FormatUint(1_000_000_000_000+n, 10),
		strconv.FormatUint(600_000_000_000+n, 10),
		strconv.FormatUint(100_000+n*611_953%900_000, 10) // 611953 is prime: 900,000 codes before one repeats
}
