package connector

import "fmt"

// MaxMemo is the longest Memo, in bytes. It holds the item numbers of a basket of
// forty lines, or the packets of a PosNet return.
const MaxMemo = 4096

// Memo is what a connector wants back later, in a form of its own: values of the
// bank that no other member has a place for. The core keeps the last one of each
// request, sealed, and never reads it. It may hold what is secret between the
// merchant and its bank, but never a card's number or security code.
//
// One that is longer than MaxMemo breaks the contract: internal/pos refuses the
// answer that carries it, which is Unknown then.
type Memo []byte

// Format writes the length alone.
func (m Memo) Format(f fmt.State, _ rune) { _, _ = fmt.Fprintf(f, "memo of %d bytes", len(m)) } // fmt.State never fails

// Answer is what a bank said to a request.
type Answer struct {
	Outcome Outcome
	// Reason is the normalised reason of a decline; Success when approved.
	Reason Reason
	// BankCode and BankMessage are the bank's own words, for the operation's
	// record alone. Runs of digits that could be a card number are starred on the
	// way out of internal/pos.
	BankCode    string
	BankMessage string
	// TransactionID, HostReference and AuthCode are the bank's identities of what
	// it approved; later requests name it by them.
	TransactionID string
	HostReference string
	AuthCode      string
	// Memo is handed back with everything that is about the request; see Memo. It is
	// read from an approved Answer alone.
	Memo Memo
}

// Finding is what an inquiry found.
type Finding struct {
	// Answer is the bank's answer to the request asked about: Approved, Declined,
	// or Unknown when the bank is still working on it, has no record of it, or
	// cannot tell it from another one. It is never Unsent.
	Answer
	// Missing is an explicit "no such request" of the bank; Outcome is Unknown then.
	// A request may still be on its way, so a single Missing soon after the request
	// proves nothing.
	Missing bool
	// Reversed is set when the request was approved and has been undone since.
	Reversed bool
}
